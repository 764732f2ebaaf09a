package stores

import (
	"context"
	"errors"
	"sync"

	"github.com/informant-go/informant/internal/heap"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ErrClosed is returned by the writes of a Heap or FIFO that is closed, and by
// Pop once it is empty too.
var ErrClosed = errors.New("stores: the queue is closed")

// Heap is a store out of which the least object comes first. An object that is
// added again takes the place of the one with its key. All methods may be
// called by any goroutine. It corresponds to client-go's Heap; the queues of
// package workqueue do more.
type Heap[T any] struct {
	key func(T) (string, error)

	mu     sync.Mutex
	byKey  map[string]*heapItem[T]
	order  heap.Heap[*heapItem[T]]
	closed bool
	// changed is closed, and nil again, when an object came or the Heap was
	// closed. It is nil while nobody waits.
	changed chan struct{}
}

type heapItem[T any] struct {
	key string
	obj T
	at  int
}

// NewHeap returns an empty Heap of API objects with the order of less, which
// reports whether a comes before b. less is called under the Heap's lock and
// must not call its methods. The error says that less is nil.
func NewHeap[T metav1.Object](less func(a, b T) bool) (*Heap[T], error) {
	return NewHeapWithAccess(object.Meta[T](), less)
}

// NewHeapWithAccess is NewHeap for anything that access can read. The error can
// be object.ErrNoAccess too, for the zero Access.
func NewHeapWithAccess[T any](access object.Access[T], less func(a, b T) bool) (*Heap[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	if less == nil {
		return nil, errors.New("stores: a Heap needs an order: give a less that is not nil")
	}
	h := &Heap[T]{key: keyFunc(access), byKey: make(map[string]*heapItem[T])}
	h.order.Less = func(a, b *heapItem[T]) bool { return less(a.obj, b.obj) }
	h.order.Moved = func(item *heapItem[T], at int) { item.at = at }
	return h, nil
}

// Add adds objects, in place of those with their keys. With an error, an
// *object.KeyError or ErrClosed, nothing is added.
func (h *Heap[T]) Add(objs ...T) error { return h.add(objs, true) }

// AddIfNotPresent is Add for those of the objects whose keys are not there.
func (h *Heap[T]) AddIfNotPresent(objs ...T) error { return h.add(objs, false) }

// Update is Add for one object.
func (h *Heap[T]) Update(obj T) error { return h.Add(obj) }

func (h *Heap[T]) add(objs []T, change bool) error {
	keys := make([]string, len(objs))
	for i, obj := range objs {
		key, err := h.key(obj)
		if err != nil {
			return err
		}
		keys[i] = key
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	for i, key := range keys {
		item := h.byKey[key]
		switch {
		case item == nil:
			item = &heapItem[T]{key: key, obj: objs[i]}
			h.byKey[key] = item
			h.order.Push(item)
		case change:
			item.obj = objs[i]
			h.order.Fix(item.at)
		}
	}
	h.wake()
	return nil
}

func (h *Heap[T]) wake() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// Delete removes what has obj's key, if anything. The error is an
// *object.KeyError.
func (h *Heap[T]) Delete(obj T) error {
	_, _, err := h.Remove(obj)
	return err
}

// Remove is Delete, and returns what was there.
func (h *Heap[T]) Remove(obj T) (removed T, exists bool, err error) {
	key, err := h.key(obj)
	if err != nil {
		return removed, false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	item := h.byKey[key]
	if item == nil {
		return removed, false, nil
	}
	delete(h.byKey, key)
	h.order.Remove(item.at)
	return item.obj, true, nil
}

// Pop waits for an object and takes the least out. It returns ErrClosed when
// the Heap is closed and empty, and ctx.Err() when ctx ends first.
func (h *Heap[T]) Pop(ctx context.Context) (obj T, err error) {
	for {
		item, changed, err := h.tryPop()
		if item != nil {
			return item.obj, nil
		}
		if err != nil {
			return obj, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return obj, ctx.Err()
		}
	}
}

// tryPop returns an item, an error or what to wait for.
func (h *Heap[T]) tryPop() (*heapItem[T], <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.order.Len() > 0 {
		item := h.order.Pop()
		delete(h.byKey, item.key)
		return item, nil, nil
	}
	if h.closed {
		return nil, nil, ErrClosed
	}
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return nil, h.changed, nil
}

// Get looks up the key of obj. The error is an *object.KeyError.
func (h *Heap[T]) Get(obj T) (item T, exists bool, err error) {
	key, err := h.key(obj)
	if err != nil {
		return item, false, err
	}
	return h.GetByKey(key)
}

// GetByKey looks up a key. The error is always nil.
func (h *Heap[T]) GetByKey(key string) (item T, exists bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found := h.byKey[key]; found != nil {
		return found.obj, true, nil
	}
	return item, false, nil
}

// List returns all objects, in no order.
func (h *Heap[T]) List() []T {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]T, 0, len(h.byKey))
	for _, item := range h.byKey {
		all = append(all, item.obj)
	}
	return all
}

// ListKeys returns all keys, in no order.
func (h *Heap[T]) ListKeys() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]string, 0, len(h.byKey))
	for key := range h.byKey {
		all = append(all, key)
	}
	return all
}

// Close makes Pop end once the Heap is empty, and Add fail. It may be called
// more than once.
func (h *Heap[T]) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}

// IsClosed reports whether Close was called.
func (h *Heap[T]) IsClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}
