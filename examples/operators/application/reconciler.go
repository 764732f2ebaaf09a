package application

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
	"github.com/informant-go/informant/examples/operators/operator"
)

// Ready is the condition that all components are ready. Its reasons are Ready,
// Progressing, Invalid and NameTaken.
const Ready = "Ready"

// reconciler makes the components of an Application. Whatever fails is returned, and
// comes back by way of the queue's rate limiter.
type reconciler struct {
	client.Client // reads come from the cache
	events        recorder.EventRecorder
}

// Reconcile implements reconcile.Reconciler.
func (r *reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	app := &v1.Application{}
	if err := r.Get(ctx, req.NamespacedName, app); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !app.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // what it owns goes with it
	}
	wanted := app.DeepCopy()
	wanted.Default() // in case that no webhook was asked
	if err := wanted.Validate(); err != nil {
		// Only another spec can help, and that is an event.
		return reconcile.Result{}, r.report(ctx, app, app.Status.Components, "Invalid", err.Error())
	}
	return reconcile.Result{}, r.serve(ctx, app, wanted)
}

// serve brings each component to what is wanted, and says how it is. One that fails
// keeps no other waiting.
func (r *reconciler) serve(ctx context.Context, app, wanted *v1.Application) error {
	var components []v1.Component
	var errs []error
	reason := "Progressing"
	for _, p := range partsOf(wanted) {
		c, err := r.bring(ctx, app, p)
		if _, taken := errors.AsType[*operator.TakenError](err); taken {
			reason = "NameTaken"
		}
		components, errs = append(components, c), append(errs, err)
	}
	return errors.Join(append(errs, r.report(ctx, app, components, reason, ""))...)
}

// bring makes one component.
func (r *reconciler) bring(ctx context.Context, app *v1.Application, p part) (v1.Component, error) {
	c := v1.Component{Kind: p.kind, Name: p.obj.GetName()}
	done, err := operator.Ensure(ctx, r.Client, app, p.obj, p.mutate)
	if err != nil {
		c.Message = err.Error()
		return c, fmt.Errorf("the %s: %w", p.kind, err)
	}
	if done == controllerutil.OperationResultCreated {
		r.events.Eventf(app, p.obj, corev1.EventTypeNormal, "Created", "Create", "Created the %s", p.kind)
	}
	c.Message = p.waits()
	c.Ready = c.Message == ""
	return c, nil
}

// report writes the status, if it is another than before, and tells of trouble. reason is
// why not all is ready, if it is not.
func (r *reconciler) report(ctx context.Context, app *v1.Application, components []v1.Component, reason, message string) error {
	before := app.DeepCopy().Status
	ready := 0
	for _, c := range components {
		if c.Ready {
			ready++
		}
	}
	app.Status.Components = components
	app.Status.ComponentsReady = fmt.Sprintf("%d/%d", ready, len(components))
	c := metav1.Condition{Type: Ready, Status: metav1.ConditionFalse, Reason: reason, Message: message, ObservedGeneration: app.Generation}
	if message == "" {
		c.Message = app.Status.ComponentsReady + " components ready"
	}
	if reason == "Progressing" && ready == len(components) {
		c.Status, c.Reason = metav1.ConditionTrue, "Ready"
	}
	changed := meta.SetStatusCondition(&app.Status.Conditions, c)
	if changed && (c.Reason == "Invalid" || c.Reason == "NameTaken") {
		r.events.Eventf(app, nil, corev1.EventTypeWarning, c.Reason, "Reconcile", "%s", c.Message)
	}
	if equality.Semantic.DeepEqual(before, app.Status) {
		return nil
	}
	return r.Status().Update(ctx, app)
}
