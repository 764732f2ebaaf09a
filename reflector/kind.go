package reflector

import (
	"fmt"
	"reflect"

	"github.com/informant-go/informant/internal/apikind"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	case apikind.IsTable(got):
		return apikind.ErrTable
	case !want.Empty() && got != want:
		return apikind.Other(got, want)
	}
	return nil
}

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
