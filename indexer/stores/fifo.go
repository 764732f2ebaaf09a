package stores

import (
	"context"
	"sync"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FIFOOptions configure a FIFO.
type FIFOOptions struct {
	// KeepPlaces makes a key that is deleted keep its place in the queue, as
	// client-go's FIFO does: an object that is added under the key before the
	// place's turn comes out there. Delete then does not search the queue, but
	// the place takes memory until its turn. HasSynced counts places: it turns
	// true when as many were passed as the first Replace had, whatever another
	// Replace made of them. Without it a deleted key loses its place.
	KeepPlaces bool
}

// FIFO is a store out of which objects come in the order in which their keys
// came. An object that is added again before it was popped takes the place of
// the one with its key; one that is deleted does not come. All methods may be
// called by any goroutine. It corresponds to client-go's FIFO; package
// deltafifo has the queues that tell of deletions.
type FIFO[T any] struct {
	key        func(T) (string, error)
	keepPlaces bool

	mu    sync.Mutex
	items map[string]T
	// queue has each key of items. Where places are kept it also has keys that
	// were deleted, and a key that was added since more than once.
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
	synced  chan struct{}
	// first are the keys of those objects that wait. Where places are kept it
	// is nil, and places is how many of the first Replace's are in the queue.
	first  map[string]bool
	places int
}

// NewFIFO returns an empty FIFO of API objects. The error is always nil; it is
// here so that all constructors are alike.
func NewFIFO[T metav1.Object](options FIFOOptions) (*FIFO[T], error) {
	return NewFIFOWithAccess(object.Meta[T](), options)
}

// NewFIFOWithAccess returns an empty FIFO of anything that access can read. The
// error is object.ErrNoAccess for the zero Access.
func NewFIFOWithAccess[T any](access object.Access[T], options FIFOOptions) (*FIFO[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	return &FIFO[T]{key: keyFunc(access), keepPlaces: options.KeepPlaces, items: make(map[string]T), synced: make(chan struct{})}, nil
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

// Delete takes obj's key out of the store and the queue, if it is there. The
// error is an *object.KeyError.
func (f *FIFO[T]) Delete(obj T) error {
	key, err := f.key(obj)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, queued := f.items[key]; queued {
		delete(f.items, key)
		if !f.keepPlaces {
			f.dequeue(key)
			f.settle(f.count(key))
		}
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

// count returns how many objects of the first Replace leave the queue with key,
// which is one or none. Each of them has to be settled once it is done with.
func (f *FIFO[T]) count(key string) int {
	switch {
	case f.places > 0:
		f.places--
	case f.first[key]:
		delete(f.first, key)
	default:
		return 0
	}
	return 1
}

// settle notes that n objects of the first Replace are done with.
func (f *FIFO[T]) settle(n int) {
	f.initial -= n
	f.checkSynced()
}

// Replace makes items the whole content and the queue, in their order; of items
// with the same key the last one counts. The resource version is not kept. With
// an error, an *object.KeyError or ErrClosed, nothing changes.
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
		f.beginWithList()
	}
	for key := range f.first {
		if _, queued := f.items[key]; !queued {
			f.settle(f.count(key))
		}
	}
	f.begin()
	f.wake()
	return nil
}

// beginWithList notes that what is in the queue is of the first Replace.
func (f *FIFO[T]) beginWithList() {
	f.initial = len(f.items)
	if f.keepPlaces {
		f.places = f.initial
		return
	}
	f.first = make(map[string]bool, f.initial)
	for key := range f.items {
		f.first[key] = true
	}
}

// Resync does nothing, since every object is in the queue.
func (f *FIFO[T]) Resync() error { return nil }

// Pop waits for an object, takes it out and calls process with it, outside the
// FIFO's lock; initial reports whether it is one of the first Replace. It returns
// process' error, ErrClosed when the FIFO is closed and empty, and ctx.Err()
// when it is empty and ctx has ended.
func (f *FIFO[T]) Pop(ctx context.Context, process func(obj T, initial bool) error) error {
	for {
		ended := ctx.Err() // before take, which so sees all that came before
		next, changed, err := f.take()
		if err != nil {
			return err
		}
		if changed == nil {
			defer f.done(next)
			return process(next.obj, next.initial > 0)
		}
		if ended != nil {
			return ended
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// popped is an object that has left the queue. initial is the number of objects
// of the first Replace that are done with when it is.
type popped[T any] struct {
	obj     T
	initial int
}

// take takes the next object out, or returns what to wait for.
func (f *FIFO[T]) take() (next popped[T], changed <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.queue) > 0 {
		key := f.queue[0]
		f.queue = f.queue[1:]
		next.initial += f.count(key)
		if obj, waits := f.items[key]; waits {
			delete(f.items, key)
			next.obj = obj
			return next, nil, nil
		}
	}
	f.settle(next.initial) // of keys that were deleted
	if f.closed {
		return next, nil, ErrClosed
	}
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return next, f.changed, nil
}

func (f *FIFO[T]) done(next popped[T]) {
	if next.initial > 0 {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.settle(next.initial)
	}
}

// HasSynced reports whether the objects of the first Replace have been processed,
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

// IsClosed reports whether Close was called.
func (f *FIFO[T]) IsClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}
