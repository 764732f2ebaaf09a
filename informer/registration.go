package informer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/internal/eventlog"
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
	// for keys that it was not given, and their Old is the state before.

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
// over which it panics does not pass, if the process survives that (I8). A nil
// filter lets everything pass.
func (in *SharedIndexInformer[T]) AddFilteredHandler(filter func(obj T) bool, handler Handler[T], opts HandlerOptions) (*Registration[T], error) {
	if nils.Is(handler) {
		return nil, about(in.Name(), ErrNoHandler)
	}
	if opts.Panics > PanicRemove {
		return nil, about(in.Name(), ErrNoPanicPolicy)
	}
	selection, err := in.selection(filter, opts)
	if err := errors.Join(opts.Backlog.check(), err); err != nil {
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
		synced:    make(chan struct{}),
		done:      make(chan struct{}),
	}
	if opts.Backlog.Policy != BacklogUnbounded {
		r.inbox = newInbox[T](opts.Backlog, in.processor.room)
	}
	r.caller.configure(opts)
	in.processor.add(r, in.resyncPeriodOf(opts, selection))
	return r, nil
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

	// selection is what the handler wants to be told of, nil for everything.
	selection *selection[T]

	// inbox is what waits for a handler with a Backlog, which has no reader.
	inbox *inbox[T]

	synced chan struct{}
	done   chan struct{}

	// halt tells the handler's goroutine to end, after the callback that it
	// is in. It is written under p.mu, and read before each callback.
	halt atomic.Uint32

	// caller has the handler. The goroutine of the handler uses it.
	caller caller[T]

	// active is true while the handler has a goroutine, joined once its place
	// among the events is fixed, and leaving after Drain. asked is how often it
	// asked for a resync, period how often it is due, 0 for never, and resynced
	// when it was due last. They are guarded by p.mu.
	active, joined, leaving bool
	asked, period           time.Duration
	resynced                time.Time

	// owesResync is true while there is a resync mark that the handler has yet
	// to reach.
	owesResync atomic.Bool

	// reader is written once, under p.mu, when a handler without an inbox
	// joins. backlog and awaitsMark are written when the handler joins and are
	// then those of the handler's goroutine, while there is one. awaitsMark is
	// true when the end of the first list is yet to be read.
	reader     *eventlog.Reader[entry[T]]
	backlog    backlog[T]
	awaitsMark bool

	// last is 0, or after Drain one more than the number of entries of the log
	// up to the last one that a handler with a reader is told of.
	last atomic.Uint64

	// owed is the number of objects of the backlog that are to be told of.
	owed atomic.Int64

	meter meter
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
// delivered is dropped. It may be called more than once, and after Drain.
//
// It corresponds to client-go's RemoveEventHandler, and with a wait for Done to
// ShutDownEventHandler.
func (r *Registration[T]) Remove() { r.p.remove(r, nil) }

// Drain is Remove once the handler has been told of everything that is in the
// store now. It never waits either (I5); Done is closed in the end. While the
// informer does not run, what is left waits for the next Run, or for Remove.
func (r *Registration[T]) Drain() { r.p.drain(r) }

// Done is closed after Remove, when no callback runs any more and none will.
func (r *Registration[T]) Done() <-chan struct{} { return r.done }

// Err is why the handler was removed without a Remove: a *BacklogError where
// BacklogFail has done it. It is nil before and otherwise.
func (r *Registration[T]) Err() error {
	if r.inbox == nil {
		return nil
	}
	if err := r.inbox.failed.Load(); err != nil {
		return err
	}
	return nil
}

// run delivers until it is halted.
func (r *Registration[T]) run(ctx context.Context) {
	ok := false
	defer func() { r.p.ended(r, ok) }()
	r.caller.begin(r.context(ctx), r.name, r)
	defer r.caller.end()
	for r.proceeds() {
		switch {
		case r.backlog.pending():
			r.drainBacklog()
		case r.inbox != nil:
			r.takeIn()
		default:
			r.readOn()
		}
	}
	ok = true
}

// readOn delivers the next entries of the log, which it waits for.
func (r *Registration[T]) readOn() {
	r.markSynced()
	if last := r.last.Load(); last > 0 && r.reader.Position()+1 >= last {
		if r.settled() {
			r.Remove()
		}
		return
	}
	entries := r.reader.Unread()
	if entries == nil {
		r.meter.idle()
		entries = r.reader.Next()
	}
	// A Drain that comes now is about more than these entries.
	if last := r.last.Load(); last > 0 {
		left := last - min(last, r.reader.Position()+1)
		entries = entries[:min(uint64(len(entries)), left)]
	}
	r.deliver(entries)
}

// takenIn is how many entries are taken from an inbox in a row.
const takenIn = 256

// takeIn delivers the next entries of the inbox, which it waits for.
func (r *Registration[T]) takeIn() {
	r.markSynced()
	e, ok := r.inbox.take()
	switch {
	case !ok && r.inbox.drained():
		if r.settled() {
			r.Remove()
		}
	case !ok:
		r.meter.idle()
		<-r.inbox.wake
	}
	for n := 1; ok; e, ok = r.inbox.take() {
		if r.handle(&e) || r.halt.Load() != haltNot || n == takenIn {
			return
		}
		n++
	}
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

// drainBacklog delivers the snapshot, or has the inbox of a handler that
// coalesces take it in.
func (r *Registration[T]) drainBacklog() {
	if r.coalesces() {
		r.unfold()
		return
	}
	at := r.backlog.at
	r.backlog.drain(r.selection, func(event Event[T]) bool {
		if event, ok := r.selection.see(event); ok {
			r.note(at)
			r.call(event)
		}
		r.owed.Add(-1)
		return r.halt.Load() == haltNot
	}, func() bool { return r.halt.Load() == haltRemoved })
	if !r.backlog.pending() {
		r.owed.Store(0)
	}
}

func (r *Registration[T]) coalesces() bool {
	return r.inbox != nil && r.inbox.backlog.Policy == BacklogCoalesce
}

// unfold turns the snapshot into events that later ones can be merged into.
func (r *Registration[T]) unfold() {
	f := newFold[T]()
	for key, obj := range r.backlog.all(r.selection) {
		if event, ok := r.selection.see(r.backlog.event(key, obj)); ok {
			f.put(&entry[T]{Event: event, at: r.backlog.at})
		}
	}
	if !r.awaitsMark { // the snapshot is all of the initial list (I6)
		r.awaitsMark = true
		f.put(&entry[T]{})
	}
	r.inbox.unfold(f)
	r.backlog.drop()
	r.owed.Store(0)
}

// deliver hands entries of the log to the handler, until it is halted or a
// mark asks for a backlog to be delivered first.
func (r *Registration[T]) deliver(entries []entry[T]) {
	for i := range entries {
		r.reader.Advance(1)
		if r.handle(&entries[i]) || r.halt.Load() != haltNot {
			return
		}
	}
}

// handle delivers one entry. It reports whether there is a backlog to be
// delivered before the next one.
func (r *Registration[T]) handle(e *entry[T]) (backlogFirst bool) {
	switch {
	case e.isSyncMark():
		r.awaitsMark = false
		r.markSynced()
	case e.isResyncMark():
		return r.beginResync(e)
	case !e.concerns(r):
	case r.inbox != nil || r.selection == nil: // what is in an inbox has passed
		r.note(e.at)
		r.call(e.Event)
	default:
		if event, ok := r.selection.see(e.Event); ok {
			r.note(e.at)
			r.call(event)
		}
	}
	return false
}

// note measures how long an event waited that is about to be delivered.
func (r *Registration[T]) note(stored int64) {
	if r.inbox != nil || r.meter.due() {
		r.meter.look(stored, r.p.now())
	}
}

// beginResync makes the snapshot that the mark has for r the next thing to be
// delivered. A handler that coalesces was given it by then.
func (r *Registration[T]) beginResync(mark *entry[T]) bool {
	if r.coalesces() {
		r.owesResync.Store(false)
		return false
	}
	snapshot := mark.round.targets[r]
	if snapshot == nil {
		return false
	}
	r.owesResync.Store(false)
	r.owed.Store(int64(snapshot.Len()))
	r.backlog = backlog[T]{snapshot: snapshot, reason: ReasonResync, at: mark.at}
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
		r.pause(time.Until(end))
	}
}

// pause waits for d, or less when r is interrupted.
func (r *Registration[T]) pause(d time.Duration) {
	if r.inbox == nil {
		r.reader.Pause(d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.inbox.wake:
	}
}

// interrupt has the handler's goroutine look at halt and last. r has joined.
func (r *Registration[T]) interrupt() {
	if r.inbox != nil {
		r.inbox.interrupt()
	} else {
		r.reader.Interrupt()
	}
}

// dispose gives back what r holds. It has no goroutine and gets none any more;
// the caller holds p.mu.
func (r *Registration[T]) dispose() {
	if r.reader != nil {
		r.reader.Leave()
	}
	if r.inbox != nil {
		r.inbox.drop()
	}
	r.backlog.drop()
	r.owed.Store(0)
	r.caller.drop()
	close(r.done)
}
