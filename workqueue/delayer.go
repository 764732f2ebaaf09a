package workqueue

import (
	"sync"
	"time"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// LayerOptions are the options of the layers that work over a queue of
// another make. They mean what they mean in Options.
type LayerOptions struct {
	Name     string
	Metrics  MetricsProvider // only its retries metric is used
	Clock    clock.WithTicker
	Logger   *klog.Logger
	OnMisuse func(*MisuseError)
	Tolerant bool
}

// Delayer is the delaying layer over a queue of another make, such as one of
// client-go's. It keeps entries of its own, for delayed items only, and adds
// an item to the queue below when its delay ends.
type Delayer[T comparable] struct {
	Interface[T]

	name     string
	clock    clock.WithTicker
	base     time.Time
	logger   *klog.Logger
	onMisuse func(*MisuseError)
	tolerant bool
	retries  CounterMetric

	mu      sync.Mutex
	table   table[T]
	delays  delays[T]
	dropped int
	down    bool

	// firing is held while due items are added to the queue below, so that
	// two calls of fire cannot change their order.
	firing sync.Mutex
}

// NewDelayingOver puts the delaying layer on a queue, which must not be nil.
// ShutDown must be called on the result, not on the queue below.
func NewDelayingOver[T comparable](below Interface[T], o LayerOptions) *Delayer[T] {
	if below == nil {
		panic("workqueue: NewDelayingOver needs a queue to work over: use NewDelaying for one of its own")
	}
	q := &Delayer[T]{
		Interface: below,
		name:      o.Name, clock: o.Clock, logger: o.Logger, onMisuse: o.OnMisuse, tolerant: o.Tolerant,
		table: table[T]{cache: cache{limit: limitFor[T](0)}},
	}
	if o.Clock != nil {
		q.base = o.Clock.Now()
	}
	q.delays.alarm = newAlarm(&q.mu, q.clock, q.base, q.fire)
	if o.Name != "" && o.Metrics != nil {
		q.retries = o.Metrics.NewRetriesMetric(o.Name)
	}
	return q
}

func (q *Delayer[T]) now() int64 {
	if q.clock == nil {
		return int64(time.Since(start))
	}
	return int64(q.clock.Since(q.base))
}

// AddAfter is that of DelayingQueue.
func (q *Delayer[T]) AddAfter(item T, delay time.Duration) {
	if delay < 0 && !q.tolerant {
		tellMisuse(q.onMisuse, q.logger, q.name, "AddAfter", item, ErrNegativeDelay)
	}
	if q.ShuttingDown() {
		tellMisuse(q.onMisuse, q.logger, q.name, "AddAfter", item, ErrShutDown)
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

// Cancel is that of DelayingQueue.
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

// Reschedule is that of DelayingQueue.
func (q *Delayer[T]) Reschedule(item T, delay time.Duration, how Pending) bool {
	if delay < 0 && !q.tolerant {
		tellMisuse(q.onMisuse, q.logger, q.name, "Reschedule", item, ErrNegativeDelay)
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

// WhenReady is that of DelayingQueue.
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

// Stats counts the items of the queue below that wait, and the delays. Items
// in hand are not known.
func (q *Delayer[T]) Stats() Stats {
	waits := q.Len()
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{Waiting: waits, Delayed: q.delays.len(), Dropped: q.dropped}
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

// fire adds the items whose delay has ended, without the lock: the queue below
// is not ours.
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
