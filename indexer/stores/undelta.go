package stores

import (
	"sync/atomic"

	"github.com/informant-go/informant/indexer"
)

// UndeltaStore is an indexer.Store that hands the complete state to a function, once for
// each change. It corresponds to client-go's UndeltaStore; here no two calls
// run at once, and the last call has the last state. A change that comes while
// a call runs leaves its own call to the goroutine of that one.
type UndeltaStore[T any] struct {
	indexer.Store[T]
	push func([]T)

	// owed counts the calls that changes ask for. Whoever makes it 1 calls
	// until it is 0.
	owed atomic.Int64
}

// NewUndeltaStore returns an UndeltaStore over store. push owns the slice that
// it is called with, and runs in the goroutine of a change, without a lock.
func NewUndeltaStore[T any](store indexer.Store[T], push func([]T)) *UndeltaStore[T] {
	return &UndeltaStore[T]{Store: store, push: push}
}

// Add stores obj and pushes.
func (s *UndeltaStore[T]) Add(obj T) error { return s.pushed(s.Store.Add(obj)) }

// Update stores obj and pushes.
func (s *UndeltaStore[T]) Update(obj T) error { return s.pushed(s.Store.Update(obj)) }

// Delete removes what is stored under obj's key and pushes.
func (s *UndeltaStore[T]) Delete(obj T) error { return s.pushed(s.Store.Delete(obj)) }

// Replace makes items the whole content and pushes.
func (s *UndeltaStore[T]) Replace(items []T, resourceVersion string) error {
	return s.pushed(s.Store.Replace(items, resourceVersion))
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
		s.push(s.Store.List())
		if s.owed.Add(-1) == 0 {
			return nil
		}
	}
}
