package indexertest

import (
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/stores"
)

// FakeStore is an indexer.Store whose methods are the functions that a test
// sets; without one a method does nothing and returns zero values. It
// corresponds to client-go's FakeCustomStore.
type FakeStore[T any] struct {
	AddFunc                          func(obj T) error
	UpdateFunc                       func(obj T) error
	DeleteFunc                       func(obj T) error
	ReplaceFunc                      func(items []T, resourceVersion string) error
	ResyncFunc                       func() error
	GetFunc                          func(obj T) (item T, exists bool, err error)
	GetByKeyFunc                     func(key string) (item T, exists bool, err error)
	ListFunc                         func() []T
	ListKeysFunc                     func() []string
	BookmarkFunc                     func(resourceVersion string)
	LastStoreSyncResourceVersionFunc func() string
}

var _ indexer.Store[any] = (*FakeStore[any])(nil)

func call[T any](f func(T) error, arg T) error {
	if f == nil {
		return nil
	}
	return f(arg)
}

// Add calls AddFunc.
func (f *FakeStore[T]) Add(obj T) error { return call(f.AddFunc, obj) }

// Update calls UpdateFunc.
func (f *FakeStore[T]) Update(obj T) error { return call(f.UpdateFunc, obj) }

// Delete calls DeleteFunc.
func (f *FakeStore[T]) Delete(obj T) error { return call(f.DeleteFunc, obj) }

// Replace calls ReplaceFunc.
func (f *FakeStore[T]) Replace(items []T, resourceVersion string) error {
	if f.ReplaceFunc == nil {
		return nil
	}
	return f.ReplaceFunc(items, resourceVersion)
}

// Resync calls ResyncFunc.
func (f *FakeStore[T]) Resync() error {
	if f.ResyncFunc == nil {
		return nil
	}
	return f.ResyncFunc()
}

// Get calls GetFunc.
func (f *FakeStore[T]) Get(obj T) (item T, exists bool, err error) {
	if f.GetFunc == nil {
		return item, false, nil
	}
	return f.GetFunc(obj)
}

// GetByKey calls GetByKeyFunc.
func (f *FakeStore[T]) GetByKey(key string) (item T, exists bool, err error) {
	if f.GetByKeyFunc == nil {
		return item, false, nil
	}
	return f.GetByKeyFunc(key)
}

// List calls ListFunc.
func (f *FakeStore[T]) List() []T {
	if f.ListFunc == nil {
		return nil
	}
	return f.ListFunc()
}

// ListKeys calls ListKeysFunc.
func (f *FakeStore[T]) ListKeys() []string {
	if f.ListKeysFunc == nil {
		return nil
	}
	return f.ListKeysFunc()
}

// Bookmark calls BookmarkFunc.
func (f *FakeStore[T]) Bookmark(resourceVersion string) {
	if f.BookmarkFunc != nil {
		f.BookmarkFunc(resourceVersion)
	}
}

// LastStoreSyncResourceVersion calls LastStoreSyncResourceVersionFunc.
func (f *FakeStore[T]) LastStoreSyncResourceVersion() string {
	if f.LastStoreSyncResourceVersionFunc == nil {
		return ""
	}
	return f.LastStoreSyncResourceVersionFunc()
}

// ExpireAllBut is the policy that everything has expired but the keys given. It
// corresponds to client-go's FakeExpirationPolicy.
func ExpireAllBut[T any](keys ...string) stores.ExpirationPolicy[T] {
	stays := make(map[string]bool, len(keys))
	for _, key := range keys {
		stays[key] = true
	}
	return func(entry *stores.Timestamped[T]) bool { return !stays[entry.Key] }
}
