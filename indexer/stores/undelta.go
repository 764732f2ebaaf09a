package stores

import (
	"errors"
	"sync/atomic"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
)

// UndeltaStore is an indexer.Store that hands the complete state to a function,
// once for each change. All methods may be called by any goroutine. It
// corresponds to client-go's UndeltaStore; here no two calls of the function run
// at once, and the last call has the last state.
type UndeltaStore[T any] struct {
	store indexer.Store[T]
	push  func([]T)

	// owed counts the calls that changes ask for. Whoever makes it 1 calls
	// until it is 0.
	owed atomic.Int64
}

var _ indexer.Store[any] = (*UndeltaStore[any])(nil)

// NewUndeltaStore returns an UndeltaStore whose objects are in store, which must
// be written through it alone. push owns the slice that it is called with, and
// runs in the goroutine of a change, without a lock; a change that comes while
// it runs leaves its own call to that goroutine. The error says that store or
// push is nil.
func NewUndeltaStore[T any](store indexer.Store[T], push func([]T)) (*UndeltaStore[T], error) {
	if nils.Is(store) {
		return nil, errors.New("stores: an UndeltaStore needs a Store that holds its objects: give one that is not nil, such as that of indexer.New")
	}
	if push == nil {
		return nil, errors.New("stores: an UndeltaStore needs a function to hand its state to: give a push that is not nil")
	}
	return &UndeltaStore[T]{store: store, push: push}, nil
}

// Add stores obj and pushes. The error is that of the store, which then is not
// changed; so it is for the other writes.
func (s *UndeltaStore[T]) Add(obj T) error { return s.pushed(s.store.Add(obj)) }

// Update stores obj and pushes.
func (s *UndeltaStore[T]) Update(obj T) error { return s.pushed(s.store.Update(obj)) }

// Delete removes what is stored under obj's key and pushes.
func (s *UndeltaStore[T]) Delete(obj T) error { return s.pushed(s.store.Delete(obj)) }

// Replace makes items the whole content and pushes.
func (s *UndeltaStore[T]) Replace(items []T, resourceVersion string) error {
	return s.pushed(s.store.Replace(items, resourceVersion))
}

// pushed pushes after a change that did not fail.
func (s *UndeltaStore[T]) pushed(err error) error {
	if err != nil {
		return err
	}
	if s.owed.Add(1) > 1 {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			s.owed.Store(0) // or nobody would push any more
			panic(r)
		}
	}()
	for {
		s.push(s.store.List())
		if s.owed.Add(-1) == 0 {
			return nil
		}
	}
}

// Resync does what the store's does, and pushes nothing.
func (s *UndeltaStore[T]) Resync() error { return s.store.Resync() }

// Get looks up the key of obj.
func (s *UndeltaStore[T]) Get(obj T) (item T, exists bool, err error) { return s.store.Get(obj) }

// GetByKey looks up a key.
func (s *UndeltaStore[T]) GetByKey(key string) (item T, exists bool, err error) {
	return s.store.GetByKey(key)
}

// List returns all objects, in a slice that is the caller's.
func (s *UndeltaStore[T]) List() []T { return s.store.List() }

// ListKeys returns all keys.
func (s *UndeltaStore[T]) ListKeys() []string { return s.store.ListKeys() }

// Bookmark raises the version that the state is known to include. It pushes
// nothing.
func (s *UndeltaStore[T]) Bookmark(resourceVersion string) { s.store.Bookmark(resourceVersion) }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include.
func (s *UndeltaStore[T]) LastStoreSyncResourceVersion() string {
	return s.store.LastStoreSyncResourceVersion()
}
