package controllerruntime

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// A panic of a reconciler is a failure, after which the request comes again.
func TestAPanicOfAReconcilerIsAFailure(t *testing.T) {
	for name, options := range map[string]controller.Options{
		"by default": {},
		"if asked":   {RecoverPanic: new(true)},
	} {
		t.Run(name, func(t *testing.T) {
			prove(t, func(x *trial) {
				w := newWorld(x, nil)
				mgr := w.manager()
				var reconciled journal
				o := options
				o.Reconciler = reconcile.Func(func(_ context.Context, r request) (reconcile.Result, error) {
					reconciled.note("%s", r.Name)
					if len(reconciled.all()) < 3 {
						panic("the reconciler panics")
					}
					return reconcile.Result{}, nil
				})
				w.controller(mgr, "panics", o, w.configMapEvents(mgr))
				w.create(w.configMap("a"))
				w.start(mgr)
				reconciled.awaitCount(x, 3)
				w.create(w.configMap("b"))
				x.saw("reconciled", reconciled.awaitLine(x, "b"))
			})
		})
	}
}

// Without RecoverPanic it ends the process, and the process says where.
func TestAPanicThatIsNotRecoveredEndsTheProcess(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		w := newWorld(x, nil)
		_, stderr, err := w.inChild("panic")
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			x.Fatalf("the process has ended with %v", err)
		}
		x.saw("exit code", exit.ExitCode())
		x.saw("it is told", strings.Contains(stderr, "panic: the reconciler panics"))
		x.saw("and where", strings.Contains(stderr, "panics_test.go"))
	})
}

// panicInReconciler is the task of that process.
func panicInReconciler(ctx context.Context, c *child) error {
	mgr, err := c.manager("0")
	if err != nil {
		return err
	}
	if err := builder.ControllerManagedBy(mgr).For(&corev1.ConfigMap{}).
		WithOptions(controller.Options{NewQueue: c.engine.queue, RecoverPanic: new(false)}).
		Complete(reconcile.Func(func(context.Context, request) (reconcile.Result, error) {
			panic("the reconciler panics")
		})); err != nil {
		return err
	}
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		return c.direct.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: c.ns, Name: "a"}})
	})); err != nil {
		return err
	}
	return mgr.Start(ctx)
}
