package controllerruntime

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// deployment is of a kind that has a generation.
func (w *world) deployment(name string) *appsv1.Deployment {
	pod := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: pod},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: pod},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "example.io/c"}}},
			},
		},
	}
}

// onlyDeletions lets the last event through, for which the test waits.
var onlyDeletions = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(event.UpdateEvent) bool { return false },
}

// Each predicate lets through the same of a series of writes.
func TestPredicatesLetTheSameEventsThrough(t *testing.T) {
	red, err := predicate.LabelSelectorPredicate(metav1.LabelSelector{MatchLabels: map[string]string{"colour": "red"}})
	if err != nil {
		t.Fatal(err)
	}
	predicates := []struct {
		name string
		predicate.Predicate
	}{
		{"all", predicate.Funcs{}},
		{"generation", predicate.GenerationChangedPredicate{}},
		{"labels", predicate.LabelChangedPredicate{}},
		{"annotations", predicate.AnnotationChangedPredicate{}},
		{"version", predicate.ResourceVersionChangedPredicate{}},
		{"either", predicate.Or[client.Object](predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{})},
		{"both", predicate.And[client.Object](predicate.LabelChangedPredicate{}, predicate.GenerationChangedPredicate{})},
		{"not", predicate.Or[client.Object](predicate.Not[client.Object](predicate.LabelChangedPredicate{}), onlyDeletions)},
		{"red", red},
		{"own", predicate.Funcs{
			CreateFunc: func(event.CreateEvent) bool { return false },
			UpdateFunc: func(e event.UpdateEvent) bool {
				return *e.ObjectOld.(*appsv1.Deployment).Spec.Replicas < *e.ObjectNew.(*appsv1.Deployment).Spec.Replicas
			},
		}},
	}
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		journals := make([]journal, len(predicates))
		for i, p := range predicates {
			describe := func(o client.Object) string {
				return pairs(o.GetLabels()) + pairs(o.GetAnnotations())
			}
			w.controller(mgr, "predicate-"+p.name, controller.Options{},
				source.Kind(mgr.GetCache(), client.Object(&appsv1.Deployment{}), handler.EventHandler(journals[i].handler(describe)), p.Predicate))
		}
		w.start(mgr)
		d := w.deployment("d")
		w.create(d)
		for _, merge := range []string{
			`{"metadata":{"labels":{"colour":"red"}}}`,
			`{"metadata":{"annotations":{"size":"small"}}}`,
			`{"spec":{"replicas":3}}`,
			`{"spec":{"replicas":2},"metadata":{"labels":{"colour":"blue"}}}`,
			`{"metadata":{"labels":{"colour":"red"},"annotations":{"size":"large"}}}`,
		} {
			w.patch(w.deployment("d"), merge)
		}
		w.must(w.direct.Get(x.ctx, client.ObjectKeyFromObject(d), d))
		d.Status.Replicas = 2
		w.must(w.direct.Status().Update(x.ctx, d))
		w.remove(d)
		for i, p := range predicates {
			lines := journals[i].awaitLine(x, "delete d [colour=red][size=large]")
			x.saw(p.name, lines)
		}
	})
}

// A predicate for the whole controller, and events that are mapped to other
// objects.
func TestMappedEventsReachTheReconciler(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var reconciled journal
		mapped := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []request {
			var requests []request
			for _, to := range []string{"first", "second"} {
				requests = append(requests, request{NamespacedName: client.ObjectKey{Namespace: o.GetNamespace(), Name: o.GetName() + "-" + to}})
			}
			return requests
		})
		w.controller(mgr, "mapped", controller.Options{Reconciler: reconciled.reconciler()},
			source.Kind(mgr.GetCache(), client.Object(&corev1.ConfigMap{}), mapped,
				predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetName() != "hidden" })))
		w.create(w.configMap("hidden"), w.configMap("a"))
		w.start(mgr)
		reconciled.awaitCount(x, 2)
		w.create(w.configMap("hidden2"))
		x.saw("reconciled", sorted(reconciled.awaitCount(x, 4)))
	})
}
