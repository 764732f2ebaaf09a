package workqueue

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Delayer is the delaying layer over a queue of another make, such as one of
// client-go's. It keeps the delays, and adds an item to the queue below when its
// delay ends. It is made by NewDelayingOver; all methods may be called by any
// goroutine.
type Delayer[T comparable] struct {
	Interface[T]

	misuses  misuses
	clock    clock.WithTicker
	base     time.Time
	tolerant bool
	retries  CounterMetric

	mu      sync.Mutex
	table   table[T]
	delays  delays[T]
	dropped int
	down    bool

	// firing is locked while due items are added to the queue below, so that
	// two calls of fire cannot change their order.
	firing sync.Mutex
}

// NewDelayingOver puts the delaying layer on a queue. It panics if below is nil.
// ShutDown must be called on the result, not on the queue below. It corresponds
// to the Queue of client-go's TypedDelayingQueueConfig.
func NewDelayingOver[T comparable](below Interface[T], o Options[T]) *Delayer[T] {
	if below == nil {
		panic("workqueue: NewDelayingOver needs a queue to work over: use NewDelaying for one of its own")
	}
	q := &Delayer[T]{
		Interface: below,
		misuses:   misusesOf(&o), clock: o.Clock, tolerant: o.Tolerant,
		table: table[T]{cache: cache{limit: limitFor[T](o.IdleEntries)}},
	}
	if o.Clock != nil {
		q.base = o.Clock.Now()
	}
	q.delays.alarm = newAlarm(&q.mu, q.clock, q.base, q.fire)
	if o.Name != "" && o.Metrics != nil {
		q.retries = o.Metrics.NewRetriesMetric(o.Name)
	}
	q.misuses.options("NewDelayingOver", o.unused(0))
	return q
}

func (q *Delayer[T]) now() int64 {
	if q.clock == nil {
		return int64(time.Since(start))
	}
	return int64(q.clock.Since(q.base))
}

// AddAfter adds item to the queue below once delay has passed, or at once if it
// is not positive. It merges and drops delays as that of DelayingQueue does.
func (q *Delayer[T]) AddAfter(item T, delay time.Duration) {
	if delay < 0 && !q.tolerant {
		q.misuses.call("AddAfter", item, ErrNegativeDelay)
	}
	if q.ShuttingDown() {
		q.misuses.call("AddAfter", item, ErrShutDown)
		return
	}
	if q.retries != nil {
		q.retries.Inc()
	}
	if delay <= 0 {
		q.Add(item)
		return
	}
	q.delay(item, int64(delay))
}

func (q *Delayer[T]) delay(item T, delay int64) {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down {
		return
	}
	e := q.table.ensure(hash, item)
	q.delays.put(&q.table.slabs, e, later(now, delay), PendingEarliest)
	q.delays.arm(now)
}

// Cancel ends the pending delay of item without adding it, and reports whether
// there was one.
func (q *Delayer[T]) Cancel(item T) bool {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || !e.delayed() {
		return false
	}
	q.delays.remove(&q.table.slabs, e)
	q.table.retire(e)
	q.delays.arm(now)
	return true
}

// Reschedule moves the pending delay of item so that it ends after delay from
// now, as far as how allows, and reports whether there was one to move. A delay
// that is not positive ends at once.
func (q *Delayer[T]) Reschedule(item T, delay time.Duration, how Pending) bool {
	if delay < 0 && !q.tolerant {
		q.misuses.call("Reschedule", item, ErrNegativeDelay)
	}
	if !q.reschedule(item, max(0, int64(delay)), how) {
		return false
	}
	if delay <= 0 {
		q.fire()
	}
	return true
}

func (q *Delayer[T]) reschedule(item T, delay int64, how Pending) bool {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || !e.delayed() {
		return false
	}
	q.delays.put(&q.table.slabs, e, later(now, delay), how)
	q.delays.arm(now)
	return true
}

// WhenReady returns when the pending delay of item ends; ok is false when it has
// none.
func (q *Delayer[T]) WhenReady(item T) (at time.Time, ok bool) {
	wall := wallOf(q.clock)
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || !e.delayed() {
		return time.Time{}, false
	}
	return wall.Add(until(q.delays.at(e), now)), true
}

// DelayerStats are the numbers of items of a Delayer at one moment. How many are
// being processed only the queue below knows.
type DelayerStats struct {
	Waiting int // for a worker, in the queue below
	Delayed int // with a delay that has not ended
	Dropped int // delays that were dropped by a shutdown (Q5)
}

// Stats counts the items of the queue below that wait, and the delays.
func (q *Delayer[T]) Stats() DelayerStats {
	waits := q.Len()
	q.mu.Lock()
	defer q.mu.Unlock()
	return DelayerStats{Waiting: waits, Delayed: q.delays.len(), Dropped: q.dropped}
}

// ShutDown drops and counts the delays, and shuts down the queue below.
func (q *Delayer[T]) ShutDown() {
	q.stop()
	q.Interface.ShutDown()
}

// ShutDownWithDrain drops and counts the delays, and drains the queue below.
func (q *Delayer[T]) ShutDownWithDrain() {
	q.stop()
	q.Interface.ShutDownWithDrain()
}

func (q *Delayer[T]) stop() {
	q.mu.Lock()
	q.down = true
	q.dropped += q.delays.drop(&q.table.slabs, func(e entry[T]) { q.table.retire(e) })
	q.mu.Unlock()
	q.delays.alarm.stop()
}

// fire adds the items whose delay has ended. It holds firing but not mu while it
// does so: the queue below is not ours.
func (q *Delayer[T]) fire() {
	q.firing.Lock()
	defer q.firing.Unlock()
	for {
		due, more := q.ripen(q.now())
		for _, item := range due {
			q.Add(item)
		}
		if !more {
			return
		}
	}
}

func (q *Delayer[T]) ripen(now int64) (due []T, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.delays.isSet = false
	for range firing {
		e := q.delays.due(&q.table.slabs, now)
		if e.none() {
			q.delays.arm(now)
			return due, false
		}
		q.delays.remove(&q.table.slabs, e)
		due = append(due, e.item())
		q.table.retire(e)
	}
	return due, true
}
