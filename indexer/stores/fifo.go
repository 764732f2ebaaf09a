package stores

import (
	"context"
	"sync"

	"github.com/informant-go/informant/object"
)

// FIFO is a store out of which objects come in the order in which their keys
// came. An object that is added again before it was popped takes the place of
// the one with its key; one that is deleted does not come. All methods may be
// called by any goroutine. It corresponds to client-go's FIFO; package
// deltafifo has the queues that tell of deletions.
type FIFO[T any] struct {
	key func(T) (string, error)

	mu    sync.Mutex
	items map[string]T
	// queue has each key of items once.
	queue  []string
	closed bool
	// changed is closed, and nil again, when an object came or the FIFO was
	// closed. It is nil while nobody waits.
	changed chan struct{}

	// initial is the number of objects of the first Replace that have not
	// been processed; begun is true from the first write on. synced is closed
	// when begun is true and initial is 0.
	initial int
	begun   bool
	first   map[string]bool
	synced  chan struct{}
}

// NewFIFO returns an empty FIFO. The error is object.ErrNoAccess for the zero
// Access.
func NewFIFO[T any](access object.Access[T]) (*FIFO[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	return &FIFO[T]{key: keyFunc(access), items: make(map[string]T), synced: make(chan struct{})}, nil
}

// Add stores obj, at the end of the queue unless its key is in it. The error is
// an *object.KeyError or ErrClosed.
func (f *FIFO[T]) Add(obj T) error {
	key, err := f.key(obj)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	f.begin()
	f.put(key, obj)
	f.wake()
	return nil
}

// Update is Add.
func (f *FIFO[T]) Update(obj T) error { return f.Add(obj) }

func (f *FIFO[T]) put(key string, obj T) {
	if _, queued := f.items[key]; !queued {
		f.queue = append(f.queue, key)
	}
	f.items[key] = obj
}

// begin notes that something was written.
func (f *FIFO[T]) begin() {
	f.begun = true
	f.checkSynced()
}

func (f *FIFO[T]) checkSynced() {
	if f.begun && f.initial == 0 {
		select {
		case <-f.synced:
		default:
			close(f.synced)
		}
	}
}

func (f *FIFO[T]) wake() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// Delete takes obj's key out of the store and the queue.
func (f *FIFO[T]) Delete(obj T) error {
	key, err := f.key(obj)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, queued := f.items[key]; queued {
		delete(f.items, key)
		f.dequeue(key)
		f.settle(key)
	}
	f.begin()
	return nil
}

func (f *FIFO[T]) dequeue(key string) {
	for i, k := range f.queue {
		if k == key {
			f.queue = append(f.queue[:i], f.queue[i+1:]...)
			return
		}
	}
}

// settle counts an object of the first Replace as done with.
func (f *FIFO[T]) settle(key string) {
	if f.first[key] {
		delete(f.first, key)
		f.initial--
		f.checkSynced()
	}
}

// Replace makes items the whole content and the queue. The resource version is
// not kept. With an error nothing changes.
func (f *FIFO[T]) Replace(items []T, _ string) error {
	keys := make([]string, len(items))
	for i, item := range items {
		key, err := f.key(item)
		if err != nil {
			return err
		}
		keys[i] = key
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	f.items, f.queue = make(map[string]T, len(items)), nil
	for i, key := range keys {
		f.put(key, items[i])
	}
	if !f.begun {
		f.first = make(map[string]bool, len(f.items))
		for key := range f.items {
			f.first[key] = true
		}
		f.initial = len(f.first)
	} else {
		for key := range f.first {
			if _, queued := f.items[key]; !queued {
				f.settle(key)
			}
		}
	}
	f.begin()
	f.wake()
	return nil
}

// Resync does nothing: every object is in the queue.
func (f *FIFO[T]) Resync() error { return nil }

// Pop waits for an object, takes it out and calls process with it, outside the
// FIFO's lock; initial tells whether it is one of the first Replace. It returns
// process' error, ErrClosed when the FIFO is closed and empty, and ctx.Err()
// when ctx ends first.
func (f *FIFO[T]) Pop(ctx context.Context, process func(obj T, initial bool) error) error {
	for {
		next, changed, err := f.take()
		if err != nil {
			return err
		}
		if changed == nil {
			defer f.done(next)
			return process(next.obj, next.initial)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// popped is an object that has left the queue.
type popped[T any] struct {
	key     string
	obj     T
	initial bool
}

// take takes the next object out, or returns what to wait for.
func (f *FIFO[T]) take() (next popped[T], changed <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) > 0 {
		key := f.queue[0]
		f.queue = f.queue[1:]
		next = popped[T]{key: key, obj: f.items[key], initial: f.first[key]}
		delete(f.items, key)
		return next, nil, nil
	}
	if f.closed {
		return next, nil, ErrClosed
	}
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return next, f.changed, nil
}

func (f *FIFO[T]) done(next popped[T]) {
	if next.initial {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.settle(next.key)
	}
}

// HasSynced tells whether the objects of the first Replace have been processed,
// or, when another write came first, whether there was one.
func (f *FIFO[T]) HasSynced() bool {
	select {
	case <-f.synced:
		return true
	default:
		return false
	}
}

// Synced is closed when HasSynced turns true.
func (f *FIFO[T]) Synced() <-chan struct{} { return f.synced }

// Len is the number of objects that wait.
func (f *FIFO[T]) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.items)
}

// Close makes Pop end once the FIFO is empty, and writes fail. It may be called
// more than once.
func (f *FIFO[T]) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.wake()
}

// IsClosed tells whether Close was called.
func (f *FIFO[T]) IsClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}
