package cache

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"
	upstream "k8s.io/client-go/tools/cache"
)

// NewThreadSafeStore returns a ThreadSafeStore on an engine of this module. It
// corresponds to client-go's NewThreadSafeStore. Indices that are not empty
// hold an index that only client-go can read, and a ThreadSafeStoreOption is a
// function over a type that only client-go can make: with either, the store is
// client-go's.
func NewThreadSafeStore(indexers Indexers, indices Indices, opts ...ThreadSafeStoreOption) ThreadSafeStore {
	if len(indices) > 0 || len(opts) > 0 {
		return upstream.NewThreadSafeStore(indexers, indices, opts...)
	}
	s := newThreadSafe(indexers)
	return &s
}

// threadSafe is client-go's ThreadSafeStore on an engine of ours. Readers wait
// for no writer; several writes of one Transaction show at once.
type threadSafe struct {
	engine *indexer.Cache[any]
}

var _ upstream.ThreadSafeStoreWithTransaction = (*threadSafe)(nil)

// errNoKey is never seen: every write of a threadSafe brings its key.
var errNoKey = errors.New("a ThreadSafeStore is given its keys")

// newThreadSafe makes a store that takes every object as a new state, whatever
// its version, as client-go's does.
func newThreadSafe(indexers Indexers) threadSafe {
	return newThreadSafeOf(object.Keyed(func(any) (string, error) { return "", errNoKey }, object.Fields[any]{}), "store", indexers)
}

// newThreadSafeOf makes a store for objects that access can read. An index
// function that fails makes the writer panic, as in client-go.
func newThreadSafeOf(access object.Access[any], name string, indexers Indexers) threadSafe {
	engine, err := indexer.NewWithAccess(access, indexer.Options[any]{
		Name:              name,
		Indexers:          toEngine(indexers),
		PanicOnIndexError: true,
		Renew:             true,
	})
	if err != nil {
		panic(err) // access has a Key
	}
	return threadSafe{engine: engine}
}

// Add implements client-go's ThreadSafeStore.
func (s *threadSafe) Add(key string, obj interface{}) { s.Update(key, obj) }

// Update implements client-go's ThreadSafeStore.
func (s *threadSafe) Update(key string, obj interface{}) {
	change := [1]indexer.Change[any]{{Key: key, Object: obj, Type: indexer.ChangePut}}
	s.engine.Apply(change[:], versionOf(obj))
}

// Delete implements client-go's ThreadSafeStore.
func (s *threadSafe) Delete(key string) { s.DeleteWithObject(key, nil) }

// DeleteWithObject implements client-go's ThreadSafeStore.
func (s *threadSafe) DeleteWithObject(key string, obj interface{}) {
	change := [1]indexer.Change[any]{{Key: key, Type: indexer.ChangeRemove}}
	s.engine.Apply(change[:], versionOf(obj))
}

// Transaction implements client-go's ThreadSafeStoreWithTransaction. As there,
// what is of no known type changes nothing, but its version counts.
func (s *threadSafe) Transaction(txns ...ThreadSafeStoreTransaction) {
	b := newBatch(len(txns))
	for i := range txns {
		b.add(txns[i].Key, &txns[i].Transaction)
	}
	s.write(b)
}

// batch is a transaction as the engine takes it.
type batch struct {
	changes []indexer.Change[any]
	// last is what was added last, nil before: its version is that of all.
	last *Transaction
}

func newBatch(n int) *batch { return &batch{changes: make([]indexer.Change[any], 0, n)} }

func (b *batch) add(key string, txn *Transaction) {
	switch txn.Type {
	case TransactionTypeAdd, TransactionTypeUpdate:
		b.changes = append(b.changes, indexer.Change[any]{Key: key, Object: txn.Object, Type: indexer.ChangePut})
	case TransactionTypeDelete:
		b.changes = append(b.changes, indexer.Change[any]{Key: key, Type: indexer.ChangeRemove})
	}
	b.last = txn
}

// write makes a batch visible at once.
func (s *threadSafe) write(b *batch) {
	if b.last != nil {
		s.engine.Apply(b.changes, versionOf(b.last.Object))
	}
}

// Get implements client-go's ThreadSafeStore.
func (s *threadSafe) Get(key string) (item interface{}, exists bool) {
	item, exists, _ = s.engine.GetByKey(key) // which never fails
	return item, exists
}

// List implements client-go's ThreadSafeStore.
func (s *threadSafe) List() []interface{} { return s.engine.List() }

// ListKeys implements client-go's ThreadSafeStore.
func (s *threadSafe) ListKeys() []string { return s.engine.ListKeys() }

// Replace implements client-go's ThreadSafeStore.
func (s *threadSafe) Replace(items map[string]interface{}, resourceVersion string) {
	keys, objs := make([]string, 0, len(items)), make([]any, 0, len(items))
	for key, obj := range items {
		keys, objs = append(keys, key), append(objs, obj)
	}
	s.engine.ReplaceAll(keys, objs, resourceVersion, nil)
}

// Index implements client-go's ThreadSafeStore.
func (s *threadSafe) Index(indexName string, obj interface{}) ([]interface{}, error) {
	objs, err := s.engine.Index(indexName, obj)
	return objs, s.queryError(indexName, err)
}

// IndexKeys implements client-go's ThreadSafeStore: the keys are in order.
func (s *threadSafe) IndexKeys(indexName, indexedValue string) ([]string, error) {
	keys, err := s.engine.IndexKeys(indexName, indexedValue)
	slices.Sort(keys)
	return keys, s.queryError(indexName, err)
}

// ByIndex implements client-go's ThreadSafeStore.
func (s *threadSafe) ByIndex(indexName, indexedValue string) ([]interface{}, error) {
	objs, err := s.engine.ByIndex(indexName, indexedValue)
	return objs, s.queryError(indexName, err)
}

// queryError begins with client-go's text where an index is missing: programs
// match it, for want of an error value.
func (s *threadSafe) queryError(indexName string, err error) error {
	if !errors.Is(err, indexer.ErrNoIndex) {
		return err
	}
	return fmt.Errorf("Index with name %s does not exist (there are %q: add it with AddIndexers)", //nolint:staticcheck // client-go's text
		indexName, slices.Sorted(maps.Keys(s.engine.GetIndexers())))
}

// ListIndexFuncValues implements client-go's ThreadSafeStore.
func (s *threadSafe) ListIndexFuncValues(indexName string) []string {
	return s.engine.ListIndexFuncValues(indexName)
}

// GetIndexers implements client-go's ThreadSafeStore. The map is a copy.
func (s *threadSafe) GetIndexers() Indexers { return fromEngine(s.engine.GetIndexers()) }

// AddIndexers implements client-go's ThreadSafeStore.
func (s *threadSafe) AddIndexers(newIndexers Indexers) error {
	err := s.engine.AddIndexers(toEngine(newIndexers))
	if !errors.Is(err, indexer.ErrIndexExists) {
		return err
	}
	conflict := sets.Set[string]{}
	for name := range s.engine.GetIndexers() {
		if _, twice := newIndexers[name]; twice {
			conflict.Insert(name)
		}
	}
	return fmt.Errorf("indexer conflict: %v (nothing was added: choose other names)", conflict)
}

// Bookmark implements client-go's ThreadSafeStore.
func (s *threadSafe) Bookmark(rv string) { s.engine.Bookmark(rv) }

// LastStoreSyncResourceVersion implements client-go's ThreadSafeStore. It never
// goes back: client-go's is that of the last write, whichever it was.
func (s *threadSafe) LastStoreSyncResourceVersion() string {
	return s.engine.LastStoreSyncResourceVersion()
}

// Resync implements client-go's ThreadSafeStore; it does nothing.
func (s *threadSafe) Resync() error { return nil }

// versionOf is the resource version of obj, "" where it has none.
func versionOf(obj interface{}) string {
	if obj == nil {
		return ""
	}
	about, err := meta.Accessor(obj)
	if err != nil {
		return ""
	}
	return about.GetResourceVersion()
}
