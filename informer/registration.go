package informer

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/internal/eventlog"
	"k8s.io/klog/v2"
)

// HandlerOptions are the settings of one handler. The zero value is the
// sensible default. It corresponds to client-go's HandlerOptions.
type HandlerOptions struct {
	// Name stands in errors, in logs and on the debug page; "" is the type of
	// the handler. A number is added if the informer has that name already.
	Name string

	// ResyncPeriod is how often the handler is told of every object again:
	// 0 as the informer's Options say, below 0 never. Periods under one
	// second count as one; those under the informer's shortest, once it
	// runs, as that one; others are rounded up to a multiple of it. What
	// becomes less often by that than was asked for is logged. A handler that
	// stands still is resynced once for all that was due meanwhile.
	ResyncPeriod time.Duration

	// Logger is used for what is to be said about the handler, its panics
	// above all, and is that of the context of its callbacks. The zero value
	// is the informer's logger.
	Logger klog.Logger

	// Panics is what follows a panic of the handler (I8), and OnPanic, if not nil,
	// is told of it in the place of a log, unless that is PanicCrash. The goroutine
	// that panicked calls it, under no lock.
	Panics  PanicPolicy
	OnPanic func(*PanicError)
}

// AddHandler adds a handler, at any time. The handler gets what the store holds,
// as one snapshot, and then exactly what follows; nobody else notices, and
// the call neither waits nor copies, whatever the store holds (I4). While the
// informer does not run, the handler's events wait for the next Run.
//
// The error is ErrNoHandler for a nil handler, and for a nil pointer or function
// as one, and ErrNoPanicPolicy for HandlerOptions.Panics that are none. It corresponds to client-go's
// AddEventHandlerWithOptions.
func (in *SharedIndexInformer[T]) AddHandler(handler Handler[T], opts HandlerOptions) (*Registration[T], error) {
	if isNil(handler) {
		return nil, about(in.Name(), ErrNoHandler)
	}
	if opts.Panics > PanicRemove {
		return nil, about(in.Name(), ErrNoPanicPolicy)
	}
	if opts.Name == "" {
		opts.Name = fmt.Sprintf("%T", handler)
	}
	if opts.ResyncPeriod == 0 {
		opts.ResyncPeriod = in.resyncPeriod
	}
	if opts.Logger.GetSink() != nil {
		opts.Logger = klog.LoggerWithValues(opts.Logger, "informer", in.Name())
	}
	r := &Registration[T]{
		p:      in.processor,
		name:   opts.Name,
		logger: opts.Logger,
		caller: caller[T]{handler: handler},
		synced: make(chan struct{}),
		done:   make(chan struct{}),
	}
	r.caller.configure(opts)
	in.processor.add(r, opts.ResyncPeriod)
	return r, nil
}

// The values of Registration.halt. From haltRemoved nothing leads away.
const (
	haltNot     uint32 = iota
	haltStopped        // the informer is not running, or ending
	haltRemoved        // for good
)

// Registration is a handler's place in an informer. It corresponds to
// client-go's ResourceEventHandlerRegistration. Any goroutine may call its
// methods, the handler's callbacks included.
type Registration[T any] struct {
	p      *processor[T]
	id     uint64
	name   string
	logger klog.Logger // of its options

	synced chan struct{}
	done   chan struct{}

	// halt tells the handler's goroutine to end, after the callback that it
	// is in. It is written under p.mu, and read before each callback.
	halt atomic.Uint32

	// caller has the handler. The goroutine of the handler uses it.
	caller caller[T]

	// active is true while the handler has a goroutine. asked is how often
	// it asked for a resync, period how often it is due, 0 for never, and
	// resynced when it was due last. They are guarded by p.mu.
	active        bool
	asked, period time.Duration
	resynced      time.Time

	// owesResync is true while there is a resync mark in the log that the
	// handler has yet to reach.
	owesResync atomic.Bool

	// reader, nil while joining, is written once, under p.mu. backlog and
	// awaitsMark are written with it and are then those of the handler's
	// goroutine, while there is one. awaitsMark is true when the end of the
	// first list is yet to be read.
	reader     *eventlog.Reader[entry[T]]
	backlog    backlog[T]
	awaitsMark bool
}

// Name is the name of the handler, unique in its informer.
func (r *Registration[T]) Name() string { return r.name }

// HasSynced reports whether the handler has been called for its whole initial
// list, of which the informer's first list is part (I6). It never turns back.
func (r *Registration[T]) HasSynced() bool { return isClosed(r.synced) }

// Synced is closed when HasSynced turns true. A handler that was removed before
// never syncs.
func (r *Registration[T]) Synced() <-chan struct{} { return r.synced }

// Remove ends the handler's events. It never waits: a callback that runs, in
// which Remove may have been called, is the last one (I5). What was not
// delivered is dropped. It may be called more than once.
//
// It corresponds to client-go's RemoveEventHandler, and with a wait for Done to
// ShutDownEventHandler.
func (r *Registration[T]) Remove() { r.p.remove(r) }

// Done is closed after Remove, when no callback runs any more and none will.
func (r *Registration[T]) Done() <-chan struct{} { return r.done }

// run delivers until it is halted.
func (r *Registration[T]) run(ctx context.Context) {
	ok := false
	defer func() { r.p.ended(r, ok) }()
	r.caller.begin(r.context(ctx), r.name, r)
	defer r.caller.end()
	for r.proceeds() {
		if r.backlog.pending() {
			r.drainBacklog()
		} else {
			r.markSynced()
			r.deliver(r.reader.Next())
		}
	}
	ok = true
}

// context returns the context of callbacks, given that of the run.
func (r *Registration[T]) context(ctx context.Context) context.Context {
	if r.logger.GetSink() == nil {
		return ctx
	}
	return klog.NewContext(ctx, r.logger)
}

// markSynced notes that the initial list is delivered, unless the end of the
// first list is still to come.
func (r *Registration[T]) markSynced() {
	if !r.awaitsMark && !r.HasSynced() && r.settled() {
		close(r.synced)
	}
}

func (r *Registration[T]) drainBacklog() {
	r.backlog.drain(func(event Event[T]) bool {
		r.call(event)
		return r.halt.Load() == haltNot
	}, func() bool { return r.halt.Load() == haltRemoved })
}

// deliver hands entries of the log to the handler, until it is halted or a
// mark asks for a backlog to be delivered first.
func (r *Registration[T]) deliver(entries []entry[T]) {
	for i := range entries {
		e := &entries[i]
		r.reader.Advance(1)
		switch {
		case e.isSyncMark():
			r.awaitsMark = false
			r.markSynced()
		case e.isResyncMark():
			if r.beginResync(e.round) {
				return
			}
		case e.concerns(r):
			r.call(e.Event)
		}
		if r.halt.Load() != haltNot {
			return
		}
	}
}

// beginResync makes the snapshot that the round has for r the next thing to be
// delivered.
func (r *Registration[T]) beginResync(round *round[T]) bool {
	snapshot := round.targets[r]
	if snapshot == nil {
		return false
	}
	r.owesResync.Store(false)
	r.backlog = backlog[T]{snapshot: snapshot, reason: ReasonResync}
	return true
}

// call makes one callback. After a panic that the process survived the event
// counts as delivered, and there is a pause.
func (r *Registration[T]) call(event Event[T]) {
	if !r.caller.call(event) {
		r.rest(crashPause)
	}
}

// proceeds hands a handler of batches what has come, and reports whether there may be
// further callbacks.
func (r *Registration[T]) proceeds() bool {
	if r.halted() {
		return false
	}
	r.flush()
	return !r.halted()
}

// settled reports whether the handler has dealt with all that it was told of.
func (r *Registration[T]) settled() bool {
	r.flush()
	return r.caller.settled()
}

func (r *Registration[T]) flush() {
	if !r.caller.flush() {
		r.rest(crashPause)
	}
}

// halted reports whether no further callback may begin.
func (r *Registration[T]) halted() bool { return r.halt.Load() != haltNot }

// rest waits for d or until r is halted.
func (r *Registration[T]) rest(d time.Duration) {
	for end := time.Now().Add(d); r.halt.Load() == haltNot && time.Now().Before(end); {
		r.reader.Pause(time.Until(end))
	}
}

// dispose gives back what r holds. It has no goroutine and gets none any more;
// the caller holds p.mu.
func (r *Registration[T]) dispose() {
	if r.reader != nil {
		r.reader.Leave()
	}
	r.backlog.drop()
	r.caller.drop()
	close(r.done)
}
