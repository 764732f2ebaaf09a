package object

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Access tells a cache how to read a T. It is made by Meta, Dynamic or Keyed and
// given to a cache once, when that is made, so that nothing on the path of an
// event asserts a type. It is small and may be copied.
//
// The methods are called by several goroutines at once, never under a lock.
// Those of the zero Access panic: a constructor calls Check first.
type Access[T any] struct {
	// reads is nil for the zero Access. Else none of its functions is nil, and
	// nobody changes it.
	reads *reads[T]
}

// reads is what an Access was made of.
type reads[T any] struct {
	Fields[T]
	key func(obj T) (string, error)
}

// Fields is what a cache can ask of an object besides its key. A nil function
// answers "not known" for every object. The functions are called by several
// goroutines at once and must not change the object.
type Fields[T any] struct {
	// Name gives the namespace and name of obj. If it is nil they are cut from
	// the key.
	Name func(obj T) Name

	// NameIsKey promises that the key of an object, where it has one, is the
	// String of its Name, so that who has seen a name before need not make its
	// key anew.
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

// ErrNoAccess is returned by every constructor that is given the zero Access.
var ErrNoAccess = errors.New("object: the Access is the zero value: make one with Meta, Dynamic or Keyed")

// Keyed is the Access of objects of any kind. key gives the key under which
// obj is stored, the same for every state of the same object; its error refuses
// the object. Keyed panics if key is nil.
func Keyed[T any](key func(obj T) (string, error), fields Fields[T]) Access[T] {
	if key == nil {
		panic("object: Keyed was given no key function: an object without a key cannot be cached; use Meta for API objects")
	}
	if fields.Name == nil {
		fields.Name = func(obj T) Name {
			k, err := key(obj)
			if err != nil {
				return Name{}
			}
			return CutKey(k)
		}
	}
	if fields.Version == nil {
		fields.Version = func(T) string { return "" }
	}
	if fields.UID == nil {
		fields.UID = func(T) types.UID { return "" }
	}
	if fields.Labels == nil {
		fields.Labels = func(T) map[string]string { return nil }
	}
	return Access[T]{&reads[T]{Fields: fields, key: key}}
}

// Check returns ErrNoAccess for the zero Access and nil for any other.
func (a Access[T]) Check() error {
	if a.reads == nil {
		return ErrNoAccess
	}
	return nil
}

// WithKey returns an Access that differs from a in its key function, which
// must not be nil.
func (a Access[T]) WithKey(key func(obj T) (string, error)) Access[T] {
	fields := a.Fields()
	fields.NameIsKey = false
	return Keyed(key, fields)
}

// Fields returns the functions of a but for the key, none of them nil, as Keyed
// takes them.
func (a Access[T]) Fields() Fields[T] { return a.reads.Fields }

// Key returns the key of obj. The error refuses obj; that of Meta and Dynamic
// is a *KeyError.
func (a Access[T]) Key(obj T) (string, error) { return a.reads.key(obj) }

// Name returns the namespace and name of obj, the zero Name when they are not
// known.
func (a Access[T]) Name(obj T) Name { return a.reads.Name(obj) }

// NameIsKey reports whether the key of an object that has one is the String of
// its Name.
func (a Access[T]) NameIsKey() bool { return a.reads.NameIsKey }

// Version returns the resource version of obj, "" when it is not known.
func (a Access[T]) Version(obj T) string { return a.reads.Version(obj) }

// UID returns what tells obj from another object of the same key at another
// time, "" when it is not known.
func (a Access[T]) UID(obj T) types.UID { return a.reads.UID(obj) }

// Labels returns the labels of obj, nil when they are not known. The map
// belongs to obj.
func (a Access[T]) Labels(obj T) map[string]string { return a.reads.Labels(obj) }

// Meta is the Access of an API object type. Its key is namespace/name, or the
// name alone without a namespace, as client-go's MetaNamespaceKeyFunc makes
// it. A nil object gives a *KeyError.
func Meta[T metav1.Object]() Access[T] {
	return Keyed(MetaKey[T], Fields[T]{
		Name:      func(obj T) Name { return Name{Namespace: obj.GetNamespace(), Name: obj.GetName()} },
		NameIsKey: true,
		Version:   func(obj T) string { return obj.GetResourceVersion() },
		UID:       func(obj T) types.UID { return obj.GetUID() },
		Labels:    func(obj T) map[string]string { return obj.GetLabels() },
	})
}

// MetaKey is the key of an API object: namespace/name, or the name alone.
// A nil object, or one whose metadata cannot be read, gives a *KeyError.
func MetaKey[T metav1.Object](obj T) (key string, err error) {
	// A nil pointer of a pointer type is caught here, where it costs
	// nothing, and not by reflection.
	defer func() {
		if r := recover(); r != nil {
			err = &KeyError{Obj: obj, Err: fmt.Errorf("%w: reading its metadata panicked: %v", ErrNotAnObject, r)}
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
	return Keyed(func(obj T) (string, error) { return DynamicKey(obj) }, Fields[T]{
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
	})
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
		return "", &KeyError{Obj: obj, Err: fmt.Errorf("%w: %w", ErrNotAnObject, err)}
	}
	return MetaKey(m)
}
