package informer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/internal/eventlog"
)

// processor hands what the store went through to the handlers: the writer
// appends each event once to one log, and each handler reads it at its own
// pace in a goroutine of its own (I3).
//
// How a handler joins (I4): its snapshot and its place in the log must speak
// of the same state. A batch is first applied, without a lock because index
// functions are the user's, and then appended under mu. Between open and
// publish the two disagree; publish admits the handlers that join meanwhile.
// Nobody waits for anybody, but for handlers that asked for BacklogBackpressure.
//
// A handler with a Backlog reads an inbox and not the log. What is for it is put
// there behind publish, by the same goroutine and so in the same order.
type processor[T any] struct {
	base *base[T]
	log  eventlog.Log[entry[T]]

	// epoch is the beginning of the time that now tells.
	epoch time.Time

	// room has a token when there is room in an inbox where there was none.
	room chan struct{}

	// syncedC is closed when synced turns true.
	syncedC chan struct{}

	mu sync.Mutex // guards what follows; held shortly, never over user code

	// handlers has every registration that was not removed; joining those of
	// them that wait for publish and have no reader yet.
	handlers map[*Registration[T]]struct{}
	joining  []*Registration[T]

	// special are the handlers with an inbox or a selection. The slice is made
	// anew for each change, so that it can be used without the lock.
	special []*Registration[T]

	// applying is true while the store may be ahead of the log, handing while it
	// may be ahead of the log or an inbox. leaving are handlers that were
	// drained meanwhile.
	applying, handing bool
	leaving           []*Registration[T]

	// synced is true when the end of the first list is in the log.
	synced bool

	// unfilled is true while handlers that join are not told of what the
	// store holds: until the first run, with Options.SkipFilled.
	unfilled bool

	// followers are those of the views of this informer.
	followers []*follower[T]

	// ctx is that of the present run; nil when there is none, or when it is
	// ending, and then no goroutine may be started.
	ctx context.Context

	// lastID numbers the registrations.
	lastID uint64

	resync resyncPlan[T]

	// atWork has a lock of its own.
	atWork atWork[T]
}

var _ consumer[any] = (*processor[any])(nil)

// newProcessor returns a processor that lacks its base.
func newProcessor[T any]() *processor[T] {
	return &processor[T]{
		epoch:    time.Now(),
		room:     make(chan struct{}, 1),
		syncedC:  make(chan struct{}),
		handlers: make(map[*Registration[T]]struct{}),
		resync:   resyncPlan[T]{changed: make(chan struct{}, 1)},
	}
}

// now is the time, above 0, in nanoseconds that only their differences mean
// something of.
func (p *processor[T]) now() int64 { return int64(time.Since(p.epoch)) + 1 }

// consume applies a batch and appends its events: the store first, then the
// handlers (I2). It implements consumer.
func (p *processor[T]) consume(ctx context.Context, b deltafifo.Batch[T]) {
	a := &p.base.applier
	a.at = p.now()
	special := p.open()
	// Also when the user's code panics: the events of what is stored are sent
	// (I2), and handlers that joined meanwhile must not wait for ever.
	defer func() {
		p.publish(a.entries, special)
		if len(special) > 0 {
			p.distribute(ctx, special, a.entries)
			p.settle()
		}
		a.tidy()
	}()
	if b.Deltas[0].Type == deltafifo.DeltaSyncAll {
		a.entries = append(a.entries, p.resyncMark()...)
		return
	}
	a.apply(b, b.Initial && !isClosed(p.syncedC))
}

// open announces that the store is about to get ahead of the log. It returns the
// handlers that have joined and are special.
func (p *processor[T]) open() []*Registration[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applying, p.handing = true, true
	return p.special
}

// publish appends the events of what was applied since open. special are the
// handlers that open has returned: if there are none, everybody has the events.
func (p *processor[T]) publish(entries []entry[T], special []*Registration[T]) {
	quiet := asleep(special, entries)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.AppendBut(entries, quiet)
	p.applying, p.handing = false, len(special) > 0
	p.admit()
	p.lead()
	if !p.handing {
		p.seal()
	}
}

// markSynced appends the end of the first list, the first time. It implements
// consumer.
func (p *processor[T]) markSynced() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.synced {
		return
	}
	p.synced = true
	mark := []entry[T]{{at: p.now()}}
	p.log.Append(mark)
	for _, r := range p.special {
		if r.inbox != nil && r.joined {
			r.inbox.put(mark, true)
		}
	}
	close(p.syncedC)
}

// add registers r, with the resync period that it asks for.
func (p *processor[T]) add(r *Registration[T], period time.Duration) {
	for _, l := range p.register(r, period) {
		l.say()
	}
}

// register is add, and returns what is to be said about r's period.
func (p *processor[T]) register(r *Registration[T], period time.Duration) (say []lessOften) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	r.id = p.lastID
	for name, n := r.name, r.id; p.isNamed(r.name); n++ {
		r.name = fmt.Sprintf("%s#%d", name, n)
	}
	r.asked, r.period, r.resynced = period, p.resync.admit(period), time.Now()
	p.handlers[r] = struct{}{}
	if r.inbox != nil || r.selection != nil {
		p.special = append(slices.Clone(p.special), r)
	}
	p.joining = append(p.joining, r)
	if !p.applying {
		p.admit()
	}
	if p.ctx == nil {
		return nil // start says it, when everybody has asked
	}
	return p.lessOften(p.ctx, slices.Values([]*Registration[T]{r}))
}

// isNamed reports whether a handler has that name. The caller holds mu.
func (p *processor[T]) isNamed(name string) bool {
	for r := range p.handlers {
		if r.name == name {
			return true
		}
	}
	return false
}

// admit lets the waiting handlers join: the store agrees with the log. The
// caller holds mu.
func (p *processor[T]) admit() {
	for _, r := range p.joining {
		p.join(r)
		if p.ctx != nil {
			p.launch(r)
		}
	}
	clear(p.joining)
	p.joining = p.joining[:0]
}

// join fixes the place of r among the events. The caller holds mu.
func (p *processor[T]) join(r *Registration[T]) {
	r.joined, r.awaitsMark = true, !p.synced
	if !p.unfilled && r.selection.wants(ReasonInitial) {
		r.backlog = &backlog[T]{snapshot: p.base.store.Snapshot(), reason: ReasonInitial, at: p.now()}
		r.owed.Store(int64(r.backlog.snapshot.Len()))
	}
	switch {
	case r.inbox == nil:
		r.reader = p.log.Join()
	case r.coalesces() && r.backlog == nil:
		r.inbox.unfold(newFold[T]())
	}
}

// start gives every handler its goroutine. It implements consumer.
func (p *processor[T]) start(ctx context.Context) {
	for _, l := range p.launchAll(ctx) {
		l.say()
	}
}

// launchAll is start, and returns what is to be said about resync periods.
func (p *processor[T]) launchAll(ctx context.Context) (say []lessOften) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx = ctx
	p.unfilled = false
	p.resync.fixed = true
	for r := range p.handlers {
		r.halt.CompareAndSwap(haltStopped, haltNot)
		if r.joined {
			p.launch(r)
		}
	}
	return p.lessOften(ctx, maps.Keys(p.handlers))
}

// launch starts the goroutine of r. The caller holds mu.
func (p *processor[T]) launch(r *Registration[T]) {
	r.active = true
	ctx := p.ctx
	p.base.lifecycle.Go("handler "+r.name, func() { r.run(ctx) })
}

// stop tells the goroutines of the handlers to end. What they have not
// delivered they deliver in the next run. It implements consumer.
func (p *processor[T]) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx = nil
	p.resync.fixed = false
	for r := range p.handlers {
		r.halt.CompareAndSwap(haltNot, haltStopped)
		if r.active {
			r.interrupt()
		}
	}
}

// remove takes r out, because of the failure if there is one, and reports whether
// it was there. It never waits (I5).
func (p *processor[T]) remove(r *Registration[T], failure error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.halt.Load() == haltRemoved {
		return false
	}
	r.failure = failure
	r.halt.Store(haltRemoved)
	p.forget(r)
	switch {
	case !r.active:
		r.dispose()
	case r.inbox != nil:
		r.inbox.drop() // now, should the callback never return
	default:
		r.reader.Interrupt()
	}
	return true
}

// forget drops what p knows of r. The caller holds mu.
func (p *processor[T]) forget(r *Registration[T]) {
	is := func(other *Registration[T]) bool { return other == r }
	delete(p.handlers, r)
	r.endWaits()
	p.resync.forget(r)
	p.joining = slices.DeleteFunc(p.joining, is)
	p.leaving = slices.DeleteFunc(p.leaving, is)
	if i := slices.Index(p.special, r); i >= 0 {
		p.special = slices.Delete(slices.Clone(p.special), i, i+1)
	}
}

// drain removes r once it has been told of what is stored. It never waits (I5).
func (p *processor[T]) drain(r *Registration[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.leaving || r.halt.Load() == haltRemoved {
		return
	}
	r.leaving = true
	p.leaving = append(p.leaving, r)
	if !p.handing {
		p.seal()
	}
}

// settle notes that log and inboxes have what the store has.
func (p *processor[T]) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handing = false
	p.seal()
}

// seal ends the events of the handlers that leave at the present state of the
// store, which the log and all inboxes have. The caller holds mu.
func (p *processor[T]) seal() {
	leaving := p.leaving
	p.leaving = nil
	for _, r := range leaving {
		if r.inbox != nil {
			r.inbox.seal()
		} else {
			r.last.Store(p.log.End() + 1)
			r.reader.Interrupt()
		}
		if !r.active && p.told(r) {
			r.halt.Store(haltRemoved)
			p.forget(r)
			r.dispose()
		}
	}
}

// told reports whether r, which has joined and has no goroutine, was drained and has
// been told of everything. The caller holds mu.
func (p *processor[T]) told(r *Registration[T]) bool {
	if r.backlog != nil || len(r.caller.held) > 0 {
		return false
	}
	if r.inbox != nil {
		return r.inbox.drained()
	}
	last := r.last.Load()
	return last > 0 && r.reader.Position()+1 >= last
}

// ended notes that the goroutine of r is over; ok is false when the handler
// ended it, which only runtime.Goexit and a panic can. One that a Stop has ended may
// have come to the end of a Drain.
func (p *processor[T]) ended(r *Registration[T], ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.active = false
	if !ok || p.told(r) {
		r.halt.Store(haltRemoved)
		p.forget(r)
	}
	if r.halt.Load() == haltRemoved {
		r.dispose()
	}
}

// entry is what the shared log and the inboxes hold: an event for all handlers
// or, with a round, for those that the round names. Without an event type it is a
// mark: with a round, the round's handlers repeat their objects here; with none,
// the first list ends here. A handler that coalesces has repeated them by then.
type entry[T any] struct {
	Event[T]
	round *round[T]

	// at is when the informer had the event from its queue.
	at int64
}

// isSyncMark reports whether the first list ends with this entry.
func (e *entry[T]) isSyncMark() bool { return e.Type == 0 && e.round == nil }

// isResyncMark reports whether objects are to be repeated here.
func (e *entry[T]) isResyncMark() bool { return e.Type == 0 && e.round != nil }

// concerns reports whether the event is for r.
func (e *entry[T]) concerns(r *Registration[T]) bool {
	return e.round == nil || e.round.includes(r)
}

// counts reports whether the bound of a Backlog is about the entry.
func (e *entry[T]) counts() bool { return e.Type != 0 && e.Reason != ReasonInitial }
