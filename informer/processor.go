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
// Nobody waits for anybody.
type processor[T any] struct {
	base *base[T]
	log  eventlog.Log[entry[T]]

	// syncedC is closed when synced turns true.
	syncedC chan struct{}

	mu sync.Mutex // guards what follows; held shortly, never over user code

	// handlers has every registration that was not removed; joining those of
	// them that wait for publish and have no reader yet.
	handlers map[*Registration[T]]struct{}
	joining  []*Registration[T]

	// applying is true while the store may be ahead of the log.
	applying bool

	// synced is true when the end of the first list is in the log.
	synced bool

	// unfilled is true while handlers that join are not told of what the
	// store holds: until the first run, with Options.SkipFilled.
	unfilled bool

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
		syncedC:  make(chan struct{}),
		handlers: make(map[*Registration[T]]struct{}),
		resync:   resyncPlan[T]{changed: make(chan struct{}, 1)},
	}
}

// consume applies a batch and appends its events: the store first, then the
// handlers (I2). It implements consumer.
func (p *processor[T]) consume(_ context.Context, b deltafifo.Batch[T]) {
	a := &p.base.applier
	p.open()
	// Also when the user's code panics: the events of what is stored are sent
	// (I2), and handlers that joined meanwhile must not wait for ever.
	defer func() {
		p.publish(a.entries)
		a.tidy()
	}()
	if b.Deltas[0].Type == deltafifo.DeltaSyncAll {
		a.entries = append(a.entries, p.resyncMark()...)
		return
	}
	a.apply(b, b.Initial && !isClosed(p.syncedC))
}

// open announces that the store is about to get ahead of the log.
func (p *processor[T]) open() {
	p.mu.Lock()
	p.applying = true
	p.mu.Unlock()
}

// publish appends the events of what was applied since open.
func (p *processor[T]) publish(entries []entry[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Append(entries)
	p.applying = false
	p.admit()
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
	p.log.Append([]entry[T]{{}})
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
	for other := range p.handlers {
		if other.name == r.name {
			r.name = fmt.Sprintf("%s#%d", r.name, r.id)
			break
		}
	}
	r.asked, r.period, r.resynced = period, p.resync.admit(period), time.Now()
	p.handlers[r] = struct{}{}
	p.joining = append(p.joining, r)
	if !p.applying {
		p.admit()
	}
	if p.ctx == nil {
		return nil // start says it, when everybody has asked
	}
	return p.lessOften(p.ctx, slices.Values([]*Registration[T]{r}))
}

// admit lets the waiting handlers join: the store agrees with the log. The
// caller holds mu.
func (p *processor[T]) admit() {
	for _, r := range p.joining {
		r.reader = p.log.Join()
		if !p.unfilled {
			r.backlog.snapshot, r.backlog.reason = p.base.store.Snapshot(), ReasonInitial
		}
		r.awaitsMark = !p.synced
		if p.ctx != nil {
			p.launch(r)
		}
	}
	clear(p.joining)
	p.joining = p.joining[:0]
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
		if r.reader != nil {
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
			r.reader.Interrupt()
		}
	}
}

// remove takes r out. It never waits (I5).
func (p *processor[T]) remove(r *Registration[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.halt.Swap(haltRemoved) == haltRemoved {
		return
	}
	delete(p.handlers, r)
	p.resync.forget(r)
	for i, j := range p.joining {
		if j == r {
			p.joining = append(p.joining[:i], p.joining[i+1:]...)
			break
		}
	}
	if r.active {
		r.reader.Interrupt()
		return
	}
	r.dispose()
}

// ended notes that the goroutine of r is over; ok is false when the handler
// ended it, which only runtime.Goexit and a panic can.
func (p *processor[T]) ended(r *Registration[T], ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.active = false
	if !ok {
		r.halt.Store(haltRemoved)
		delete(p.handlers, r)
		p.resync.forget(r)
	}
	if r.halt.Load() == haltRemoved {
		r.dispose()
	}
}

// entry is what the shared log holds: an event for all handlers or, with a
// round, for those that the round names. Without an event type it is a mark:
// with a round, the round's handlers repeat their objects here; with none, the
// first list ends here.
type entry[T any] struct {
	Event[T]
	round *round[T]
}

// isSyncMark reports whether the first list ends with this entry.
func (e *entry[T]) isSyncMark() bool { return e.Type == 0 && e.round == nil }

// isResyncMark reports whether objects are to be repeated here.
func (e *entry[T]) isResyncMark() bool { return e.Type == 0 && e.round != nil }

// concerns reports whether the event is for r.
func (e *entry[T]) concerns(r *Registration[T]) bool {
	return e.round == nil || e.round.includes(r)
}
