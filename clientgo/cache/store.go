package cache

import (
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	upstream "k8s.io/client-go/tools/cache"
)

// NewStore returns a Store on an engine of this module. It corresponds to
// client-go's NewStore. A StoreOption is a function over a type that only
// client-go can make: with one, the Store is client-go's.
//
// The result is an Indexer and a TransactionStore too, as client-go's is.
func NewStore(keyFunc KeyFunc, opts ...StoreOption) Store {
	if len(opts) > 0 {
		return upstream.NewStore(keyFunc, opts...)
	}
	return newKeyedStore(keyFunc, nil)
}

// NewIndexer is NewStore with indexes. It corresponds to client-go's
// NewIndexer.
func NewIndexer(keyFunc KeyFunc, indexers Indexers, opts ...StoreOption) Indexer {
	if len(opts) > 0 {
		return upstream.NewIndexer(keyFunc, indexers, opts...)
	}
	return newKeyedStore(keyFunc, indexers)
}

// NewUndeltaStore returns an UndeltaStore over a Store of this module. It
// corresponds to client-go's NewUndeltaStore.
func NewUndeltaStore(pushFunc func([]interface{}), keyFunc KeyFunc) *UndeltaStore {
	return &UndeltaStore{Store: NewStore(keyFunc), PushFunc: pushFunc}
}

// keyedStore is client-go's Indexer over a threadSafeStore of ours: it makes
// the keys.
type keyedStore struct {
	threadSafe
	keyFunc KeyFunc
}

var (
	_ upstream.Indexer          = (*keyedStore)(nil)
	_ upstream.TransactionStore = (*keyedStore)(nil)
)

func newKeyedStore(keyFunc KeyFunc, indexers Indexers) *keyedStore {
	s := &keyedStore{keyFunc: keyFunc}
	s.threadSafe = newThreadSafeOf(object.Keyed(s.engineKey, object.Fields[any]{}), "store", indexers)
	return s
}

// Add implements client-go's Store.
func (s *keyedStore) Add(obj interface{}) error { return s.Update(obj) }

// Update implements client-go's Store.
func (s *keyedStore) Update(obj interface{}) error {
	key, err := s.keyOf(obj)
	if err != nil {
		return err
	}
	s.threadSafe.Update(key, obj)
	return nil
}

// Delete implements client-go's Store.
func (s *keyedStore) Delete(obj interface{}) error {
	key, err := s.keyOf(obj)
	if err != nil {
		return err
	}
	s.threadSafe.DeleteWithObject(key, obj)
	return nil
}

// Get implements client-go's Store.
func (s *keyedStore) Get(obj interface{}) (item interface{}, exists bool, err error) {
	key, err := s.keyOf(obj)
	if err != nil {
		return nil, false, err
	}
	return s.GetByKey(key)
}

// GetByKey implements client-go's Store.
func (s *keyedStore) GetByKey(key string) (item interface{}, exists bool, err error) {
	return s.engine.GetByKey(key)
}

// Replace implements client-go's Store. With an error nothing changes.
func (s *keyedStore) Replace(list []interface{}, resourceVersion string) error {
	return keyError(s.engine.Replace(list, resourceVersion))
}

// Transaction implements client-go's TransactionStore: what has a key is
// written, all at once, and what has none is told.
func (s *keyedStore) Transaction(txns ...Transaction) *TransactionError {
	b := newBatch(len(txns))
	var failed []error
	var without []int // their positions
	for i := range txns {
		key, err := s.keyOf(txns[i].Object)
		if err != nil {
			failed, without = append(failed, err), append(without, i)
			continue
		}
		b.add(key, &txns[i])
	}
	s.write(b)
	if len(failed) == 0 {
		return nil
	}
	return &TransactionError{SuccessfulIndices: others(len(txns), without), TotalTransactions: len(txns), Errors: failed}
}

// others are the numbers below n that are not in sorted, which is.
func others(n int, sorted []int) []int {
	all := make([]int, 0, n-len(sorted))
	for i := range n {
		if len(sorted) > 0 && sorted[0] == i {
			sorted = sorted[1:]
			continue
		}
		all = append(all, i)
	}
	return all
}

func (s *keyedStore) keyOf(obj interface{}) (string, error) {
	key, err := s.keyFunc(obj)
	if err != nil {
		return "", KeyError{Obj: obj, Err: err}
	}
	return key, nil
}

// engineKey is keyOf for the engine, which has errors of its own.
func (s *keyedStore) engineKey(obj interface{}) (string, error) {
	key, err := s.keyFunc(obj)
	if err != nil {
		return "", &object.KeyError{Obj: obj, Err: err}
	}
	return key, nil
}

// toEngine converts index functions to the engine's type.
func toEngine(indexers Indexers) indexer.Indexers[any] {
	converted := make(indexer.Indexers[any], len(indexers))
	for name, f := range indexers {
		converted[name] = indexer.IndexFunc[any](f)
	}
	return converted
}

// fromEngine converts them back.
func fromEngine(indexers indexer.Indexers[any]) Indexers {
	converted := make(Indexers, len(indexers))
	for name, f := range indexers {
		converted[name] = IndexFunc(f)
	}
	return converted
}
