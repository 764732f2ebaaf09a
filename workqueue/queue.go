package workqueue

import (
	"math"
	"time"

	"k8s.io/utils/clock"
)

// start is the origin of the real clock's readings, which are kept as
// nanoseconds: a third of a time.Time, and cheaper to make.
var start = time.Now()

// Queue hands each item that is added to one worker at a time. It corresponds
// to client-go's Typed, whose TypedInterface it satisfies.
//
// The zero value is ready for use. All methods may be called by any goroutine;
// a Queue must not be copied. No user code runs under the lock of a queue, a
// Storage excepted.
type Queue[T comparable] struct {
	// There is one entry for each key that waits, is being processed, is
	// delayed or has failed. The layers above, DelayingQueue and
	// RateLimitingQueue, use the same entries under the same lock.

	// These are set at construction and never changed.
	misuses  misuses
	clock    clock.WithTicker // nil is the real clock
	base     time.Time        // origin of the readings of clock
	group    func(T) string
	storage  Storage[T]
	meter    *meter
	tolerant bool
	merge    bool // Options.AddTakesDelay

	// special is set for a queue with group, storage, meter or merge. Add, Get
	// and Done have a shorter way for a queue without.
	special bool

	// mu guards the fields below. Nothing waits under it.
	mu         lock
	table      table[T]
	last       entry[T] // the entry handed out last, until it is done
	ready      ready[T] // unused with a storage
	waiters    waiters
	processing int
	busy       fifo[T] // entries that are processing or dirty; only with a meter
	delays     delays[T]
	seen       int64     // the last reading of the real clock by delay; 0 is none
	failed     failed[T] // only with a Backoff
	tokens     tokens    // only with Tokens
	dropped    int

	down   bool
	drain  chan struct{} // closed to end the wait of ShutDownWithDrain; nil if nobody waits
	ticker *ticker       // nil without a meter and after shutdown
}

// New returns a queue. It corresponds to client-go's NewTypedWithConfig. With
// metrics, ShutDown must be called to end their goroutine.
func New[T comparable](o Options[T]) *Queue[T] {
	q := new(Queue[T])
	q.setup(&o)
	q.misuses.options("New", o.unused(partOrder))
	return q
}

func (q *Queue[T]) setup(o *Options[T]) {
	q.misuses = misusesOf(o)
	q.group, q.storage, q.tolerant = o.Group, o.Storage, o.Tolerant
	if o.Clock != nil {
		q.clock, q.base = o.Clock, o.Clock.Now()
	}
	q.table.cache.limit = limitFor[T](o.IdleEntries)
	q.ready.aging = o.Aging
	if q.meter = newMeter(o.Name, o.Metrics, o.PriorityDepth); q.meter != nil {
		q.table.rank() // for busy
		q.ticker = startTicker(o.Clock, q.reportUnfinished)
	}
	q.special = q.meter != nil || q.group != nil || q.storage != nil
}

// now reads the clock, in nanoseconds since some origin. With an injected clock it
// must not be called under the lock, for that clock is user code.
func (q *Queue[T]) now() int64 {
	if q.clock == nil {
		return int64(time.Since(start))
	}
	return int64(q.clock.Since(q.base))
}

// outcome says what became of an addition.
type outcome uint8

const (
	merged  outcome = iota // the item waits already
	added                  // it waits now, or will after Done
	rose                   // it waits already, with a lower priority
	refused                // the queue is shut down
)

// addition says what must be done after the lock is released.
type addition struct {
	wake     *waiter
	outcome  outcome
	priority int32 // of the item, if it waits
	from     int32 // its priority before, if it rose
}

// Add asks that item is handed to a worker. An item that already waits is merged
// with it; one that is being processed is queued once more after Done (Q2).
func (q *Queue[T]) Add(item T) {
	if q.special {
		q.addPriority("Add", item, 0)
		return
	}
	hash := hashOf(item)
	if !q.mu.tryLock() {
		q.mu.insist()
	}
	if q.down {
		q.mu.Unlock()
		q.misuses.call("Add", item, ErrShutDown)
		return
	}
	wake := q.admitPlain(q.table.ensure(hash, item))
	q.mu.Unlock()
	if wake != nil {
		wake.signal()
	}
}

// admitPlain is admit for Add in a plain queue.
func (q *Queue[T]) admitPlain(e entry[T]) *waiter {
	if e.phase() != idle {
		return q.admit(e, 0, 0).wake
	}
	e.enter(waiting)
	if q.table.ranked {
		q.prioritize(e, 0)
		q.ready.push(&q.table.slabs, e)
	} else {
		q.ready.append(&q.table.slabs, e)
	}
	return q.waiters.next()
}

// AddPriority is Add with a priority: the higher goes out first, within the
// bound of Options.Aging. An item that waits keeps the higher of the two, and
// goes behind those of its new priority when it rises.
func (q *Queue[T]) AddPriority(item T, priority int) {
	q.addPriority("AddPriority", item, clamp(priority))
}

func (q *Queue[T]) addPriority(call string, item T, priority int32) {
	name, now := "", int64(0)
	if q.group != nil {
		name = q.group(item)
	}
	if q.meter != nil {
		now = q.now()
	}
	q.after(call, item, q.add(item, priority, name, now))
}

// after does what must not be done under the lock.
func (q *Queue[T]) after(call string, item T, a addition) {
	a.wake.signal()
	q.meter.added(a)
	if a.outcome == refused {
		q.misuses.call(call, item, ErrShutDown)
	}
}

func (q *Queue[T]) add(item T, priority int32, group string, now int64) addition {
	hash := hashOf(item)
	q.mu.Lock()
	defer q.mu.Unlock() // a Storage can panic
	if q.down {
		return addition{outcome: refused}
	}
	e := q.entry(hash, item, group)
	if q.merge && e.delayed() {
		priority = max(priority, e.later())
		q.delays.remove(&q.table.slabs, e)
	}
	return q.admit(e, priority, now)
}

// entry returns the entry of item, which it makes if there is none.
func (q *Queue[T]) entry(hash mark, item T, group string) entry[T] {
	e := q.table.ensure(hash, item)
	if q.group != nil && e.group() == nil {
		q.ready.join(e, group)
	}
	return e
}

// admit makes e wait, or wait once more after Done.
func (q *Queue[T]) admit(e entry[T], priority int32, now int64) addition {
	switch e.phase() {
	case idle:
		q.prioritize(e, priority)
		q.stampAdded(e, now)
		return addition{wake: q.line(e), outcome: added, priority: priority}
	case processing:
		e.enter(dirty)
		q.prioritize(e, priority)
		q.stampAdded(e, now)
		return addition{outcome: added, priority: priority}
	default:
		return q.again(e, priority)
	}
}

// again merges an addition with e, which is waiting or dirty.
func (q *Queue[T]) again(e entry[T], priority int32) addition {
	from, waits := e.priority(), e.phase() == waiting
	if waits && q.storage != nil {
		q.storage.Touch(e.item())
	}
	if priority <= from {
		return addition{}
	}
	if waits && q.storage == nil {
		q.ready.rise(&q.table.slabs, e, priority)
	} else {
		q.prioritize(e, priority)
	}
	return addition{outcome: rose, priority: priority, from: from}
}

// prioritize gives e a priority. It must be in no FIFO queue.
func (q *Queue[T]) prioritize(e entry[T], priority int32) {
	if priority != 0 {
		q.ready.rank(&q.table.slabs)
	}
	if r := e.rank(); r != nil {
		r.priority = priority
	}
}

// line puts e, which must not be waiting, among the entries that wait, and returns
// the waiter to wake.
func (q *Queue[T]) line(e entry[T]) *waiter {
	if q.storage != nil {
		q.storage.Push(e.item()) // can panic: e is then not waiting
		e.enter(waiting)
	} else {
		e.enter(waiting)
		q.ready.push(&q.table.slabs, e)
	}
	return q.waiters.next()
}

// Len is the number of items that wait for a worker.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.len()
}

func (q *Queue[T]) len() int {
	if q.storage != nil {
		return q.storage.Len()
	}
	return q.ready.n
}

// Stats are the numbers of items in a queue at one moment.
type Stats struct {
	Waiting    int // for a worker
	Processing int // with a worker; from Get to Done
	Delayed    int // with a delay that has not ended; they can wait or be processed besides
	Dropped    int // delays that were dropped by a shutdown (Q5)
}

// Stats counts the items of the queue.
func (q *Queue[T]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{Waiting: q.len(), Processing: q.processing, Delayed: q.delays.len(), Dropped: q.dropped}
}

// clamp brings a priority into the range that an entry can hold.
func clamp(priority int) int32 {
	return int32(min(max(priority, math.MinInt32), math.MaxInt32))
}
