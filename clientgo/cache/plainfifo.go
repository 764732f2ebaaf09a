package cache

import (
	"sync"

	upstream "k8s.io/client-go/tools/cache"
)

// FIFO is client-go's FIFO: a queue of keys, each with the object that was
// given last. It has the methods of client-go's type and is a type of its own,
// as DeltaFIFO is. It differs in that producers do not wait for process, and
// in that what a Replace brings comes out in the order of the list.
type FIFO struct {
	keyFunc KeyFunc

	// popping makes consumers take turns; only process runs under it.
	popping sync.Mutex

	mu     sync.Mutex // guards what follows; no user code runs under it
	wake   sync.Cond  // of mu: something was queued, or the queue was closed
	items  map[string]interface{}
	order  []string // has every key of items, and keys that were deleted
	closed bool

	// synced is closed once: started, initial == 0, and what was taken is
	// processed. initial is how much of order is of the first list.
	synced  chan struct{}
	started bool
	initial int
}

var (
	_ upstream.Queue       = (*FIFO)(nil)
	_ upstream.DoneChecker = (*FIFO)(nil)
)

// NewFIFO returns an empty FIFO. It corresponds to client-go's NewFIFO.
func NewFIFO(keyFunc KeyFunc) *FIFO {
	f := &FIFO{keyFunc: keyFunc, items: map[string]interface{}{}, synced: make(chan struct{})}
	f.wake.L = &f.mu
	return f
}

// Add queues obj, in the place of the object of the same key if one waits. The
// error is a KeyError.
func (f *FIFO) Add(obj interface{}) error {
	key, err := f.keyOf(obj)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(0)
	if _, waits := f.items[key]; !waits {
		f.order = append(f.order, key)
	}
	f.items[key] = obj
	f.wake.Signal()
	return nil
}

// Update is Add.
func (f *FIFO) Update(obj interface{}) error { return f.Add(obj) }

// Delete takes the object of obj's key out of the queue.
func (f *FIFO) Delete(obj interface{}) error {
	key, err := f.keyOf(obj)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(0)
	delete(f.items, key)
	return nil
}

// Replace makes list all that waits. With an error nothing changes.
func (f *FIFO) Replace(list []interface{}, _ string) error {
	items := make(map[string]interface{}, len(list))
	order := make([]string, 0, len(list))
	for _, obj := range list {
		key, err := f.keyOf(obj)
		if err != nil {
			return err
		}
		if _, repeated := items[key]; !repeated {
			order = append(order, key)
		}
		items[key] = obj
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(len(order))
	f.items, f.order = items, order
	f.wake.Broadcast()
	return nil
}

// Resync does nothing: every object that is held is queued.
func (f *FIFO) Resync() error { return nil }

// Pop waits for an object and calls process with it. One Pop runs at a time;
// others wait. The error is ErrFIFOClosed when the queue is closed and empty,
// else that of process.
func (f *FIFO) Pop(process PopProcessFunc) (interface{}, error) {
	f.popping.Lock()
	defer f.popping.Unlock()
	obj, err := f.take()
	if err != nil {
		return nil, err
	}
	defer f.processed()
	return obj, process(obj, !f.HasSynced())
}

// take waits for the next object. Keys that were deleted are passed over; they
// count as processed with the next object, or when there is none.
func (f *FIFO) take() (interface{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		for len(f.order) == 0 {
			f.sync()
			if f.closed {
				return nil, ErrFIFOClosed
			}
			f.wake.Wait()
		}
		key := f.order[0]
		f.order = f.order[1:]
		f.initial = max(f.initial-1, 0)
		if obj, waits := f.items[key]; waits {
			delete(f.items, key)
			return obj, nil
		}
	}
}

// begin notes that something came, n objects of a list if it is the first; mu
// is held.
func (f *FIFO) begin(n int) {
	if f.started {
		return
	}
	f.started, f.initial = true, n
	f.sync()
}

func (f *FIFO) processed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sync()
}

// sync notes that what was taken is processed; mu is held.
func (f *FIFO) sync() {
	if f.started && f.initial == 0 && !IsDone(f) {
		close(f.synced)
	}
}

// HasSynced tells whether the first list has been processed, or something else
// came before it.
func (f *FIFO) HasSynced() bool { return IsDone(f) }

// HasSyncedChecker is done when HasSynced turns true.
func (f *FIFO) HasSyncedChecker() DoneChecker { return f }

// Name is the name of the queue.
func (f *FIFO) Name() string { return "FIFO" }

// Done is closed when HasSynced turns true.
func (f *FIFO) Done() <-chan struct{} { return f.synced }

// Close lets Pop end once it has emptied the queue.
func (f *FIFO) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.wake.Broadcast()
}

// IsClosed tells whether Close was called.
func (f *FIFO) IsClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

func (f *FIFO) keyOf(obj interface{}) (string, error) {
	key, err := f.keyFunc(obj)
	if err != nil {
		return "", KeyError{Obj: obj, Err: err}
	}
	return key, nil
}
