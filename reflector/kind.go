package reflector

import (
	"errors"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// errTable refuses what a server sends when it was asked for a table.
var errTable = errors.New("it is a Table, which is made for people to read: ask the server for objects (Accept: application/json, without as=Table)")

// The kinds of metadata alone, which a server sends to who asks for it.
var (
	metadataAlone = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata")
	metadataList  = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadataList")
)

// checker returns the check of each object that comes in (R4), nil when there
// is nothing to check. want is empty when any kind will do.
func checker[T any](want schema.GroupVersionKind) (func(T) error, error) {
	kind := kindOf[T]()
	if kind == nil {
		if want.Empty() {
			return nil, nil
		}
		return nil, fmt.Errorf("Options.GVK is %v, but a %v does not carry its kind: leave GVK empty", want, reflect.TypeFor[T]())
	}
	return func(obj T) error { return checkKind(kind(obj), want) }, nil
}

func checkKind(got, want schema.GroupVersionKind) error {
	switch {
	case isTable(got.Group, got.Kind):
		return errTable
	case !want.Empty() && got != want:
		return errOtherKind(got, want)
	}
	return nil
}

// errOtherKind says that an object or list is of another kind.
func errOtherKind(got, want schema.GroupVersionKind) error {
	return fmt.Errorf("it is a %.200s, expected a %.200s", got, want)
}

func isTable(group, kind string) bool { return kind == "Table" && group == metav1.GroupName }

// kindOf returns how to read the kind of a T that carries it, nil for a T that
// does not. The type is found out here, once, and not with each object.
func kindOf[T any]() func(T) schema.GroupVersionKind {
	var found any
	switch reflect.TypeFor[T]() {
	case reflect.TypeFor[*unstructured.Unstructured]():
		found = unstructuredKind
	case reflect.TypeFor[*metav1.PartialObjectMetadata]():
		found = (*metav1.PartialObjectMetadata).GroupVersionKind
	}
	kind, _ := found.(func(T) schema.GroupVersionKind)
	return kind
}

// unstructuredKind is the kind of u; a nil u has none.
func unstructuredKind(u *unstructured.Unstructured) schema.GroupVersionKind {
	if u == nil {
		return schema.GroupVersionKind{}
	}
	return u.GroupVersionKind()
}
