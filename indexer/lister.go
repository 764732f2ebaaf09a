package indexer

import (
	"fmt"

	"github.com/informant-go/informant/object"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Lister reads an Indexer by selector and name. Each List is answered from one
// state. It corresponds to client-go's generated listers and to its
// GenericLister.
type Lister[T any] struct {
	indexer  Indexer[T]
	resource schema.GroupResource
	access   object.Access[T]
}

// NewLister returns a Lister of the API objects in indexer. resource names them
// in the errors of Get. The error says that indexer is nil.
func NewLister[T metav1.Object](indexer Indexer[T], resource schema.GroupResource) (Lister[T], error) {
	return NewListerWithAccess(object.Meta[T](), indexer, resource)
}

// NewListerWithAccess returns a Lister of anything that access can read. The
// error is object.ErrNoAccess for the zero access, or says that indexer is nil.
func NewListerWithAccess[T any](access object.Access[T], indexer Indexer[T], resource schema.GroupResource) (Lister[T], error) {
	if err := access.Check(); err != nil {
		return Lister[T]{}, fmt.Errorf("indexer: a Lister of %s: %w", typeName[T](), err)
	}
	if isNil(indexer) {
		return Lister[T]{}, fmt.Errorf("indexer: a Lister of %s was given no Indexer: give it a Cache, or the store of an informer", typeName[T]())
	}
	return Lister[T]{indexer: indexer, resource: resource, access: access}, nil
}

// List returns the objects that match selector, nil for all of them. The error
// is always nil; it is here for the signature of generated listers.
func (l Lister[T]) List(selector labels.Selector) ([]T, error) {
	var found []T
	ListAll(l.indexer, selector, l.access.Labels, func(obj T) { found = append(found, obj) })
	return found, nil
}

// Get returns the object whose key is name: for objects that live in no
// namespace. What is not there is a NotFound of apimachinery.
func (l Lister[T]) Get(name string) (T, error) { return l.get(name, name) }

func (l Lister[T]) get(key, name string) (T, error) {
	obj, exists, err := l.indexer.GetByKey(key)
	if err == nil && !exists {
		err = apierrors.NewNotFound(l.resource, name)
	}
	return obj, err
}

// ByNamespace returns a lister of one namespace.
func (l Lister[T]) ByNamespace(namespace string) NamespaceLister[T] {
	return NamespaceLister[T]{lister: l, namespace: namespace}
}

// NamespaceLister is a Lister of one namespace. It corresponds to client-go's
// GenericNamespaceLister.
type NamespaceLister[T any] struct {
	lister    Lister[T]
	namespace string
}

// List returns the objects of the namespace that match selector, nil for all.
// The error is always nil.
func (l NamespaceLister[T]) List(selector labels.Selector) ([]T, error) {
	var found []T
	ListByNamespace(l.lister.indexer, l.namespace, selector, l.lister.access, func(obj T) { found = append(found, obj) })
	return found, nil
}

// Get returns the object of the namespace with the name. What is not there is a
// NotFound of apimachinery.
func (l NamespaceLister[T]) Get(name string) (T, error) {
	return l.lister.get(object.NewName(l.namespace, name).String(), name)
}

// ListAll calls found for each object that matches selector, nil for all of
// them, of one state. labelsOf gives an object's labels and is called only
// where the selector asks for some. It corresponds to client-go's ListAll.
func ListAll[T any](indexer Indexer[T], selector labels.Selector, labelsOf func(T) map[string]string, found func(T)) {
	if selector != nil && labels.MatchesNothing(selector) {
		return
	}
	snapshot := indexer.Snapshot()
	matches := matcher(selector, labelsOf)
	for _, obj := range snapshot.All() {
		if matches(obj) {
			found(obj)
		}
	}
}

// ListByNamespace is ListAll for one namespace, "" for all. It uses the index
// NamespaceIndex, or reads everything where there is none. It corresponds to
// client-go's ListAllByNamespace.
func ListByNamespace[T any](indexer Indexer[T], namespace string, selector labels.Selector, access object.Access[T], found func(T)) {
	if namespace == metav1.NamespaceAll {
		ListAll(indexer, selector, access.Labels, found)
		return
	}
	if selector != nil && labels.MatchesNothing(selector) {
		return
	}
	snapshot := indexer.Snapshot()
	matches := matcher(selector, access.Labels)
	if _, err := snapshot.IndexKeys(NamespaceIndex, ""); err == nil {
		for _, obj := range snapshot.ByIndexSeq(NamespaceIndex, namespace) {
			if matches(obj) {
				found(obj)
			}
		}
		return
	}
	for _, obj := range snapshot.All() {
		if access.Name(obj).Namespace == namespace && matches(obj) {
			found(obj)
		}
	}
}

func matcher[T any](selector labels.Selector, labelsOf func(T) map[string]string) func(T) bool {
	if selector == nil || selector.Empty() {
		return func(T) bool { return true }
	}
	return func(obj T) bool { return selector.Matches(labels.Set(labelsOf(obj))) }
}
