package cache

import (
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	upstream "k8s.io/client-go/tools/cache"
)

// RealFIFO is client-go's RealFIFO on the in-order queue of this module. It has
// the methods of client-go's type and is a type of its own, as DeltaFIFO is.
// It differs in that producers never wait for process, whatever
// UnlockWhileProcessing says, and in that a Replace with an object that has no
// key changes nothing.
//
// The engine queues a list as one delta. Without AtomicEvents that delta is
// unfolded into client-go's deltas when the consumer gets to it: which keys are
// gone is then decided by the known objects, as the consumer has left them, and
// by what it was handed since Replace.
type RealFIFO struct {
	fifo
	engine    *deltafifo.InOrder[any]
	atomic    bool
	bookmarks bool
	known     KeyListerGetter // nil with atomic
	metrics   queueMetrics

	unfolded unfolded // the consumer's, under popping
	first    firstList
}

var (
	_ upstream.QueueWithBatch         = (*RealFIFO)(nil)
	_ upstream.TransformingStore      = (*RealFIFO)(nil)
	_ upstream.ReflectorBookmarkStore = (*RealFIFO)(nil)
	_ upstream.DoneChecker            = (*RealFIFO)(nil)
)

// NewRealFIFO is NewRealFIFOWithOptions with three of the options. It
// corresponds to client-go's NewRealFIFO; knownObjects must not be nil.
func NewRealFIFO(keyFunc KeyFunc, knownObjects KeyListerGetter, transformer TransformFunc) *RealFIFO {
	return NewRealFIFOWithOptions(RealFIFOOptions{KeyFunction: keyFunc, KnownObjects: knownObjects, Transformer: transformer})
}

// NewRealFIFOWithOptions returns an empty RealFIFO. It corresponds to
// client-go's NewRealFIFOWithOptions and panics for the same combinations of
// options.
func NewRealFIFOWithOptions(opts RealFIFOOptions) *RealFIFO {
	checkRealFIFO(opts)
	name := opts.Name
	if id := opts.Identifier.Name(); id != "" {
		name = id
	}
	f := &RealFIFO{
		fifo:      newFIFO("RealFIFO", name, opts.KeyFunction, opts.Transformer),
		atomic:    opts.AtomicEvents,
		bookmarks: opts.EmitDeltaTypeBookmark,
		known:     opts.KnownObjects,
		metrics:   newQueueMetrics(opts.Identifier, opts.MetricsProvider),
		first:     firstList{done: make(chan struct{})},
	}
	f.bareErrors = opts.AtomicEvents
	f.unfolded.logger = f.logger(opts.Logger)
	engine, err := deltafifo.NewInOrderWithAccess(object.Keyed(f.keyOf, object.Fields[any]{}), f.engineOptions(opts.Logger))
	if err != nil {
		panic(err) // the Access has a Key
	}
	f.engine, f.queue = engine, engine
	return f
}

// checkRealFIFO panics with client-go's texts.
func checkRealFIFO(opts RealFIFOOptions) {
	switch {
	case opts.AtomicEvents && opts.KnownObjects != nil:
		panic("coding error: knownObjects must not be provided when AtomicEvents is true: leave one of them out")
	case opts.AtomicEvents:
	case opts.UnlockWhileProcessing:
		panic("coding error: UnlockWhileProcessing must be false when AtomicEvents is false")
	case opts.KnownObjects == nil:
		panic("coding error: knownObjects must be provided when AtomicEvents is false: set one of them")
	case opts.EmitDeltaTypeBookmark:
		panic("coding error: EmitDeltaTypeBookmark must be false when AtomicEvents is false")
	}
}

// Add queues an Added. The error is a KeyError when obj has no key, or that of
// the transform. After Close it does nothing.
func (f *RealFIFO) Add(obj interface{}) error {
	f.first.event()
	return f.queued(f.fifo.Add(obj))
}

// Update is Add with an Updated.
func (f *RealFIFO) Update(obj interface{}) error {
	f.first.event()
	return f.queued(f.fifo.Update(obj))
}

// Delete is Add with a Deleted. obj may be a DeletedFinalStateUnknown.
func (f *RealFIFO) Delete(obj interface{}) error {
	f.first.event()
	return f.queued(f.fifo.Delete(obj))
}

// Replace queues a list. With an error nothing of it is queued.
func (f *RealFIFO) Replace(list []interface{}, resourceVersion string) error {
	return f.replace(list, func() error { return f.commitList(len(list), resourceVersion) })
}

// commitList ends a list of which n objects came.
func (f *RealFIFO) commitList(n int, resourceVersion string) error {
	if f.atomic {
		if err := f.endList(resourceVersion); err != nil {
			return err
		}
		f.first.list(false)
		return f.queued(nil)
	}
	takeBack := f.unfolded.announce()
	if err := f.endList(resourceVersion); err != nil {
		takeBack()
		return err
	}
	// An empty list that meets nothing is done with at once, if it is the
	// first: no event came before it then.
	f.first.list(n == 0 && len(f.known.ListKeys()) == 0)
	return f.queued(nil)
}

// Resync asks for the state of every object once more, unless such a request
// waits already.
func (f *RealFIFO) Resync() error {
	if !f.atomic && !f.unfolded.announceResync() {
		return nil
	}
	return f.queued(producerError(nil, f.engine.Resync()))
}

// Bookmark queues a bookmark, if EmitDeltaTypeBookmark is set.
func (f *RealFIFO) Bookmark(resourceVersion string) error {
	if !f.bookmarks {
		return nil
	}
	return f.queued(producerError(nil, f.engine.Bookmark(background(), resourceVersion)))
}

// queued sets the metric of how much waits, and returns err.
func (f *RealFIFO) queued(err error) error {
	f.metrics.waiting(f.waiting)
	return err
}

// waiting is how many deltas wait.
func (f *RealFIFO) waiting() int { return f.engine.Len() + f.unfolded.len() }

// Pop waits for a delta and calls process with it, as Deltas of one, which it
// returns. One Pop or PopBatch runs at a time; others wait. The error is
// ErrFIFOClosed when the queue is closed and empty, else that of process.
func (f *RealFIFO) Pop(process PopProcessFunc) (interface{}, error) {
	f.popping.Lock()
	defer f.popping.Unlock()
	deltas, err := f.take(1)
	if err != nil {
		return nil, err
	}
	return Deltas(deltas), f.process(deltas, func(initial bool) error { return process(Deltas(deltas), initial) })
}

// PopBatch is Pop for up to 1,000 deltas of as many keys, which go to
// processBatch; one alone goes to processSingle.
func (f *RealFIFO) PopBatch(processBatch ProcessBatchFunc, processSingle PopProcessFunc) error {
	f.popping.Lock()
	defer f.popping.Unlock()
	deltas, err := f.take(deltafifo.DefaultMaxBatch)
	if err != nil {
		return err
	}
	return f.process(deltas, func(initial bool) error {
		if len(deltas) == 1 {
			return processSingle(Deltas(deltas), initial)
		}
		return processBatch(deltas, initial)
	})
}

// process calls hand, which hands deltas out. They count as processed afterwards,
// even if hand fails or panics.
func (f *RealFIFO) process(deltas []Delta, hand func(initial bool) error) error {
	defer func() {
		if f.unfolded.len() == 0 {
			f.first.processed()
		}
	}()
	f.metrics.waiting(f.waiting)
	start := time.Now()
	err := hand(!f.HasSynced())
	f.metrics.latency.Observe(time.Since(start).Seconds())
	return err
}

// take returns the next deltas, up to limit of them, waiting for the first.
// popping is held.
func (f *RealFIFO) take(limit int) ([]Delta, error) {
	for f.unfolded.len() == 0 {
		err := f.queue.Pop(background(), func(batch deltafifo.Batch[any]) error {
			f.unfold(batch.Deltas)
			return nil
		})
		if err == deltafifo.ErrClosed {
			return nil, ErrFIFOClosed
		}
		if err != nil {
			return nil, err
		}
	}
	return f.unfolded.take(limit, f.keyOf), nil
}

// unfold turns the engine's deltas into client-go's.
func (f *RealFIFO) unfold(deltas []deltafifo.Delta[any]) {
	for i := range deltas {
		d := &deltas[i]
		switch {
		case d.Type == deltafifo.DeltaReplacedAll && !f.atomic:
			f.first.unfolding()
			f.unfolded.list(d.List, f.known)
			if f.unfolded.len() == 0 {
				f.first.processed()
			}
		case d.Type == deltafifo.DeltaSyncAll && !f.atomic:
			f.unfolded.resync(f.known)
		default:
			if d.Type == deltafifo.DeltaReplacedAll {
				f.first.unfolding()
			}
			f.unfolded.add(toDelta(d))
		}
	}
}

// HasSynced reports whether the first list has been processed, or an event came
// before it.
func (f *RealFIFO) HasSynced() bool { return IsDone(f) }

// HasSyncedChecker is done when HasSynced turns true.
func (f *RealFIFO) HasSyncedChecker() DoneChecker { return f }

// Done is closed when HasSynced turns true.
func (f *RealFIFO) Done() <-chan struct{} { return f.first.done }
