package workqueue

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/informant-go/informant/internal/keytable"
)

// RateLimitingQueue is a DelayingQueue that asks a RateLimiter how long a
// failed item should wait. It satisfies client-go's
// TypedRateLimitingInterface. The zero value is ready for use, and has
// DefaultLimiter.
type RateLimitingQueue[T comparable] struct {
	DelayingQueue[T]
	limiter RateLimiter[T] // nil is none, or that of a zero value

	// ofZero is the limiter of a zero value. It is made on first use.
	once   sync.Once
	ofZero RateLimiter[T]
}

// NewRateLimiting returns a rate-limiting queue. It corresponds to client-go's
// NewTypedRateLimitingQueueWithConfig. NewRateLimitingOver puts the same layer
// on a queue of another make.
func NewRateLimiting[T comparable](o Options[T]) *RateLimitingQueue[T] {
	q := &RateLimitingQueue[T]{limiter: o.Limiter}
	q.DelayingQueue.setup(&o)
	q.setBackoff(o.Backoff, o.Jitter)
	q.tokens = tokens{bucket: o.Tokens}
	if o.Limiter == nil && o.Backoff.Base <= 0 && o.Tokens == nil {
		q.limiter = DefaultLimiter[T]()
	}
	return q
}

// AddRateLimited counts a failure of item, and adds it once the delay that the
// limiter gives it has passed; see Options for what lengthens that delay.
func (q *RateLimitingQueue[T]) AddRateLimited(item T) {
	if ok, _ := q.addFailed("AddRateLimited", item, AddOptions{}); ok {
		q.meter.retry()
	}
}

// AddWith adds items with a delay, the limiter's delay, a priority, or any of
// these. With a delay of its own and the limiter's, the shorter counts.
func (q *RateLimitingQueue[T]) AddWith(o AddOptions, items ...T) {
	for _, item := range items {
		if !o.RateLimited {
			q.addWith(item, o)
			continue
		}
		if o.After < 0 {
			q.negative("AddWith", item)
		}
		if ok, later := q.addFailed("AddWith", item, o); ok && later {
			q.meter.retry()
		}
	}
}

// addFailed counts a failure of item, and adds it after the delay for that or
// after o.After, if that is set and shorter. It reports whether the queue takes
// items, and whether the addition counts as a delayed one.
func (q *RateLimitingQueue[T]) addFailed(call string, item T, o AddOptions) (ok, later bool) {
	var delay time.Duration
	if l := q.limits(); l != nil {
		delay = l.When(item)
	}
	if !q.limiterAlone() {
		return q.addAfter(call, item, max(delay, 0), o, failed), true
	}
	if o.After > 0 {
		delay = min(delay, o.After)
	}
	return q.addAfter(call, item, delay, o, asked), delay > 0
}

// addFailedAfter counts a failure of item, and adds it after delay, which is
// positive, whatever the limiter says.
func (q *RateLimitingQueue[T]) addFailedAfter(item T, delay time.Duration, priority int) {
	if l := q.limits(); l != nil {
		l.When(item)
	}
	why := failed
	if q.limiterAlone() {
		why = asked
	}
	o := AddOptions{After: delay, Priority: priority} // which bounds what the queue makes of it
	if q.addAfter("AddRateLimited", item, delay, o, why) {
		q.meter.retry()
	}
}

// limiterAlone reports whether the limiter alone decides the delay of a failure.
func (q *RateLimitingQueue[T]) limiterAlone() bool {
	return q.failures.base <= 0 && q.failures.jitter <= 0 && q.tokens.bucket == nil
}

// limits returns the limiter of the queue, nil if it has none.
func (q *RateLimitingQueue[T]) limits() RateLimiter[T] {
	if q.limiter == nil && q.limiterAlone() {
		q.once.Do(func() { q.ofZero = DefaultLimiter[T]() })
		return q.ofZero
	}
	return q.limiter
}

// Forget drops the failures of item, so that its next failure counts as its first.
// It is called once the item has succeeded or is given up. A pending delay stays,
// and Done must still be called.
func (q *RateLimitingQueue[T]) Forget(item T) {
	if l := q.limits(); l != nil {
		l.Forget(item)
	}
	if q.failures.base <= 0 {
		return
	}
	hash := keytable.Sum(item)
	q.mu.Lock()
	defer q.mu.Unlock()
	if e := q.table.Find(hash, item); e != nil && e.Data.failing {
		q.forgive(e)
	}
}

// NumRequeues is the number of failures of item that the limiter or the queue
// remembers, the greater of the two.
func (q *RateLimitingQueue[T]) NumRequeues(item T) (n int) {
	if l := q.limits(); l != nil {
		n = l.NumRequeues(item)
	}
	if q.failures.base <= 0 {
		return n
	}
	hash, now := keytable.Sum(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if e := q.table.Find(hash, item); e != nil && e.Data.failing && q.expires(e) > now {
		n = max(n, int(q.table.Extra(e).failures))
	}
	return n
}

// tokens makes the items whose delay for a failure has ended run at the rate of a
// bucket. It takes a token when the item runs. BucketLimiter takes one when the
// delay begins, and so also for an item that is then merged with another addition,
// cancelled or dropped.
type tokens struct {
	bucket *rate.Limiter // may be shared with other queues

	// next is the time that was given to the last item that found no token, while
	// one waits for its time. Each gets a time of its own, in the order of their
	// delays.
	next int64
}

// spend takes a token for e, whose delay has ended, and reports whether e can run.
// An entry that waits already needs none: the two additions are merged and run
// once. If there is no token, or others were promised the next ones, e is delayed to
// a time at which one should be there for it.
func (q *Queue[T]) spend(e *entry[T], now int64) bool {
	if e.Data.state.waits() || q.tokens.bucket == nil {
		return true
	}
	first := q.delays.promises == 0 || e.Data.cause == promised
	if first && q.tokens.bucket.AllowN(q.wall(now), 1) {
		return true
	}
	q.unpromise(e)
	if q.delays.promises == 0 {
		q.tokens.next = now // no item waits for its time any more
	}
	q.tokens.next = sum(max(q.tokens.next, now), q.tokens.interval())
	q.delay(e, q.tokens.next, PendingReplace)
	e.Data.cause = promised
	q.delays.promises++
	return false
}

// interval is the time between two tokens, rounded up, so that one is there; for a
// bucket that gives none, the time after which it is tried again.
func (t *tokens) interval() int64 {
	limit := float64(t.bucket.Limit())
	if limit <= 0 {
		return int64(time.Second)
	}
	return int64(min(max(math.Ceil(float64(time.Second)/limit), 1), float64(time.Minute)))
}

// wall returns the time of a reading of the clock, without another reading.
func (q *Queue[T]) wall(now int64) time.Time {
	if q.clock == nil {
		return start.Add(time.Duration(now))
	}
	return q.base.Add(time.Duration(now))
}
