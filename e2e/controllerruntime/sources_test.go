package controllerruntime

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Events that come from outside the cluster, beside those of an informer and of a
// function.
func TestSourcesOfOtherKindsReachTheReconciler(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var reconciled, added journal
		generic := make(chan event.GenericEvent)
		onlyNamed := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetName() != "" })
		informer, err := mgr.GetCache().GetInformer(x.ctx, &corev1.ConfigMap{})
		x.must(err)
		own := make(chan queue, 1)
		w.controller(mgr, "sources", controller.Options{Reconciler: reconciled.reconciler(), NewQueue: added.noted(x.engine.priorityQueue)},
			source.Channel(generic, handler.EventHandler(&handler.EnqueueRequestForObject{}),
				source.WithPredicates[client.Object, request](onlyNamed)),
			&source.Informer{Informer: informer, Handler: &handler.EnqueueRequestForObject{}},
			source.Func(func(_ context.Context, q queue) error { own <- q; return nil }))
		w.start(mgr)
		// Workers begin when all sources have.
		(<-own).Add(request{NamespacedName: w.key("own")})
		reconciled.awaitLine(x, "own")
		send := func(e event.GenericEvent) {
			select {
			case generic <- e:
			case <-x.ctx.Done():
				x.Fatal("nobody takes the event")
			}
		}
		send(event.GenericEvent{Object: w.configMap("generic")})
		added.awaitCount(x, 2)
		send(event.GenericEvent{Object: w.configMap("")})
		send(event.GenericEvent{Object: w.configMap("generic-2")})
		added.awaitCount(x, 3)
		w.create(w.configMap("informed"))
		x.saw("added", added.awaitCount(x, 4))
		x.saw("reconciled", sorted(reconciled.awaitCount(x, 4)))
	})
}

// A source that comes when the controller runs is started, and syncs.
func TestASourceMayComeLater(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var reconciled journal
		started := make(chan struct{})
		c := w.controller(mgr, "later", controller.Options{Reconciler: reconciled.reconciler()},
			source.Func(func(context.Context, queue) error { close(started); return nil }))
		w.create(w.configMap("a"))
		w.start(mgr)
		x.wait("the first source", started)
		x.must(c.Watch(w.configMapEvents(mgr)))
		reconciled.awaitLine(x, "a")
		w.create(w.configMap("b"))
		x.saw("reconciled", reconciled.awaitLine(x, "b"))
	})
}
