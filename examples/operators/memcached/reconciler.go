package memcached

import (
	"context"
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/informant-go/informant/examples/operators/operator"
)

const (
	// Finalizer keeps a Memcached until it is out of the directory.
	Finalizer = "cache.example.com/directory"

	// Label has, on each pod, the name of its Memcached.
	Label = "cache.example.com/memcached"
)

// reconciler makes what a Memcached wants. Whatever fails is returned, and comes
// back by way of the queue's rate limiter.
type reconciler struct {
	client.Client // reads come from the cache
	directory     directory
	events        recorder.EventRecorder
}

// Reconcile implements reconcile.Reconciler.
func (r *reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	m := &Memcached{}
	if err := r.Get(ctx, req.NamespacedName, m); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !m.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, r.cleanUp(ctx, m)
	}
	if controllerutil.AddFinalizer(m, Finalizer) {
		return reconcile.Result{}, r.Update(ctx, m) // the event of which comes here again
	}
	if err := m.Validate(); err != nil {
		// Only another spec can help, and that is an event.
		return reconcile.Result{}, r.report(ctx, m, m.Status.Nodes, condition("Invalid", err.Error()))
	}
	return reconcile.Result{}, r.serve(ctx, m)
}

// serve brings the Deployment, the directory and the status to what m wants.
func (r *reconciler) serve(ctx context.Context, m *Memcached) error {
	deployment, err := r.deploy(ctx, m)
	if taken, ok := errors.AsType[*operator.TakenError](err); ok {
		return errors.Join(err, r.report(ctx, m, m.Status.Nodes, condition("NameTaken", taken.Error())))
	}
	if err != nil {
		return err
	}
	nodes, err := r.nodes(ctx, m)
	if err != nil {
		return err
	}
	if err := r.directory.enter(ctx, m, nodes); err != nil {
		return err
	}
	return r.report(ctx, m, nodes, progress(m, deployment, nodes))
}

// deploy makes the Deployment of m's size.
func (r *reconciler) deploy(ctx context.Context, m *Memcached) (*appsv1.Deployment, error) {
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name}}
	before := int32(0)
	done, err := operator.Ensure(ctx, r.Client, m, deployment, func() {
		if deployment.Spec.Replicas != nil {
			before = *deployment.Spec.Replicas
		}
		adjust(&deployment.Spec, m)
	})
	if err != nil {
		return nil, fmt.Errorf("the Deployment: %w", err)
	}
	switch {
	case done == controllerutil.OperationResultCreated:
		r.events.Eventf(m, deployment, corev1.EventTypeNormal, "Created", "Create", "Created a Deployment of %d", m.Spec.Size)
	case done == controllerutil.OperationResultUpdated && before != m.Spec.Size:
		r.events.Eventf(m, deployment, corev1.EventTypeNormal, "Scaled", "Scale", "Scaled from %d to %d", before, m.Spec.Size)
	}
	return deployment, nil
}

// adjust sets what m has a say in. The server's defaults stay, or each update
// would differ from what it stores.
func adjust(spec *appsv1.DeploymentSpec, m *Memcached) {
	labels := map[string]string{Label: m.Name}
	spec.Replicas = new(m.Spec.Size)
	spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	spec.Template.Labels = labels
	if len(spec.Template.Spec.Containers) != 1 {
		spec.Template.Spec.Containers = make([]corev1.Container, 1)
	}
	c := &spec.Template.Spec.Containers[0]
	c.Name, c.Image = "memcached", "memcached:1.6"
	c.Command = []string{"memcached", "-m=64", "-o", "modern", "-v"}
}

// nodes are the names of the pods that are there to stay.
func (r *reconciler) nodes(ctx context.Context, m *Memcached) ([]string, error) {
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(m.Namespace), client.MatchingLabels{Label: m.Name}); err != nil {
		return nil, fmt.Errorf("the pods: %w", err)
	}
	var names []string
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp.IsZero() {
			names = append(names, pod.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// cleanUp does what nobody else does when m goes: the Deployment goes by its owner
// reference, the entry in the directory would stay.
func (r *reconciler) cleanUp(ctx context.Context, m *Memcached) error {
	if !controllerutil.ContainsFinalizer(m, Finalizer) {
		return nil
	}
	if err := r.directory.remove(ctx, m); err != nil {
		return err
	}
	r.events.Eventf(m, nil, corev1.EventTypeNormal, "CleanedUp", "CleanUp", "Taken out of the directory")
	controllerutil.RemoveFinalizer(m, Finalizer)
	return client.IgnoreNotFound(r.Update(ctx, m))
}
