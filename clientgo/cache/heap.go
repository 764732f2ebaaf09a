package cache

import (
	"errors"

	"github.com/informant-go/informant/indexer/stores"
	"github.com/informant-go/informant/object"
)

// Heap is client-go's Heap: the least object comes out first. It has the
// methods of client-go's type and is a type of its own, on a heap of this
// module.
type Heap struct {
	engine  *stores.Heap[any]
	keyFunc KeyFunc
}

// The texts are client-go's: programs match them, for want of error values.
var (
	errHeapClosed   = errors.New("heap is closed")
	errHeapNotFound = errors.New("object not found")
)

// NewHeap returns an empty Heap with the order of lessFn. It corresponds to
// client-go's NewHeap.
func NewHeap(keyFn KeyFunc, lessFn LessFunc) *Heap {
	engine, err := stores.NewHeapWithAccess(object.Keyed(keyFn, object.Fields[any]{}), lessFn)
	if err != nil {
		panic(err) // lessFn is nil
	}
	return &Heap{engine: engine, keyFunc: keyFn}
}

// heapError makes of an engine's error what client-go's Heap returns.
func heapError(err error) error {
	if errors.Is(err, stores.ErrClosed) {
		return errHeapClosed
	}
	return keyError(err)
}

// keyError makes client-go's KeyError of an engine's.
func keyError(err error) error {
	if keyErr := (*object.KeyError)(nil); errors.As(err, &keyErr) {
		return KeyError{Obj: keyErr.Obj, Err: keyErr.Err}
	}
	return err
}

// Add adds obj, or changes the object of its key.
func (h *Heap) Add(obj interface{}) error { return heapError(h.engine.Add(obj)) }

// Update is Add.
func (h *Heap) Update(obj interface{}) error { return h.Add(obj) }

// BulkAdd adds the objects in front of the first that has no key, all at once.
func (h *Heap) BulkAdd(list []interface{}) error {
	for n, obj := range list {
		if _, err := h.keyFunc(obj); err != nil {
			if err := h.engine.Add(list[:n]...); err != nil {
				return heapError(err)
			}
			return KeyError{Obj: obj, Err: err}
		}
	}
	return heapError(h.engine.Add(list...))
}

// AddIfNotPresent adds obj, unless there is an object of its key.
func (h *Heap) AddIfNotPresent(obj interface{}) error {
	return heapError(h.engine.AddIfNotPresent(obj))
}

// Delete removes the object of obj's key. If there is none, that is an error.
func (h *Heap) Delete(obj interface{}) error {
	_, exists, err := h.engine.Remove(obj)
	if err == nil && !exists {
		return errHeapNotFound
	}
	return heapError(err)
}

// Pop waits for an object and takes the least out. The Heap closed and empty is
// an error.
func (h *Heap) Pop() (interface{}, error) {
	obj, err := h.engine.Pop(background())
	return obj, heapError(err)
}

// List returns all objects, in no order.
func (h *Heap) List() []interface{} { return h.engine.List() }

// ListKeys returns all keys, in no order.
func (h *Heap) ListKeys() []string { return h.engine.ListKeys() }

// Get returns the object of obj's key.
func (h *Heap) Get(obj interface{}) (interface{}, bool, error) {
	found, exists, err := h.engine.Get(obj)
	return found, exists, heapError(err)
}

// GetByKey returns the object of a key. The error is nil.
func (h *Heap) GetByKey(key string) (interface{}, bool, error) { return h.engine.GetByKey(key) }

// Close makes Pop end once the Heap is empty, and Add fail.
func (h *Heap) Close() { h.engine.Close() }

// IsClosed reports whether Close was called.
func (h *Heap) IsClosed() bool { return h.engine.IsClosed() }
