package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/deltafifo"
	"k8s.io/klog/v2"
)

// fifo is what DeltaFIFO and RealFIFO have in common: client-go's methods
// around a queue of deltas.
type fifo struct {
	name        string
	keyFunc     KeyFunc
	transformer TransformFunc
	queue       deltafifo.Queue[any]

	// popping makes consumers take turns; no user code but process runs
	// under it.
	popping sync.Mutex
	closed  atomic.Bool
}

func newFIFO(kind, name string, keyFunc KeyFunc, transformer TransformFunc) fifo {
	if name == "" {
		name = kind
	}
	if keyFunc == nil {
		keyFunc = MetaNamespaceKeyFunc
	}
	return fifo{name: name, keyFunc: keyFunc, transformer: transformer}
}

// engineOptions are what both queues tell their engine.
func (f *fifo) engineOptions(logger *klog.Logger) deltafifo.Options[any] {
	opts := deltafifo.Options[any]{Name: f.name, Transform: f.transformLive()}
	if logger != nil {
		opts.Logger = *logger
	}
	return opts
}

// transformLive is the transform for everything but tombstones, which hold
// objects that have been transformed before.
func (f *fifo) transformLive() func(any) (any, error) {
	if f.transformer == nil {
		return nil
	}
	return func(obj any) (any, error) {
		if _, gone := obj.(DeletedFinalStateUnknown); gone {
			return obj, nil
		}
		return f.transformer(obj)
	}
}

// background is the context of client-go's methods, which have none.
func background() context.Context { return context.Background() }

// Add queues an Added. The error is a KeyError when obj has no key, or that of
// the transform. After Close it does nothing.
func (f *fifo) Add(obj interface{}) error {
	return producerError(obj, f.queue.Add(background(), obj))
}

// Update is Add with an Updated.
func (f *fifo) Update(obj interface{}) error {
	return producerError(obj, f.queue.Update(background(), obj))
}

// Delete is Add with a Deleted. obj may be a DeletedFinalStateUnknown.
func (f *fifo) Delete(obj interface{}) error {
	return producerError(obj, f.queue.Delete(background(), obj))
}

// Replace queues a list: what it holds, and what it shows to be gone. With an
// error nothing of it is queued.
func (f *fifo) Replace(list []interface{}, resourceVersion string) error {
	if err := f.queue.Begin(background()); err != nil {
		return producerError(nil, err)
	}
	if err := f.queue.Page(background(), list); err != nil {
		f.queue.Abort()
		return producerError(nil, f.firstRefused(list, err))
	}
	return producerError(nil, f.queue.Commit(background(), resourceVersion))
}

// firstRefused finds the object of a list that has no key, for the KeyError.
func (f *fifo) firstRefused(list []interface{}, err error) error {
	for _, obj := range list {
		if _, keyErr := f.keyOf(obj); keyErr != nil {
			return KeyError{Obj: obj, Err: keyErr}
		}
	}
	return err
}

// HasSynced tells whether the first list has been processed, or an event came
// before it.
func (f *fifo) HasSynced() bool { return f.queue.HasSynced() }

// HasSyncedChecker is done when HasSynced turns true.
func (f *fifo) HasSyncedChecker() DoneChecker { return f }

// Name is the name of the queue.
func (f *fifo) Name() string { return f.name }

// Done is closed when HasSynced turns true.
func (f *fifo) Done() <-chan struct{} { return f.queue.Synced() }

// Transformer is the transform that objects go through before they are queued,
// or nil.
func (f *fifo) Transformer() TransformFunc { return f.transformer }

// Close lets Pop end once it has emptied the queue.
func (f *fifo) Close() {
	f.closed.Store(true)
	f.queue.Close()
}

// IsClosed tells whether Close was called.
func (f *fifo) IsClosed() bool { return f.closed.Load() }

// pop takes one batch, after other consumers.
func (f *fifo) pop(process func(deltafifo.Batch[any]) error) error {
	f.popping.Lock()
	defer f.popping.Unlock()
	err := f.queue.Pop(background(), process)
	if err == deltafifo.ErrClosed {
		return ErrFIFOClosed
	}
	return err
}

// keyOf is the key of an object, of Deltas, or of a tombstone.
func (f *fifo) keyOf(obj any) (string, error) {
	if deltas, ok := obj.(Deltas); ok {
		if len(deltas) == 0 {
			return "", KeyError{Obj: obj, Err: ErrZeroLengthDeltasObject}
		}
		obj = deltas.Newest().Object
	}
	if delta, ok := obj.(Delta); ok {
		obj = delta.Object
	}
	if gone, ok := obj.(DeletedFinalStateUnknown); ok {
		return gone.Key, nil
	}
	return f.keyFunc(obj)
}

// producerError makes of an engine's error what client-go's queues return.
// They take what comes after Close and never hand it out, so that is no error.
func producerError(obj any, err error) error {
	if err == nil || errors.Is(err, deltafifo.ErrClosed) {
		return nil
	}
	var refused *deltafifo.ItemError
	if errors.As(err, &refused) {
		if refused.Key == "" {
			return KeyError{Obj: obj, Err: refused.Err}
		}
		return refused.Err
	}
	return err
}

// toDelta makes client-go's Delta of an engine's. The names of the types are the
// same in both.
func toDelta(d *deltafifo.Delta[any]) Delta {
	converted := Delta{Type: DeltaType(d.Type.String()), Object: d.Object}
	switch d.Type {
	case deltafifo.Deleted:
		if d.FinalStateUnknown {
			converted.Object = tombstone(d.Key, d.Object)
		}
	case deltafifo.ReplacedAll:
		converted.Object = ReplacedAllInfo{ResourceVersion: d.List.ResourceVersion, Objects: d.List.Objects}
	case deltafifo.SyncAll:
		converted.Object = SyncAllInfo{}
	case deltafifo.Bookmark:
		converted.Object = BookmarkInfo{ResourceVersion: d.ResourceVersion}
	}
	return converted
}

// tombstone is what a handler gets for an object whose deletion was missed.
// An object that is one already stays as it is.
func tombstone(key string, obj any) DeletedFinalStateUnknown {
	if gone, ok := obj.(DeletedFinalStateUnknown); ok {
		return gone
	}
	return DeletedFinalStateUnknown{Key: key, Obj: obj}
}
