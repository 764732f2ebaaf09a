package workqueue

import (
	"time"

	"k8s.io/utils/clock"
)

// DelayingQueue is a Queue whose items can be added later (Q4). It satisfies
// client-go's TypedDelayingInterface.
//
// The zero value is ready for use. Nothing runs in the background while
// nothing is delayed; on the real clock nothing but a timer ever does.
type DelayingQueue[T comparable] struct {
	Queue[T]
}

// NewDelaying returns a delaying queue. It corresponds to client-go's
// NewTypedDelayingQueueWithConfig. NewDelayingOver puts the same layer on a
// queue of another make.
func NewDelaying[T comparable](o Options[T]) *DelayingQueue[T] {
	q := new(DelayingQueue[T])
	q.setup(&o)
	q.misuses.options("NewDelaying", o.unused(partOrder|partDelays))
	return q
}

func (q *DelayingQueue[T]) setup(o *Options[T]) {
	q.Queue.setup(o)
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

// AddWith adds items with a delay, a priority, or both. AddOptions.RateLimited is
// a misuse (ErrNoLimiter) and counts as false.
func (q *DelayingQueue[T]) AddWith(o AddOptions, items ...T) {
	for _, item := range items {
		if o.RateLimited {
			q.misuses.call("AddWith", item, ErrNoLimiter)
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

// addAfter adds item after a delay, or at once if that is not positive.
func (q *DelayingQueue[T]) addAfter(call string, item T, delay time.Duration, priority int32, how Pending) addition {
	if delay < 0 && !q.tolerant {
		q.misuses.call(call, item, ErrNegativeDelay)
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

// delay gives item a pending delay. An injected clock is read before the lock is
// taken; the real one is read under the lock, and only if that is needed.
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

// endsBefore reports whether e has a pending delay that ends no later than a new
// one would, going by the last reading of the real clock: that clock never goes
// back, so that the new delay ends at seen+delay or later. If it reports true the
// new delay changes nothing, and the clock need not be read. It is there for
// BenchmarkRateLimitingQueue/cycle, where a reading is a fifth of the cost.
func (q *Queue[T]) endsBefore(e entry[T], delay int64) bool {
	return q.seen != 0 && e.delayed() && q.delays.at(e) <= later(q.seen, delay)
}

// postpone gives e a pending delay. byLimiter says that it is for a failure.
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

// arm sets the alarm, which it makes on first use.
func (q *Queue[T]) arm(now int64) {
	if q.down {
		return
	}
	if q.delays.alarm == nil {
		q.delays.alarm = newAlarm(&q.mu, q.clock, q.base, q.fire)
	}
	q.delays.arm(now)
}

// Cancel ends the pending delay of item without adding it, and reports whether
// there was one. An item that waits or is being processed is not affected.
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
// now, as far as how allows, and reports whether there was one to move. A delay
// that is not positive ends at once.
func (q *DelayingQueue[T]) Reschedule(item T, delay time.Duration, how Pending) bool {
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

// WhenReady returns when the pending delay of item ends; ok is false when it has
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

// wallOf returns the time of a clock; nil is the real one.
func wallOf(c clock.WithTicker) time.Time {
	if c == nil {
		return time.Now()
	}
	return c.Now()
}

// firing is how many delays end before the lock is released for others.
const firing = 1024

// fire moves the items whose delay has ended to those that wait for a worker.
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

// ripen is the part of fire under the lock. It returns whom to wake, the
// additions for the meter, and whether there may be more to do.
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
