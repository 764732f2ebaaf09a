package indexer

import (
	"iter"
)

// ThreadSafeStore is the part of a Cache that is told the keys. All methods may
// be called by any goroutine; S1 to S5 hold. It corresponds to client-go's
// ThreadSafeStore.
type ThreadSafeStore[T any] struct {
	engine *engine[T]
}

// NewThreadSafeStore returns an empty store. version gives the resource version
// of an object, "" for none; nil stands for a function that does so always. It
// panics over an index function that is nil.
func NewThreadSafeStore[T any](options Options[T], version func(T) string) *ThreadSafeStore[T] {
	if err := checkIndexers(options.name(), options.Indexers); err != nil {
		panic(err)
	}
	if version == nil {
		version = func(T) string { return "" }
	}
	return &ThreadSafeStore[T]{engine: newEngine(options, version)}
}

// Add stores obj under key.
func (s *ThreadSafeStore[T]) Add(key string, obj T) { s.Update(key, obj) }

// Update stores obj under key.
func (s *ThreadSafeStore[T]) Update(key string, obj T) {
	s.engine.apply([]Change[T]{{Key: key, Object: obj, Type: ChangePut}}, "", true)
}

// Delete removes what is stored under key, and leaves the resource version
// alone.
func (s *ThreadSafeStore[T]) Delete(key string) {
	s.engine.apply([]Change[T]{{Key: key, Type: ChangeRemove}}, "", false)
}

// DeleteWithObject removes what is stored under key; obj's resource version
// counts for that of the state.
func (s *ThreadSafeStore[T]) DeleteWithObject(key string, obj T) {
	s.engine.apply([]Change[T]{{Key: key, Object: obj, Type: ChangeRemove}}, "", true)
}

// Transaction makes all transactions visible at once.
func (s *ThreadSafeStore[T]) Transaction(transactions ...KeyedTransaction[T]) *TransactionError {
	changes := make([]Change[T], 0, len(transactions))
	failed := &TransactionError{TotalTransactions: len(transactions)}
	for i, tx := range transactions {
		kind, err := tx.Type.change()
		if err != nil {
			failed.Errors = append(failed.Errors, err)
			continue
		}
		failed.SuccessfulIndices = append(failed.SuccessfulIndices, i)
		changes = append(changes, Change[T]{Key: tx.Key, Object: tx.Object, Type: kind})
	}
	if len(changes) > 0 {
		s.engine.apply(changes, "", true)
	}
	if len(failed.Errors) > 0 {
		return failed
	}
	return nil
}

// Replace makes items the whole content, which is the state at resourceVersion;
// "" leaves the version alone. The map stays the caller's. An item whose
// non-empty version equals the stored one's is not stored anew.
func (s *ThreadSafeStore[T]) Replace(items map[string]T, resourceVersion string) {
	keys := make([]string, 0, len(items))
	objs := make([]T, 0, len(items))
	for key, obj := range items {
		keys, objs = append(keys, key), append(objs, obj)
	}
	// With keys there is no error.
	_, errs, _ := s.engine.replaceAll(incoming[T]{items: objs, keys: keys}, resourceVersion, false)
	s.engine.tell(errs)
}

// Resync does nothing.
func (s *ThreadSafeStore[T]) Resync() error { return nil }

// Get looks up a key. It takes no lock and writes no shared memory.
func (s *ThreadSafeStore[T]) Get(key string) (item T, exists bool) { return s.engine.get(key) }

// Len is the number of objects.
func (s *ThreadSafeStore[T]) Len() int {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.summary().len
}

// List returns all objects, in no order, in a slice that is the caller's.
func (s *ThreadSafeStore[T]) List() []T {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.list()
}

// ListKeys returns all keys, in no order, in a slice that is the caller's.
func (s *ThreadSafeStore[T]) ListKeys() []string {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.listKeys()
}

// All yields every key and object of one state without a copy. What the loop
// does to the store it does not see. The state is held on to until the loop
// ends.
func (s *ThreadSafeStore[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v, pin := s.engine.read()
		defer s.engine.release(pin)
		v.all(yield)
	}
}

// Keys yields every key, as All does.
func (s *ThreadSafeStore[T]) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		s.All()(func(key string, _ T) bool { return yield(key) })
	}
}

// ByIndexSeq yields the objects of an index value and their keys, as All does;
// nothing for an unknown index.
func (s *ThreadSafeStore[T]) ByIndexSeq(indexName, value string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v, pin := s.engine.read()
		defer s.engine.release(pin)
		v.eachByIndex(indexName, value, yield)
	}
}

// KeysByIndex yields the keys of an index value, as ByIndexSeq does.
func (s *ThreadSafeStore[T]) KeysByIndex(indexName, value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		s.ByIndexSeq(indexName, value)(func(key string, _ T) bool { return yield(key) })
	}
}

// Index returns the objects that share a value of the named index with obj,
// each once. The error is that of the index function, which is called here, or
// says that there is no such index. A panic of the index function is an error
// too, unless Options.PanicOnIndexError is set.
func (s *ThreadSafeStore[T]) Index(indexName string, obj T) ([]T, error) {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	ix, err := v.index(indexName)
	if err != nil {
		return nil, err
	}
	call := ix.call
	if s.engine.options.PanicOnIndexError {
		call = ix.fn // its panic is the caller's, as in client-go
	}
	values, err := call(obj)
	if err != nil {
		return nil, err
	}
	return v.byAny(ix, values), nil
}

// ByIndex returns the objects with the value, in no order, in a slice that is
// the caller's. An unknown index is an error.
func (s *ThreadSafeStore[T]) ByIndex(indexName, value string) ([]T, error) {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.byIndex(indexName, value)
}

// IndexKeys returns the keys of the objects with the value, in no order.
func (s *ThreadSafeStore[T]) IndexKeys(indexName, value string) ([]string, error) {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.indexKeys(indexName, value)
}

// ListIndexFuncValues returns the values that have an object, none for an
// unknown index.
func (s *ThreadSafeStore[T]) ListIndexFuncValues(indexName string) []string {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.indexValues(indexName)
}

// GetIndexers returns a copy of the index functions.
func (s *ThreadSafeStore[T]) GetIndexers() Indexers[T] {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.indexers()
}

// AddIndexers adds indexes, over the objects that are there too. A name that
// exists already is an error, as is a nil function, and nothing is added. Reads and writes go on
// meanwhile; the new indexes show when they are complete.
func (s *ThreadSafeStore[T]) AddIndexers(newIndexers Indexers[T]) error {
	return s.engine.addIndexers(newIndexers)
}

// IndexErrors returns the objects that an index has no place for at present,
// by index and key.
func (s *ThreadSafeStore[T]) IndexErrors() []IndexError { return s.engine.errors.list() }

// Bookmark raises the version that the state is known to include.
func (s *ThreadSafeStore[T]) Bookmark(resourceVersion string) { s.engine.bookmark(resourceVersion) }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include, "" before the first. A Replace sets it back where its version is
// older.
func (s *ThreadSafeStore[T]) LastStoreSyncResourceVersion() string {
	return s.engine.resourceVersion()
}

// Snapshot returns the present state. It costs the same whatever the store
// holds; a write copies what the snapshot would lose by it.
func (s *ThreadSafeStore[T]) Snapshot() Snapshot[T] { return s.engine.snapshot() }
