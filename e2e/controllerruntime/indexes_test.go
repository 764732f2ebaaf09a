package controllerruntime

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// dataValue is an index function for a key of a ConfigMap's data; a value may be
// several, with commas between them.
func dataValue(key string) client.IndexerFunc {
	return func(o client.Object) []string {
		switch o := o.(type) {
		case *corev1.ConfigMap:
			return splitValues(o.Data[key])
		case *unstructured.Unstructured:
			value, _, _ := unstructured.NestedString(o.Object, "data", key)
			return splitValues(value)
		default:
			return []string{o.GetAnnotations()[key]}
		}
	}
}

func splitValues(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func TestFieldIndexesAnswerQueriesOfEachRepresentation(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(cachedUnstructured)
		for _, form := range configMapForms {
			x.must(mgr.GetFieldIndexer().IndexField(x.ctx, form.object(), "colour", dataValue("colour")))
		}
		w.create(w.configMap("a", "colour", "red"), w.configMap("b", "colour", "red,blue"), w.configMap("c"))
		annotated := w.configMap("d", "colour", "blue")
		annotated.Annotations = map[string]string{"colour": "red"}
		w.create(annotated)
		w.start(mgr)
		for _, form := range configMapForms {
			for _, colour := range []string{"red", "blue", "green", ""} {
				for _, options := range [][]client.ListOption{
					{client.MatchingFields{"colour": colour}},
					{client.MatchingFields{"colour": colour}, client.InNamespace(w.ns)},
				} {
					list := form.list()
					x.must(mgr.GetClient().List(x.ctx, list, options...))
					x.saw(form.name+" "+colour, form.items(list))
				}
			}
		}
	})
}

// An index follows what is written, and one may come when the informer runs.
func TestAnIndexFollowsWrites(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		c := mgr.GetCache()
		w.start(mgr)
		w.create(w.configMap("a", "colour", "red", "size", "small"), w.configMap("b", "colour", "red", "size", "large"))
		_, err := c.GetInformer(x.ctx, &corev1.ConfigMap{})
		x.must(err)
		x.must(c.IndexField(x.ctx, &corev1.ConfigMap{}, "colour", dataValue("colour")))
		x.must(c.IndexField(x.ctx, &corev1.ConfigMap{}, "size", dataValue("size")))
		red := func() string { return w.names(c, client.MatchingFields{"colour": "red"}) }
		w.awaitNames("both", "[a b]", red)
		w.patch(w.configMap("a"), `{"data":{"colour":"blue"}}`)
		w.awaitNames("what was repainted to be gone", "[b]", red)
		x.saw("blue", w.names(c, client.MatchingFields{"colour": "blue"}))
		x.saw("blue and small", w.names(c, client.MatchingFields{"colour": "blue", "size": "small"}))
		x.saw("blue and large", w.names(c, client.MatchingFields{"colour": "blue", "size": "large"}))
		w.remove(w.configMap("b"))
		w.awaitNames("what was removed to be gone", "[]", red)
	})
}

func TestQueriesThatAnIndexCannotAnswerSayWhy(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(w.oneInformer)
		c := mgr.GetCache()
		x.must(c.IndexField(x.ctx, &corev1.ConfigMap{}, "colour", dataValue("colour")))
		x.sawError("the same index again", c.IndexField(x.ctx, &corev1.ConfigMap{}, "colour", dataValue("colour")))
		w.create(w.configMap("a", "colour", "red"))
		w.start(mgr)
		x.sawError("the same index again, later", c.IndexField(x.ctx, &corev1.ConfigMap{}, "colour", dataValue("colour")))
		var list corev1.ConfigMapList
		x.sawError("an index that there is not", c.List(x.ctx, &list, client.MatchingFields{"size": "small"}))
		x.sawError("the second that there is not", c.List(x.ctx, &list, client.MatchingFieldsSelector{
			Selector: fields.AndSelectors(fields.OneTermEqualSelector("colour", "red"), fields.OneTermEqualSelector("size", "small")),
		}))
		x.sawError("what is not equal", c.List(x.ctx, &list, client.MatchingFieldsSelector{
			Selector: fields.OneTermNotEqualSelector("colour", "red"),
		}))
		x.saw("the index that there is", w.names(c, client.MatchingFields{"colour": "red"}))
	})
}
