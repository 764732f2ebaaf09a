package object

import (
	"errors"
	"maps"
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestTransformsGoOneAfterTheOther(t *testing.T) {
	failed := errors.New("no")
	add := func(s string) func(string) (string, error) {
		return func(obj string) (string, error) { return obj + s, nil }
	}
	if got, err := Transforms(add("a"), nil, add("b"))("-"); got != "-ab" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	got, err := Transforms(add("a"), func(obj string) (string, error) { return obj, failed }, add("b"))("-")
	if got != "-a" || !errors.Is(err, failed) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Transforms[string]()("-"); got != "-" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestStripping(t *testing.T) {
	annotated := func(annotations map[string]string) []metav1.Object {
		u := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "a"}}}
		u.SetAnnotations(annotations)
		u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "m"}})
		o := newThing("", "a", "")
		o.Annotations = maps.Clone(annotations)
		o.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m"}}
		return []metav1.Object{u, o}
	}
	for _, c := range []struct{ has, want map[string]string }{
		{nil, nil},
		{map[string]string{"a": "b"}, map[string]string{"a": "b"}},
		{map[string]string{"a": "b", lastApplied: "{}"}, map[string]string{"a": "b"}},
		{map[string]string{lastApplied: "{}"}, nil},
	} {
		for _, obj := range annotated(c.has) {
			got, err := Transforms(StripManagedFields[metav1.Object], StripLastApplied[metav1.Object])(obj)
			if err != nil || got.GetName() != "a" || got.GetManagedFields() != nil || !reflect.DeepEqual(got.GetAnnotations(), c.want) {
				t.Errorf("%T with %v became %v, %v", obj, c.has, got, err)
			}
		}
	}
}
