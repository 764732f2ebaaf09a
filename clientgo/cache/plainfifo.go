package cache

import (
	"context"
	"sync"

	"github.com/informant-go/informant/indexer/stores"
	"github.com/informant-go/informant/object"
	upstream "k8s.io/client-go/tools/cache"
)

// FIFO is client-go's FIFO: a queue of keys, each with the object that was
// given last. It has the methods of client-go's type and is a type of its own,
// as DeltaFIFO is, on a FIFO of this module. It differs in that producers do
// not wait for process, and in that what a Replace brings comes out in the
// order of the list.
type FIFO struct {
	// engine is never closed: client-go's FIFO takes objects after Close too,
	// and hands them out. open ends with Close, and with it a Pop that waits.
	engine *stores.FIFO[any]
	open   context.Context
	close  context.CancelFunc

	// popping makes consumers take turns; only process runs under it.
	popping sync.Mutex
}

var (
	_ upstream.Queue       = (*FIFO)(nil)
	_ upstream.DoneChecker = (*FIFO)(nil)
)

// NewFIFO returns an empty FIFO. It corresponds to client-go's NewFIFO.
func NewFIFO(keyFunc KeyFunc) *FIFO {
	key := func(obj any) (string, error) { return keyFunc(obj) } // a nil keyFunc panics when it is called, as in client-go
	engine, err := stores.NewFIFOWithAccess(object.Keyed(key, object.Fields[any]{}), stores.FIFOOptions{KeepPlaces: true})
	if err != nil {
		panic(err) // there is a key
	}
	f := &FIFO{engine: engine}
	f.open, f.close = context.WithCancel(background())
	return f
}

// Add queues obj, in the place of the object of the same key if one waits. The
// error is a KeyError.
func (f *FIFO) Add(obj interface{}) error { return keyError(f.engine.Add(obj)) }

// Update is Add.
func (f *FIFO) Update(obj interface{}) error { return f.Add(obj) }

// Delete takes the object of obj's key out of the queue.
func (f *FIFO) Delete(obj interface{}) error { return keyError(f.engine.Delete(obj)) }

// Replace makes list all that waits. With an error nothing changes.
func (f *FIFO) Replace(list []interface{}, resourceVersion string) error {
	return keyError(f.engine.Replace(list, resourceVersion))
}

// Resync does nothing: every object that is held is queued.
func (f *FIFO) Resync() error { return nil }

// Pop waits for an object and calls process with it. One Pop runs at a time;
// others wait. The error is ErrFIFOClosed when the queue is closed and empty,
// else that of process.
func (f *FIFO) Pop(process PopProcessFunc) (interface{}, error) {
	f.popping.Lock()
	defer f.popping.Unlock()
	var popped any
	ended := true
	err := f.engine.Pop(f.open, func(obj any, initial bool) error {
		popped, ended = obj, false
		return process(obj, initial)
	})
	if ended {
		return nil, ErrFIFOClosed
	}
	return popped, err
}

// HasSynced reports whether the first list has been processed, or something
// else came before it.
func (f *FIFO) HasSynced() bool { return f.engine.HasSynced() }

// HasSyncedChecker is done when HasSynced turns true.
func (f *FIFO) HasSyncedChecker() DoneChecker { return f }

// Name is the name of the queue.
func (f *FIFO) Name() string { return "FIFO" }

// Done is closed when HasSynced turns true.
func (f *FIFO) Done() <-chan struct{} { return f.engine.Synced() }

// Close lets Pop end once it has emptied the queue.
func (f *FIFO) Close() { f.close() }

// IsClosed reports whether Close was called.
func (f *FIFO) IsClosed() bool { return f.open.Err() != nil }
