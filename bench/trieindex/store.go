package trieindex

import (
	"errors"
	"maps"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
)

func (x *Index[T]) key(obj T) (string, error) {
	key, err := x.access.Key(obj)
	if keyError := (*object.KeyError)(nil); err != nil && !errors.As(err, &keyError) {
		err = &object.KeyError{Obj: obj, Err: err}
	}
	return key, err
}

// Add implements indexer.Store.
func (x *Index[T]) Add(obj T) error { return x.Update(obj) }

// Update implements indexer.Store.
func (x *Index[T]) Update(obj T) error {
	key, err := x.key(obj)
	if err != nil {
		return err
	}
	var l *entry[T]
	x.write(func(s *state[T]) { l = x.leaf(s, key, obj) }, func(e *edit[T]) {
		e.put(l)
		e.raise(l.value.version)
	})
	return nil
}

// Delete implements indexer.Store.
func (x *Index[T]) Delete(obj T) error {
	key, err := x.key(obj)
	if err != nil {
		return err
	}
	version := x.versionOf(obj)
	x.write(func(*state[T]) {}, func(e *edit[T]) {
		e.remove(key)
		e.raise(version)
	})
	return nil
}

// Resync implements indexer.Store.
func (x *Index[T]) Resync() error { return nil }

// Get implements indexer.Store.
func (x *Index[T]) Get(obj T) (item T, exists bool, err error) {
	key, err := x.key(obj)
	if err != nil {
		return item, false, err
	}
	return x.GetByKey(key)
}

// GetByKey implements indexer.Store.
func (x *Index[T]) GetByKey(key string) (item T, exists bool, err error) {
	item, exists = x.now.Load().Get(key)
	return item, exists, nil
}

// List implements indexer.Store.
func (x *Index[T]) List() []T { return x.now.Load().List() }

// ListKeys implements indexer.Store.
func (x *Index[T]) ListKeys() []string { return x.now.Load().ListKeys() }

// Bookmark implements indexer.Store.
func (x *Index[T]) Bookmark(resourceVersion string) {
	x.write(func(*state[T]) {}, func(e *edit[T]) { e.raise(resourceVersion) })
}

// LastStoreSyncResourceVersion implements indexer.Store.
func (x *Index[T]) LastStoreSyncResourceVersion() string { return x.now.Load().version }

// Index implements indexer.Indexer.
func (x *Index[T]) Index(indexName string, obj T) ([]T, error) {
	now := x.now.Load()
	number := now.number(indexName)
	if number < 0 {
		return nil, now.unknown(indexName)
	}
	values, err := now.indexes[number].fn(obj)
	if err != nil {
		return nil, err
	}
	shared := map[string]T{}
	for _, value := range values {
		maps.Insert(shared, now.ByIndexSeq(indexName, value))
	}
	all := make([]T, 0, len(shared))
	for _, obj := range shared {
		all = append(all, obj)
	}
	return all, nil
}

// ByIndex implements indexer.Indexer.
func (x *Index[T]) ByIndex(indexName, value string) ([]T, error) {
	return x.now.Load().ByIndex(indexName, value)
}

// IndexKeys implements indexer.Indexer.
func (x *Index[T]) IndexKeys(indexName, value string) ([]string, error) {
	return x.now.Load().IndexKeys(indexName, value)
}

// ListIndexFuncValues implements indexer.Indexer.
func (x *Index[T]) ListIndexFuncValues(indexName string) []string {
	return x.now.Load().ListIndexFuncValues(indexName)
}

// GetIndexers implements indexer.Indexer.
func (x *Index[T]) GetIndexers() indexer.Indexers[T] {
	all := indexer.Indexers[T]{}
	for _, ix := range x.now.Load().indexes {
		all[ix.name] = ix.fn
	}
	return all
}

// Snapshot implements indexer.Indexer.
func (x *Index[T]) Snapshot() indexer.Snapshot[T] { return &snapshot[T]{x.now.Load(), x.none} }
