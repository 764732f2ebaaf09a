package informer

import (
	"errors"
	"fmt"
	"time"

	"github.com/informant-go/informant/internal/nils"
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

	// ResyncRate is how many objects a second a resync tells the handler of, about:
	// the time between two of them has a random part. They come behind all other
	// events, and those are left out that the handler was told of since the resync
	// began. One that takes longer than the ResyncPeriod is finished before the next
	// one begins; a handler for which something always waits is never resynced. 0
	// tells the handler of all objects at once, atomically.
	ResyncRate int

	// Logger is used for what is to be said about the handler, its panics
	// above all, and is that of the context of its callbacks. The zero value
	// is the informer's logger.
	Logger klog.Logger

	// Panics is what follows a panic of the handler (I8), and OnPanic, if not nil,
	// is told of it in the place of a log, unless that is PanicCrash. The goroutine
	// that panicked calls it, under no lock.
	Panics  PanicPolicy
	OnPanic func(*PanicError)

	// Backlog says how many events may wait for the handler, and what happens
	// when there are more (I7). The zero value sets no bound.
	Backlog Backlog

	// The fields that follow say of which events the handler is called; an
	// event must fulfil all that are set. That is found out before the handler
	// is woken, by the goroutine that writes the store, or by the handler's own
	// while that is awake. An object that begins to fulfil Namespace,
	// LabelSelector and Index is an EventAdd for the handler, one that ceases
	// to an EventDelete, so that I1 holds. It does not hold for what
	// NoInitialList and Reasons keep from the handler: Updates and Deletes come
	// for keys that it was not given, and their Old is the state before. Nor does
	// it for an EventDelete without an Old, which may come for such a key as well.

	// NoInitialList leaves out what is there when the handler joins, and the
	// first list of the server.
	NoInitialList bool

	// Namespace is the namespace of the objects, "" for all.
	Namespace string

	// LabelSelector selects by labels, in the syntax of labels.Parse: "app=web,tier!=db".
	// "" selects all.
	LabelSelector string

	// Index and IndexValue select the objects for which the index function of
	// the store that is called Index gives IndexValue. The index must be there
	// when the handler is added.
	Index, IndexValue string

	// Reasons are those of the events, none for all. Without ReasonResync the
	// handler is not resynced.
	Reasons []Reason
}

// AddHandler adds a handler, at any time. The handler gets what the store holds,
// as one snapshot, and then exactly what follows; nobody else notices, and
// the call neither waits nor copies, whatever the store holds (I4). While the
// informer does not run, the handler's events wait for the next Run.
//
// The error is ErrNoHandler for a nil handler, and for a nil pointer or function
// as one; ErrNoPanicPolicy for HandlerOptions.Panics that are none; and it wraps
// ErrHandlerOptions for what else of opts cannot be used. It corresponds to
// client-go's AddEventHandlerWithOptions.
func (in *SharedIndexInformer[T]) AddHandler(handler Handler[T], opts HandlerOptions) (*Registration[T], error) {
	return in.AddFilteredHandler(nil, handler, opts)
}

// AddFilteredHandler is AddHandler for a handler that is called only for objects
// for which filter is true, as with a FilteringHandler; but filter is asked
// before the handler is woken. It is called by several goroutines at once, and
// must give the same answer whenever it is asked about the same state. An object
// over which it panics does not pass, if the process survives that (I8). It is not
// asked about an EventDelete without an Old, which passes. A nil filter lets everything
// pass.
func (in *SharedIndexInformer[T]) AddFilteredHandler(filter func(obj T) bool, handler Handler[T], opts HandlerOptions) (*Registration[T], error) {
	if nils.Is(handler) {
		return nil, about(in.Name(), ErrNoHandler)
	}
	if opts.Panics > PanicRemove {
		return nil, about(in.Name(), ErrNoPanicPolicy)
	}
	selection, err := in.selection(filter, opts)
	if err := errors.Join(opts.Backlog.check(), opts.checkRate(), err); err != nil {
		return nil, fmt.Errorf("%w: %w (informer %s)", ErrHandlerOptions, err, in.Name())
	}
	if opts.Name == "" {
		opts.Name = fmt.Sprintf("%T", handler)
	}
	if opts.Logger.GetSink() != nil {
		opts.Logger = klog.LoggerWithValues(opts.Logger, "informer", in.Name())
	}
	r := &Registration[T]{
		p:         in.processor,
		name:      opts.Name,
		logger:    opts.Logger,
		selection: selection,
		caller:    caller[T]{handler: handler},

		resyncRate: opts.ResyncRate,
	}
	if opts.Backlog.Policy != BacklogUnbounded {
		r.inbox = newInbox[T](opts.Backlog, in.processor.room)
	}
	r.caller.configure(opts)
	in.processor.add(r, in.resyncPeriodOf(opts, selection))
	return r, nil
}

// checkRate returns what is wrong with the ResyncRate, nil if nothing is.
func (o *HandlerOptions) checkRate() error {
	if o.ResyncRate < 0 {
		return fmt.Errorf("the ResyncRate is %d: give the number of objects a second, or 0 for resyncs that tell of all at once", o.ResyncRate)
	}
	return nil
}

// resyncPeriodOf is how often a handler wants to be resynced.
func (in *SharedIndexInformer[T]) resyncPeriodOf(opts HandlerOptions, s *selection[T]) time.Duration {
	switch {
	case !s.wants(ReasonResync):
		return -1
	case opts.ResyncPeriod == 0:
		return in.resyncPeriod
	}
	return opts.ResyncPeriod
}
