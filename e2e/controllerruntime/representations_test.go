package controllerruntime

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// representation is one of the forms in which a cache has objects of a kind.
type representation struct {
	name   string
	object func() client.Object
	list   func() client.ObjectList
	items  func(client.ObjectList) int
}

// representations are those of a kind; typed makes its Go types.
func representations(gvk schema.GroupVersionKind, typed representation) []representation {
	listKind := gvk.GroupVersion().WithKind(gvk.Kind + "List")
	return []representation{
		typed,
		{
			name: "unstructured",
			object: func() client.Object {
				u := &unstructured.Unstructured{}
				u.SetGroupVersionKind(gvk)
				return u
			},
			list: func() client.ObjectList {
				u := &unstructured.UnstructuredList{}
				u.SetGroupVersionKind(listKind)
				return u
			},
			items: func(l client.ObjectList) int { return len(l.(*unstructured.UnstructuredList).Items) },
		},
		{
			name: "metadata",
			object: func() client.Object {
				m := &metav1.PartialObjectMetadata{}
				m.SetGroupVersionKind(gvk)
				return m
			},
			list: func() client.ObjectList {
				m := &metav1.PartialObjectMetadataList{}
				m.SetGroupVersionKind(listKind)
				return m
			},
			items: func(l client.ObjectList) int { return len(l.(*metav1.PartialObjectMetadataList).Items) },
		},
	}
}

var configMapForms = representations(corev1.SchemeGroupVersion.WithKind("ConfigMap"), representation{
	name:   "typed",
	object: func() client.Object { return &corev1.ConfigMap{} },
	list:   func() client.ObjectList { return &corev1.ConfigMapList{} },
	items:  func(l client.ObjectList) int { return len(l.(*corev1.ConfigMapList).Items) },
})

// cachedUnstructured lets the manager's client read unstructured objects from the
// cache too.
func cachedUnstructured(o *manager.Options) {
	o.Client.Cache = &client.CacheOptions{Unstructured: true}
}

// about prints what all representations have.
func about(o client.Object) string {
	gvk := o.GetObjectKind().GroupVersionKind()
	return fmt.Sprintf("%T %s labels %s", o, gvk, timeless(pairs(o.GetLabels())))
}

// Typed, unstructured and metadata-only objects of one kind, side by side in one
// manager: each has an informer, events, and a place in the cache.
func TestEachRepresentationHasItsEventsAndItsObjects(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(cachedUnstructured)
		events := make([]journal, len(configMapForms))
		for i, form := range configMapForms {
			w.controller(mgr, "representation-"+form.name, controller.Options{},
				source.Kind(mgr.GetCache(), form.object(), events[i].handler(about)))
		}
		w.create(w.configMap("a"), w.configMap("b"))
		w.start(mgr)
		for i := range events {
			events[i].awaitCount(x, 2)
		}
		w.patch(w.configMap("a"), `{"metadata":{"labels":{"colour":"red"}}}`)
		for i := range events {
			events[i].awaitCount(x, 3)
		}
		for _, form := range configMapForms {
			found := form.object()
			x.must(mgr.GetClient().Get(x.ctx, w.key("a"), found))
			x.saw(form.name, about(found))
			list := form.list()
			x.must(mgr.GetClient().List(x.ctx, list, client.MatchingLabels{"colour": "red"}))
			x.saw(form.name+" that are red", form.items(list))
		}
		w.remove(w.configMap("a"))
		for i, form := range configMapForms {
			// Of the two that are listed either may be first.
			x.saw(form.name+" events", events[i].awaitCount(x, 4)[2:])
			x.sawError(form.name, mgr.GetClient().Get(x.ctx, w.key("a"), form.object()))
		}
		x.saw("informers", len(x.made.all()))
	})
}

// The builder's forms: For, Owns and Watches, with and without OnlyMetadata.
func TestOwnersAndMetadataReachTheReconciler(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var reconciled journal
		x.must(builder.ControllerManagedBy(mgr).Named("owners").
			For(&corev1.ConfigMap{}, builder.OnlyMetadata).
			Owns(&corev1.Secret{}).
			Watches(&corev1.Service{}, &handler.EnqueueRequestForObject{}, builder.OnlyMetadata).
			WithOptions(controller.Options{NewQueue: x.engine.queue}).
			Complete(reconciled.reconciler()))
		w.start(mgr)
		owner := w.configMap("owner")
		w.create(owner)
		reconciled.awaitCount(x, 1)
		owned := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "owned", OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.UID, Controller: new(true),
		}}}}
		w.create(owned)
		reconciled.awaitCount(x, 2)
		w.create(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "watched"},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		})
		x.saw("reconciled", reconciled.awaitCount(x, 3))
	})
}
