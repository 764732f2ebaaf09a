package bridge

import (
	"errors"
	"fmt"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ErrReadOnly is the error of every method of an Indexer of IndexerOf that would write.
var ErrReadOnly = errors.New("bridge: this Indexer shows the store of an informer, which alone writes to it: make a store with cache.NewIndexer to write to")

// IndexerOf returns the store of a typed informer as client-go's Indexer, for generated
// listers and for whatever else reads one:
//
//	pods := corelisters.NewPodLister(bridge.IndexerOf(in))
//
// A lister for one namespace needs the index cache.NamespaceIndex, to be as fast as with
// client-go; give the informer indexer.MetaNamespaceIndexFunc under that name. The objects are the
// store's own: they must not be changed. Any goroutine may call the methods.
func IndexerOf[T metav1.Object](in *informer.SharedIndexInformer[T]) cache.Indexer {
	return &typedIndexer[T]{in.Indexer()}
}

// typedIndexer is client-go's Indexer over a store of ours that others write.
type typedIndexer[T metav1.Object] struct{ store indexer.Indexer[T] }

// Add implements client-go's Store; it is ErrReadOnly.
func (*typedIndexer[T]) Add(any) error { return ErrReadOnly }

// Update implements client-go's Store; it is ErrReadOnly.
func (*typedIndexer[T]) Update(any) error { return ErrReadOnly }

// Delete implements client-go's Store; it is ErrReadOnly.
func (*typedIndexer[T]) Delete(any) error { return ErrReadOnly }

// Replace implements client-go's Store; it is ErrReadOnly.
func (*typedIndexer[T]) Replace([]any, string) error { return ErrReadOnly }

// Bookmark implements client-go's Store. It does nothing: the informer knows its version.
func (*typedIndexer[T]) Bookmark(string) {}

// Resync implements client-go's Store. It does nothing, as there.
func (*typedIndexer[T]) Resync() error { return nil }

// LastStoreSyncResourceVersion implements client-go's Store.
func (x *typedIndexer[T]) LastStoreSyncResourceVersion() string {
	return x.store.LastStoreSyncResourceVersion()
}

// List implements client-go's Store.
func (x *typedIndexer[T]) List() []any { return untyped(x.store.List()) }

// ListKeys implements client-go's Store.
func (x *typedIndexer[T]) ListKeys() []string { return x.store.ListKeys() }

// GetByKey implements client-go's Store.
func (x *typedIndexer[T]) GetByKey(key string) (item any, exists bool, err error) {
	return found(x.store.GetByKey(key))
}

// Get implements client-go's Store.
func (x *typedIndexer[T]) Get(obj any) (item any, exists bool, err error) {
	typed, err := convert[T](obj)
	if err != nil {
		return nil, false, err
	}
	return found(x.store.Get(typed))
}

// Index implements client-go's Indexer. For the index of namespaces obj may be of any
// type, as client-go's listers take an ObjectMeta for that.
func (x *typedIndexer[T]) Index(indexName string, obj any) ([]any, error) {
	if t, err := convert[T](obj); err == nil {
		objs, err := x.store.Index(indexName, t)
		return untyped(objs), err
	}
	if about, ok := obj.(metav1.Object); ok && indexName == cache.NamespaceIndex {
		return x.ByIndex(indexName, about.GetNamespace())
	}
	_, err := convert[T](obj)
	return nil, err
}

// ByIndex implements client-go's Indexer.
func (x *typedIndexer[T]) ByIndex(indexName, indexedValue string) ([]any, error) {
	objs, err := x.store.ByIndex(indexName, indexedValue)
	return untyped(objs), err
}

// IndexKeys implements client-go's Indexer.
func (x *typedIndexer[T]) IndexKeys(indexName, indexedValue string) ([]string, error) {
	return x.store.IndexKeys(indexName, indexedValue)
}

// ListIndexFuncValues implements client-go's Indexer.
func (x *typedIndexer[T]) ListIndexFuncValues(indexName string) []string {
	return x.store.ListIndexFuncValues(indexName)
}

// GetIndexers implements client-go's Indexer.
func (x *typedIndexer[T]) GetIndexers() cache.Indexers {
	indexers := cache.Indexers{}
	for name, index := range x.store.GetIndexers() {
		indexers[name] = func(obj any) ([]string, error) {
			typed, err := convert[T](obj)
			if err != nil {
				return nil, err
			}
			return index(typed)
		}
	}
	return indexers
}

// AddIndexers implements client-go's Indexer.
func (x *typedIndexer[T]) AddIndexers(newIndexers cache.Indexers) error {
	indexers := indexer.Indexers[T]{}
	for name, index := range newIndexers {
		indexers[name] = nil // is refused
		if index != nil {
			indexers[name] = func(obj T) ([]string, error) { return index(obj) }
		}
	}
	return x.store.AddIndexers(indexers)
}

func convert[T any](obj any) (typed T, err error) {
	typed, ok := obj.(T)
	if !ok {
		err = fmt.Errorf("bridge: a %T was given, this is an Indexer of %T", obj, typed)
	}
	return typed, err
}

func found[T any](obj T, exists bool, err error) (any, bool, error) {
	if !exists {
		return nil, false, err
	}
	return obj, true, err
}

func untyped[T any](objs []T) []any {
	if objs == nil {
		return nil
	}
	list := make([]any, len(objs))
	for i, obj := range objs {
		list[i] = obj
	}
	return list
}
