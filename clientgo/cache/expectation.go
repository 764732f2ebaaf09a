package cache

import (
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// expectation is what an informer was told of the objects that it will get,
// by an example. Watch events are held against it; the items of a list are
// not, as in client-go: their type is the list's.
type expectation struct {
	goType reflect.Type            // nil: any
	gvk    schema.GroupVersionKind // empty: any; known for unstructured examples only

	// description stands in messages: the kind where it is known, else the
	// Go type.
	description string
}

// expect reads an example, which may be nil. A description that the user gave
// wins over that of the example.
func expect(example any, description string) expectation {
	e := expectation{goType: reflect.TypeOf(example), description: "<unspecified>"}
	if e.goType != nil {
		e.description = e.goType.String()
	}
	if u, ok := example.(*unstructured.Unstructured); ok && u != nil {
		if e.gvk = u.GroupVersionKind(); !e.gvk.Empty() {
			e.description = e.gvk.String()
		}
	}
	if description != "" {
		e.description = description
	}
	return e
}

// check returns why obj is not what was expected.
func (e expectation) check(obj runtime.Object) error {
	if got := reflect.TypeOf(obj); e.goType != nil && got != e.goType {
		return fmt.Errorf("expected type %v, got %v", e.goType, got)
	}
	if !e.gvk.Empty() {
		if got := obj.GetObjectKind().GroupVersionKind(); got != e.gvk {
			return fmt.Errorf("expected gvk %v, got %v", e.gvk, got)
		}
	}
	if u, ok := obj.(*unstructured.Unstructured); ok && isTable(u.GroupVersionKind()) {
		return fmt.Errorf("gvk %v is not supported: ask the server for objects, not for a table", u.GroupVersionKind())
	}
	return nil
}

// tableList reports whether a server answered a list with a table, which has
// rows for people in the place of objects.
func tableList(list runtime.Object) (schema.GroupVersionKind, bool) {
	u, ok := list.(*unstructured.UnstructuredList)
	if !ok {
		return schema.GroupVersionKind{}, false
	}
	gvk := u.GroupVersionKind()
	return gvk, isTable(gvk)
}

func isTable(gvk schema.GroupVersionKind) bool {
	return gvk == metav1.SchemeGroupVersion.WithKind("Table") ||
		gvk == metav1beta1.SchemeGroupVersion.WithKind("Table")
}
