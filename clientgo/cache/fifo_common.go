package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"
)

// fifo is what DeltaFIFO and RealFIFO have in common: client-go's methods
// around a queue of deltas.
type fifo struct {
	name        string
	keyFunc     KeyFunc
	transformer TransformFunc
	bareErrors  bool // Replace returns errors of the transform as they are
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

// logger returns the logger that was given, or klog's, with the name of the queue.
func (f *fifo) logger(given *klog.Logger) klog.Logger {
	return klog.LoggerWithName(ptr.Deref(given, klog.Background()), f.name)
}

// engineOptions are the options that both queues give their engine.
func (f *fifo) engineOptions(logger *klog.Logger) deltafifo.Options[any] {
	return deltafifo.Options[any]{
		Name:        f.name,
		Transform:   f.transformLive(),
		Renew:       true,
		KeepRepeats: true,
		Logger:      ptr.Deref(logger, klog.Background()),
	}
}

// transformLive returns the transform for everything but tombstones, whose objects
// have been transformed before. As in client-go an object stays under the key that
// it had before its transform.
func (f *fifo) transformLive() func(any) (any, error) {
	if f.transformer == nil {
		return nil
	}
	return func(obj any) (any, error) {
		if _, gone := obj.(DeletedFinalStateUnknown); gone {
			return obj, nil
		}
		key, err := f.keyOf(obj)
		if err != nil {
			return nil, err
		}
		out, err := f.transformer(obj)
		if err != nil {
			return nil, &transformError{err}
		}
		if now, err := f.keyOf(out); err == nil && now == key {
			return out, nil
		}
		return rekeyed{key: key, obj: out}, nil
	}
}

// transformError marks what the transform returned.
type transformError struct{ err error }

func (e *transformError) Error() string { return e.err.Error() }
func (e *transformError) Unwrap() error { return e.err }

// rekeyed is an object with the key that it had before its transform, which
// gave it another or none. It stands in for the object inside the engine.
type rekeyed struct {
	key string
	obj any
}

// plainly is the object itself.
func plainly(obj any) any {
	if r, ok := obj.(rekeyed); ok {
		return r.obj
	}
	return obj
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

// replace queues a list; commit ends it. With an error nothing of it is queued.
// A nil list is one without pages and stays nil, but for a transform.
func (f *fifo) replace(list []interface{}, commit func() error) error {
	if err := f.beginList(); err != nil {
		return err
	}
	if list == nil && f.transformer == nil {
		return commit()
	}
	if err := f.addPage(list); err != nil {
		f.abortList()
		return f.listError(list, err)
	}
	return commit()
}

// beginList, addPage and abortList are the parts of a list that comes in
// pages, see storeSink. After Close they do nothing.
func (f *fifo) beginList() error { return unlessClosed(f.queue.Begin(background())) }

func (f *fifo) addPage(items []any) error {
	return unlessClosed(f.queue.Page(background(), items))
}

func (f *fifo) abortList() { f.queue.Abort() }

func (f *fifo) endList(resourceVersion string) error {
	return unlessClosed(f.queue.Commit(background(), resourceVersion))
}

// listError turns the error of a page into what client-go's Replace returns: the
// error of the first object without a key, or else of the first one that the
// transform refused.
func (f *fifo) listError(list []interface{}, err error) error {
	for _, obj := range list {
		if _, keyErr := f.keyOf(obj); keyErr != nil {
			return KeyError{Obj: obj, Err: keyErr}
		}
	}
	if f.bareErrors {
		return producerError(nil, err)
	}
	return fmt.Errorf("couldn't enqueue object: %w", producerError(nil, err))
}

// HasSynced reports whether the first list has been processed, or an event came
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

// Close makes Pop return ErrFIFOClosed once it has emptied the queue.
func (f *fifo) Close() {
	f.closed.Store(true)
	f.queue.Close()
}

// IsClosed reports whether Close was called.
func (f *fifo) IsClosed() bool { return f.closed.Load() }

// pop takes one batch. It waits for other consumers.
func (f *fifo) pop(process func(deltafifo.Batch[any]) error) error {
	f.popping.Lock()
	defer f.popping.Unlock()
	err := f.queue.Pop(background(), process)
	if err == deltafifo.ErrClosed {
		return ErrFIFOClosed
	}
	return err
}

// keyOf returns the key of an object, of Deltas, or of a tombstone.
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
	switch o := obj.(type) {
	case DeletedFinalStateUnknown:
		return o.Key, nil
	case rekeyed:
		return o.key, nil
	}
	return f.keyFunc(obj)
}

// producerError turns an engine's error into what client-go's queues return: the
// transform's own error, or a KeyError.
func producerError(obj any, err error) error {
	err = unlessClosed(err)
	var refused *object.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	var transform *transformError
	if errors.As(refused.Err, &transform) {
		return transform.err
	}
	return KeyError{Obj: obj, Err: refused.Err}
}

// unlessClosed returns err, but nil for the error of a queue that is closed:
// client-go's queues drop what comes after Close, without an error.
func unlessClosed(err error) error {
	if errors.Is(err, deltafifo.ErrClosed) {
		return nil
	}
	return err
}

// toDelta turns an engine's delta into client-go's. The words of the types are the
// same in both.
func toDelta(d *deltafifo.Delta[any]) Delta {
	converted := Delta{Type: DeltaType(d.Type.String()), Object: plainly(d.Object)}
	switch d.Type {
	case deltafifo.DeltaDeleted:
		if d.FinalStateUnknown {
			converted.Object = tombstone(d.Key, converted.Object)
		}
	case deltafifo.DeltaReplacedAll:
		converted.Object = ReplacedAllInfo{ResourceVersion: d.List.ResourceVersion, Objects: listed(d.List)}
	case deltafifo.DeltaSyncAll:
		converted.Object = SyncAllInfo{}
	case deltafifo.DeltaBookmark:
		converted.Object = BookmarkInfo{ResourceVersion: d.ResourceVersion}
	}
	return converted
}

// listed returns the objects of a list, without the keys that a transform left.
func listed(l *deltafifo.List[any]) []any {
	for i, obj := range l.Objects {
		l.Objects[i] = plainly(obj)
	}
	return l.Objects
}

// tombstone returns what a handler gets for an object whose deletion was missed.
// An object that is a tombstone already stays as it is.
func tombstone(key string, obj any) DeletedFinalStateUnknown {
	if gone, ok := obj.(DeletedFinalStateUnknown); ok {
		return gone
	}
	return DeletedFinalStateUnknown{Key: key, Obj: obj}
}
