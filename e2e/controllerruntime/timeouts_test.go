package controllerruntime

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// A controller whose kind cannot be listed ends the manager after
// CacheSyncTimeout, with an error that names the kind.
func TestACacheThatDoesNotSyncInTimeEndsTheManager(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		w := newWorld(x, nil)
		w.wire.refuse("configmaps")
		mgr := w.manager(w.oneInformer, func(o *manager.Options) { o.Controller.CacheSyncTimeout = 500 * time.Millisecond })
		w.controller(mgr, "times-out", controller.Options{}, w.configMapEvents(mgr))
		began := time.Now()
		x.sawError("the manager", w.run(mgr).wait())
		if took := time.Since(began); took < 500*time.Millisecond {
			x.Errorf("it took %v", took)
		}
	})
}

// So does one of a kind that the server does not have.
func TestAKindThatTheServerHasNotEndsTheManager(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		unknown := &unstructured.Unstructured{}
		unknown.SetGroupVersionKind(schema.GroupVersionKind{Group: "nothing.example.io", Version: "v1", Kind: "Nothing"})
		w.controller(mgr, "unknown-kind", controller.Options{CacheSyncTimeout: 500 * time.Millisecond},
			source.Kind(mgr.GetCache(), client.Object(unknown), handler.EventHandler(&handler.EnqueueRequestForObject{})))
		x.sawError("the manager", w.run(mgr).wait())
	})
}

// ReconciliationTimeout bounds a reconciler, which is then asked again.
func TestAReconcilerThatTakesTooLongIsAskedAgain(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var reconciled journal
		r := reconcile.Func(func(ctx context.Context, r request) (reconcile.Result, error) {
			reconciled.note("%s", r.Name)
			if len(reconciled.all()) > 1 {
				return reconcile.Result{}, nil
			}
			<-ctx.Done()
			return reconcile.Result{}, context.Cause(ctx)
		})
		w.controller(mgr, "too-long", controller.Options{Reconciler: r, ReconciliationTimeout: 50 * time.Millisecond}, w.configMapEvents(mgr))
		w.create(w.configMap("a"))
		w.start(mgr)
		x.saw("reconciled", reconciled.awaitCount(x, 2))
	})
}
