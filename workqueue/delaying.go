package workqueue

import (
	"time"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// DelayingOptions are the options of NewDelaying. Those of Options mean what
// they mean there.
type DelayingOptions[T comparable] struct {
	Name          string
	Metrics       MetricsProvider
	PriorityDepth PriorityGauge
	Clock         clock.WithTicker
	Logger        *klog.Logger
	OnMisuse      func(*MisuseError)
	Storage       Storage[T]
	Group         func(item T) string
	Aging         int
	IdleEntries   int
	Tolerant      bool

	// AddTakesDelay merges an addition and a pending delay of the same item:
	// an Add runs the item now and ends its delay, and a delay asked for
	// while the item waits is none. controller-runtime's priority queue does
	// that. By default, as in client-go, the delay stays and the item runs
	// twice.
	AddTakesDelay bool
}

func (o DelayingOptions[T]) queue() Options[T] {
	return Options[T]{
		Name: o.Name, Metrics: o.Metrics, PriorityDepth: o.PriorityDepth, Clock: o.Clock,
		Logger: o.Logger, OnMisuse: o.OnMisuse, Storage: o.Storage, Group: o.Group,
		Aging: o.Aging, IdleEntries: o.IdleEntries, Tolerant: o.Tolerant,
	}
}

// DelayingQueue is a Queue whose items can be added later (Q4). It satisfies
// client-go's TypedDelayingInterface.
//
// The zero value is ready for use. Nothing runs in the background while
// nothing is delayed; on the real clock a timer is all that ever does.
type DelayingQueue[T comparable] struct {
	Queue[T]
}

// NewDelaying returns a delaying queue. It corresponds to client-go's
// NewTypedDelayingQueueWithConfig. NewDelayingOver puts the same layer on a
// queue of another make.
func NewDelaying[T comparable](o DelayingOptions[T]) *DelayingQueue[T] {
	q := new(DelayingQueue[T])
	q.setup(o)
	return q
}

func (q *DelayingQueue[T]) setup(o DelayingOptions[T]) {
	q.Queue.setup(o.queue())
	q.meter.countRetries(o.Name, o.Metrics)
	q.merge = o.AddTakesDelay
	q.special = q.special || q.merge
}

// AddAfter adds item once delay has passed, or at once if it is not positive.
// An item has at most one pending delay, the earliest asked for. The delay is
// dropped if the queue is shut down before it ends. AddAfter never waits.
func (q *DelayingQueue[T]) AddAfter(item T, delay time.Duration) {
	q.addLater("AddAfter", item, delay)
}

func (q *DelayingQueue[T]) addLater(call string, item T, delay time.Duration) {
	a := q.addAfter(call, item, delay, 0, PendingEarliest)
	if a.outcome != refused {
		q.meter.retry()
	}
}

// AddWith adds items with a delay, a priority, or both. RateLimited is a
// misuse (ErrNoLimiter) and counts as false.
func (q *DelayingQueue[T]) AddWith(o AddOptions, items ...T) {
	for _, item := range items {
		if o.RateLimited {
			q.misuse("AddWith", item, ErrNoLimiter)
		}
		q.addWith(item, o)
	}
}

func (q *DelayingQueue[T]) addWith(item T, o AddOptions) {
	a := q.addAfter("AddWith", item, o.After, clamp(o.Priority), o.Pending)
	if o.After > 0 && a.outcome != refused {
		q.meter.retry()
	}
}

func (q *DelayingQueue[T]) addAfter(call string, item T, delay time.Duration, priority int32, how Pending) addition {
	if delay < 0 && !q.tolerant {
		q.misuse(call, item, ErrNegativeDelay)
	}
	name := ""
	if q.group != nil {
		name = q.group(item)
	}
	var a addition
	if delay <= 0 {
		a = q.add(item, priority, name, q.clockForMeter())
	} else {
		a = q.delay(item, int64(delay), priority, name, how)
	}
	q.after(call, item, a)
	return a
}

// delay gives item a pending delay. The clock is read before the lock is taken
// if it is a foreign one, and only if that is needed if it is the real one.
func (q *Queue[T]) delay(item T, delay int64, priority int32, group string, how Pending) addition {
	hash, now := hashOf(item), int64(0)
	if q.clock != nil {
		now = q.now()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down {
		return addition{outcome: refused}
	}
	e := q.entry(hash, item, group)
	if q.clock == nil {
		if how == PendingEarliest && q.endsBefore(e, delay) {
			now = q.seen
		} else {
			now = q.now()
			q.seen = now
		}
	}
	return q.postpone(e, now, delay, priority, how, false)
}

// endsBefore tells whether e has a pending delay that ends no later than one
// that is asked for now, by a reading of the real clock that may be old: that
// clock never goes back, so that the new delay ends at seen+delay or later.
// Where it is so, nothing is set by the reading, and it does for the present
// one. It is for BenchmarkRateLimitingQueue/cycle, where a reading would be a
// fifth of the cost.
func (q *Queue[T]) endsBefore(e entry[T], delay int64) bool {
	return q.seen != 0 && e.delayed() && q.delays.at(e) <= later(q.seen, delay)
}

// postpone is delay for an entry. byLimiter says that it is for a failure.
func (q *Queue[T]) postpone(e entry[T], now, delay int64, priority int32, how Pending, byLimiter bool) addition {
	if p := e.phase(); q.merge && (p == waiting || p == dirty) {
		return q.again(e, priority)
	}
	if e.delayed() {
		priority = max(priority, e.later())
	}
	q.prioritizeLater(e, priority)
	if q.delays.put(&q.table.slabs, e, later(now, delay), how) {
		e.mark(limited, byLimiter)
	}
	q.arm(now)
	return addition{}
}

// prioritizeLater gives the pending delay of e a priority.
func (q *Queue[T]) prioritizeLater(e entry[T], priority int32) {
	if priority != 0 {
		q.ready.rank(&q.table.slabs)
	}
	if r := e.rank(); r != nil {
		r.later = priority
	}
}

// arm makes the alarm on first use.
func (q *Queue[T]) arm(now int64) {
	if q.down {
		return
	}
	if q.delays.alarm == nil {
		q.delays.alarm = newAlarm(&q.mu, q.clock, q.base, q.fire)
	}
	q.delays.arm(now)
}

// Cancel ends the pending delay of item without adding it, and tells whether
// there was one. An item that waits or is in hand is not touched.
func (q *DelayingQueue[T]) Cancel(item T) bool {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || !e.delayed() {
		return false
	}
	q.delays.remove(&q.table.slabs, e)
	q.settle(e)
	q.arm(now)
	return true
}

// Reschedule moves the pending delay of item so that it ends after delay from
// now, as far as how allows, and tells whether there was one to move. A delay
// that is not positive ends at once.
func (q *DelayingQueue[T]) Reschedule(item T, delay time.Duration, how Pending) bool {
	if delay < 0 && !q.tolerant {
		q.misuse("Reschedule", item, ErrNegativeDelay)
	}
	if !q.reschedule(item, max(0, int64(delay)), how) {
		return false
	}
	if delay <= 0 {
		q.fire()
	}
	return true
}

func (q *Queue[T]) reschedule(item T, delay int64, how Pending) bool {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || !e.delayed() {
		return false
	}
	q.delays.put(&q.table.slabs, e, later(now, delay), how)
	q.arm(now)
	return true
}

// WhenReady tells when the pending delay of item ends; ok is false when it has
// none.
func (q *DelayingQueue[T]) WhenReady(item T) (at time.Time, ok bool) {
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

// wallOf is the time of a clock, of which nil is the real one.
func wallOf(c clock.WithTicker) time.Time {
	if c == nil {
		return time.Now()
	}
	return c.Now()
}

// firing is how many delays end under one lock: others want it as well.
const firing = 1024

// fire lets the items whose delay has ended wait for a worker.
func (q *Queue[T]) fire() {
	for q.fireSome(q.now()) {
	}
}

func (q *Queue[T]) fireSome(now int64) (more bool) {
	wake, adds, more := q.ripen(now)
	wake.signal()
	for _, a := range adds {
		q.meter.added(a)
	}
	return more
}

// ripen is the part of fire under the lock. adds are for the meter.
func (q *Queue[T]) ripen(now int64) (wake *waiter, adds []addition, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.delays.isSet = false
	q.forgetOld(now)
	for range firing {
		e := q.delays.due(&q.table.slabs, now)
		if e.none() {
			q.arm(now)
			return wake, adds, false
		}
		if e.is(limited) && !q.spend(e, now) {
			continue
		}
		priority := e.later()
		q.delays.remove(&q.table.slabs, e)
		a := q.admit(e, priority, now)
		if a.wake != nil {
			wake = a.wake
		}
		if q.meter != nil {
			adds = append(adds, a)
		}
	}
	return wake, adds, true
}
