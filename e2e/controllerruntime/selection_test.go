package controllerruntime

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

func selects(selector string) labels.Selector {
	parsed, err := labels.Parse(selector)
	if err != nil {
		panic(err)
	}
	return parsed
}

func fieldIs(field, value string) fields.Selector { return fields.OneTermEqualSelector(field, value) }

// selection is a way to say what a cache holds.
type selection struct {
	name    string
	options func(w *world, other string) cache.Options
}

var selections = []selection{
	{"namespaces", func(w *world, other string) cache.Options {
		return cache.Options{DefaultNamespaces: map[string]cache.Config{w.ns: {}, other: {}}}
	}},
	{"a selector for one namespace", func(w *world, other string) cache.Options {
		return cache.Options{DefaultNamespaces: map[string]cache.Config{w.ns: {LabelSelector: selects("colour=red")}, other: {}}}
	}},
	{"a field selector for one namespace", func(w *world, other string) cache.Options {
		return cache.Options{DefaultNamespaces: map[string]cache.Config{w.ns: {}, other: {FieldSelector: fieldIs("metadata.name", "a")}}}
	}},
	{"default selectors", func(w *world, other string) cache.Options {
		return cache.Options{
			DefaultNamespaces:    map[string]cache.Config{w.ns: {}, other: {LabelSelector: labels.Everything()}},
			DefaultLabelSelector: selects("colour in (red, green)"),
			DefaultFieldSelector: fields.OneTermNotEqualSelector("metadata.name", "a"),
		}
	}},
	{"by object, labels", func(w *world, other string) cache.Options {
		return cache.Options{
			DefaultNamespaces: map[string]cache.Config{w.ns: {}},
			ByObject:          map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {Label: selects("colour!=red")}},
		}
	}},
	{"by object, fields", func(w *world, other string) cache.Options {
		return cache.Options{
			DefaultNamespaces: map[string]cache.Config{w.ns: {}},
			ByObject:          map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {Field: fieldIs("metadata.name", "b")}},
		}
	}},
	{"by object, a namespace of its own", func(w *world, other string) cache.Options {
		return cache.Options{
			DefaultNamespaces: map[string]cache.Config{w.ns: {}},
			ByObject: map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {
				Namespaces: map[string]cache.Config{other: {LabelSelector: selects("colour=red")}},
			}},
		}
	}},
	{"by object, unlike the default", func(w *world, other string) cache.Options {
		return cache.Options{
			DefaultNamespaces:    map[string]cache.Config{w.ns: {}},
			DefaultLabelSelector: selects("colour=nothing"),
			ByObject:             map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {Label: labels.Everything()}},
		}
	}},
	{"all namespaces, one of them by a selector", func(w *world, other string) cache.Options {
		return cache.Options{DefaultNamespaces: map[string]cache.Config{
			cache.AllNamespaces: {}, w.ns: {LabelSelector: selects("colour=red")},
		}}
	}},
	{"one namespace by the field of each object", func(w *world, other string) cache.Options {
		return cache.Options{DefaultFieldSelector: fieldIs("metadata.namespace", other)}
	}},
}

func TestACacheHoldsWhatItsOptionsSelect(t *testing.T) {
	for _, s := range selections {
		t.Run(s.name, func(t *testing.T) { prove(t, func(x *trial) { checkSelection(x, s) }) })
	}
}

// checkSelection looks at what is held of two namespaces with three objects each.
func checkSelection(x *trial, s selection) {
	w := newWorld(x, nil)
	other := server.Server(x).Namespace(x)
	for _, ns := range []string{w.ns, other} {
		for name, colour := range map[string]string{"a": "red", "b": "green", "c": "blue"} {
			cm := labelled(w.configMap(name), "colour", colour)
			cm.Namespace = ns
			w.create(cm)
		}
	}
	mgr := w.manager(func(o *manager.Options) { o.Cache = s.options(w, other) })
	w.start(mgr)
	x.saw("everything", w.names(mgr.GetCache(), client.MatchingLabels{"world": w.ns}))
	x.saw("here", w.names(mgr.GetCache(), client.InNamespace(w.ns)))
	x.saw("there", w.names(mgr.GetCache(), client.InNamespace(other)))
	x.saw("red ones", w.names(mgr.GetCache(), client.MatchingLabels{"world": w.ns, "colour": "red"}))
	x.saw("of two", w.count(mgr.GetCache(), client.MatchingLabels{"world": w.ns}, client.Limit(2)))
	for _, ns := range []string{w.ns, other, "nowhere"} {
		err := mgr.GetCache().Get(x.ctx, client.ObjectKey{Namespace: ns, Name: "a"}, &corev1.ConfigMap{})
		if err != nil {
			x.sawError("a", err)
			continue
		}
		x.saw("a", "held")
	}
}

func (w *world) count(from client.Reader, options ...client.ListOption) int {
	w.Helper()
	var list corev1.ConfigMapList
	w.must(from.List(w.ctx, &list, options...))
	return len(list.Items)
}

// What comes under a selector is created to a controller, and what leaves it is
// deleted, with its last state.
func TestWhatLeavesASelectorIsDeleted(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(func(o *manager.Options) {
			o.Cache.ByObject = map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {Label: selects("colour=red")}}
		})
		var events journal
		w.controller(mgr, "selector", controller.Options{}, source.Kind(mgr.GetCache(), client.Object(&corev1.ConfigMap{}),
			events.handler(func(o client.Object) string { return pairs(o.(*corev1.ConfigMap).Data) })))
		w.start(mgr)
		w.create(w.configMap("a", "n", "1"))
		for i, merge := range []string{
			`{"metadata":{"labels":{"colour":"red"}},"data":{"n":"2"}}`,
			`{"data":{"n":"3"}}`,
			`{"metadata":{"labels":{"colour":"blue"}},"data":{"n":"4"}}`,
			`{"metadata":{"labels":{"colour":"red"}},"data":{"n":"5"}}`,
		} {
			w.patch(w.configMap("a"), merge)
			events.awaitCount(x, i+1)
		}
		w.remove(w.configMap("a"))
		x.saw("events", events.awaitCount(x, 5))
	})
}

// A cache of several namespaces holds cluster-scoped kinds too, once.
func TestClusterScopedKindsAreHeldBesideNamespaces(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var events journal
		w.controller(mgr, "namespaces", controller.Options{}, source.Kind(mgr.GetCache(), client.Object(&corev1.Namespace{}), events.handler(nil)))
		w.start(mgr)
		events.awaitLine(x, "create "+w.ns)
		var found corev1.Namespace
		x.must(mgr.GetClient().Get(x.ctx, client.ObjectKey{Name: w.ns}, &found))
		x.saw("phase", found.Status.Phase)
		x.sawError("a namespace that there is not", mgr.GetClient().Get(x.ctx, client.ObjectKey{Name: "nowhere"}, &found))
		w.patch(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.ns}}, `{"metadata":{"labels":{"colour":"red"}}}`)
		events.awaitLine(x, "update "+w.ns)
		var red corev1.NamespaceList
		x.must(mgr.GetClient().List(x.ctx, &red, client.MatchingLabels{"colour": "red", "kubernetes.io/metadata.name": w.ns}))
		x.saw("red", len(red.Items))
	})
}
