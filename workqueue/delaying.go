package workqueue

import (
	"time"

	"github.com/informant-go/informant/internal/alarm"
	"github.com/informant-go/informant/internal/keytable"
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
}

// AddAfter adds item once delay has passed, or at once if it is not positive.
// An item has at most one pending delay, the earliest asked for. The delay is
// dropped if the queue is shut down before it ends. AddAfter never waits.
func (q *DelayingQueue[T]) AddAfter(item T, delay time.Duration) {
	if q.addAfter("AddAfter", item, delay, AddOptions{}, asked) {
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
	if q.addAfter("AddWith", item, o.After, o, asked) && o.After > 0 {
		q.meter.retry()
	}
}

// addAfter adds item after a delay, or at once if that is not positive. For a
// failure, the delay is what the limiter says: the queue may make it longer, and
// o.After shorter. It reports whether the queue takes items.
func (q *DelayingQueue[T]) addAfter(call string, item T, delay time.Duration, o AddOptions, why cause) bool {
	if delay < 0 {
		q.negative(call, item)
		delay = 0
	}
	if delay == 0 && why == asked {
		return q.add(call, item, clamp(o.Priority))
	}
	name, hash, now := q.nameOf(item), keytable.Sum(item), int64(0)
	if q.clock != nil || why == failed { // else it is read under the lock, if needed
		now = q.now()
	}
	var a after
	q.mu.Lock()
	if q.down {
		q.mu.Unlock()
		q.misuses.call(call, item, ErrShutDown)
		return false
	}
	e := q.table.Ensure(hash, item)
	if q.grouping != nil {
		q.join(e, name)
	}
	if why == failed {
		delay = q.fail(e, now, delay, o.After)
	}
	q.postpone(e, now, int64(delay), o, why, &a)
	q.mu.Unlock()
	q.finish(&a)
	if delay == 0 {
		q.fire()
	}
	return true
}

// negative reports a negative delay.
func (q *Queue[T]) negative(call string, item T) {
	if !q.tolerant {
		q.misuses.call(call, item, ErrNegativeDelay)
	}
}

// postpone gives e a pending delay. On the real clock it reads now itself, for a
// delay that was asked for, unless e has one that ends no later than the new one
// would, going by the last reading: that clock never goes back, so that the new
// delay changes nothing. In BenchmarkRateLimitingQueue/cycle a reading is a fifth of
// the cost.
func (q *Queue[T]) postpone(e *entry[T], now, delay int64, o AddOptions, why cause, a *after) {
	priority := clamp(o.Priority)
	if q.merge && e.Data.state.waits() {
		q.mergeWith(e, priority, a)
		return
	}
	if q.clock == nil && why == asked {
		d := &q.delays
		if o.Pending != PendingEarliest || d.seen == 0 || e.Place == 0 || q.delayOf(e).at > sum(d.seen, delay) {
			d.seen = q.now()
		}
		now = d.seen
	}
	if priority != 0 {
		q.rank()
	}
	if x := q.table.Extra(e); x != nil && (e.Place == 0 || priority > x.later) {
		x.later = priority
	}
	if q.delay(e, sum(now, delay), o.Pending) {
		e.Data.cause = why
	}
	q.arm(now)
}

// Cancel ends the pending delay of item without adding it, and reports whether
// there was one. An item that waits or is being processed is not affected.
func (q *DelayingQueue[T]) Cancel(item T) bool {
	e, now := q.lockDelayed(item)
	defer q.mu.Unlock()
	if e == nil {
		return false
	}
	q.endDelay(e)
	q.settle(e)
	q.arm(now)
	return true
}

// Reschedule moves the pending delay of item so that it ends after delay from
// now, as far as how allows, and reports whether there was one to move. A delay
// that is not positive ends at once.
func (q *DelayingQueue[T]) Reschedule(item T, delay time.Duration, how Pending) bool {
	if delay < 0 {
		q.negative("Reschedule", item)
	}
	e, now := q.lockDelayed(item)
	if e != nil {
		q.delay(e, sum(now, max(0, int64(delay))), how)
		q.arm(now)
	}
	q.mu.Unlock()
	if e != nil && delay <= 0 {
		q.fire()
	}
	return e != nil
}

// WhenReady returns when the pending delay of item ends; ok is false when it has
// none.
func (q *DelayingQueue[T]) WhenReady(item T) (at time.Time, ok bool) {
	wall := time.Now()
	if q.clock != nil {
		wall = q.clock.Now()
	}
	e, now := q.lockDelayed(item)
	defer q.mu.Unlock()
	if e == nil {
		return time.Time{}, false
	}
	return wall.Add(alarm.Until(q.delayOf(e).at, now)), true
}

// lockDelayed takes the lock, and returns the entry of item if that has a delay.
func (q *DelayingQueue[T]) lockDelayed(item T) (e *entry[T], now int64) {
	hash, now := keytable.Sum(item), q.now()
	q.mu.Lock()
	if e = q.table.Find(hash, item); e != nil && e.Place == 0 {
		e = nil
	}
	return e, now
}
