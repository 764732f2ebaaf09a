package object

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Access tells a cache how to read a T. The packages of this module take it at
// construction, so that nothing on the path of an event asserts a type.
//
// Only Key is required; Complete fills in the rest. The functions are called
// by several goroutines at once, never under a lock, and must not change the
// object.
type Access[T any] struct {
	// Key gives the key under which obj is stored. It must give the same key
	// for every state of the same object.
	Key func(obj T) (string, error)

	// Name gives the namespace and name of obj. When it is set and Key is
	// not, Key is Name's String.
	Name func(obj T) Name

	// NameIsKey promises that Key, where it succeeds, is Name's String, so
	// that who has seen a name before need not make its key anew. Meta sets
	// it, and Complete where it makes Key from Name; who puts another Key in
	// place of Meta's clears it.
	NameIsKey bool

	// Version gives the resource version of obj, "" when it has none. Two
	// objects of one key with equal, non-empty versions are the same state.
	Version func(obj T) string

	// UID tells apart two lives of one key; "" when it is not known.
	UID func(obj T) types.UID

	// Labels gives the labels that a selector is matched with. The map
	// belongs to the object.
	Labels func(obj T) map[string]string
}

// ErrNoKey is returned by Complete for an Access that can make no key.
var ErrNoKey = errors.New("object: Access has neither Key nor Name: set Key, or use Meta for a metav1.Object")

// Complete returns a with every nil function replaced by one that answers
// "not known", and Key made from Name where it was nil.
func (a Access[T]) Complete() (Access[T], error) {
	if a.Key == nil {
		if a.Name == nil {
			return a, ErrNoKey
		}
		name := a.Name
		a.Key = func(obj T) (string, error) { return name(obj).String(), nil }
		a.NameIsKey = true
	}
	if a.Name == nil {
		key := a.Key
		a.Name = func(obj T) Name {
			k, err := key(obj)
			if err != nil {
				return Name{}
			}
			return CutKey(k)
		}
	}
	if a.Version == nil {
		a.Version = func(T) string { return "" }
	}
	if a.UID == nil {
		a.UID = func(T) types.UID { return "" }
	}
	if a.Labels == nil {
		a.Labels = func(T) map[string]string { return nil }
	}
	return a, nil
}

// Meta is the Access of an API object type. Its Key is namespace/name, or the
// name alone without a namespace, as client-go's MetaNamespaceKeyFunc makes
// it. A nil object gives a KeyError.
func Meta[T metav1.Object]() Access[T] {
	return Access[T]{
		Key:       MetaKey[T],
		Name:      func(obj T) Name { return Name{Namespace: obj.GetNamespace(), Name: obj.GetName()} },
		NameIsKey: true,
		Version:   func(obj T) string { return obj.GetResourceVersion() },
		UID:       func(obj T) types.UID { return obj.GetUID() },
		Labels:    func(obj T) map[string]string { return obj.GetLabels() },
	}
}

// MetaKey is the key of an API object: namespace/name, or the name alone.
// A nil object, or one whose metadata cannot be read, gives a KeyError.
func MetaKey[T metav1.Object](obj T) (key string, err error) {
	// A nil pointer of a pointer type is caught here, where it costs
	// nothing, and not by reflection.
	defer func() {
		if r := recover(); r != nil {
			err = KeyError{Obj: obj, Err: fmt.Errorf("%w: reading its metadata panicked: %v", ErrNotAnObject, r)}
		}
	}()
	namespace, name := obj.GetNamespace(), obj.GetName()
	if namespace == "" {
		return name, nil
	}
	return namespace + "/" + name, nil
}

// Dynamic is the Access for a T that holds API objects without saying so,
// such as any or runtime.Object: each function finds the metadata with
// apimachinery's meta.Accessor. An object without metadata has no key; what
// else is asked of it is "not known". ExplicitKey and tombstones
// (DeletedFinalStateUnknown) give the key that they carry.
func Dynamic[T any]() Access[T] {
	return Access[T]{
		Key: func(obj T) (string, error) { return DynamicKey(obj) },
		Name: func(obj T) Name {
			if o, err := meta.Accessor(obj); err == nil {
				return Name{Namespace: o.GetNamespace(), Name: o.GetName()}
			}
			return Name{}
		},
		Version: func(obj T) string {
			if o, err := meta.Accessor(obj); err == nil {
				return o.GetResourceVersion()
			}
			return ""
		},
		UID: func(obj T) types.UID {
			if o, err := meta.Accessor(obj); err == nil {
				return o.GetUID()
			}
			return ""
		},
		Labels: func(obj T) map[string]string {
			if o, err := meta.Accessor(obj); err == nil {
				return o.GetLabels()
			}
			return nil
		},
	}
}

// DynamicKey is MetaKey for an object of which only the value is known. It
// answers for an ExplicitKey and for anything with a TombstoneKey as well.
func DynamicKey(obj any) (string, error) {
	switch o := obj.(type) {
	case ExplicitKey:
		return string(o), nil
	case interface{ TombstoneKey() string }:
		return o.TombstoneKey(), nil
	}
	m, err := meta.Accessor(obj)
	if err != nil {
		return "", KeyError{Obj: obj, Err: fmt.Errorf("%w: %w", ErrNotAnObject, err)}
	}
	return MetaKey(m)
}
