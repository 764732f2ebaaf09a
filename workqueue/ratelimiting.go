package workqueue

import (
	"math"
	"sync"
	"time"
)

// RateLimitingQueue is a DelayingQueue that asks a RateLimiter how long a
// failed item should wait. It satisfies client-go's
// TypedRateLimitingInterface. The zero value is ready for use, and has
// DefaultLimiter.
type RateLimitingQueue[T comparable] struct {
	DelayingQueue[T]
	limiter RateLimiter[T] // nil is none, or that of a zero value
	jitter  float64

	// ofZero is the limiter of a zero value. It is made on first use.
	once   sync.Once
	ofZero RateLimiter[T]
}

// NewRateLimiting returns a rate-limiting queue. It corresponds to client-go's
// NewTypedRateLimitingQueueWithConfig. NewRateLimitingOver puts the same layer
// on a queue of another make.
func NewRateLimiting[T comparable](o Options[T]) *RateLimitingQueue[T] {
	q := &RateLimitingQueue[T]{limiter: o.Limiter, jitter: o.Jitter}
	if o.Limiter == nil && o.Backoff.Base <= 0 && o.Tokens == nil {
		q.limiter = DefaultLimiter[T]()
	}
	q.DelayingQueue.setup(&o)
	q.setBackoff(o.Backoff, max(o.Jitter, 0))
	q.tokens = tokens{bucket: o.Tokens, next: math.MinInt64}
	return q
}

// AddRateLimited counts a failure of item, and adds it once the delay that the
// limiter gives it has passed; see Options for what lengthens that delay.
func (q *RateLimitingQueue[T]) AddRateLimited(item T) {
	if q.plainLimiter() {
		q.addLater("AddRateLimited", item, q.asked().When(item))
		return
	}
	if q.addFailed("AddRateLimited", item, AddOptions{}) {
		q.meter.retry()
	}
}

// asked returns the limiter of the queue, nil if it has none.
func (q *RateLimitingQueue[T]) asked() RateLimiter[T] {
	if q.limiter == nil && q.plainLimiter() {
		q.once.Do(func() { q.ofZero = DefaultLimiter[T]() })
		return q.ofZero
	}
	return q.limiter
}

// plainLimiter reports whether the limiter alone decides the delay of a failure.
func (q *RateLimitingQueue[T]) plainLimiter() bool {
	return q.failed.base <= 0 && q.tokens.bucket == nil && q.jitter <= 0
}

// addFailed counts a failure of item, and adds it after the delay for that or
// after o.After, if that is set and shorter. It reports whether item was added.
func (q *RateLimitingQueue[T]) addFailed(call string, item T, o AddOptions) bool {
	var limit time.Duration
	if q.limiter != nil {
		limit = q.limiter.When(item)
	}
	name := ""
	if q.group != nil {
		name = q.group(item)
	}
	a, due := q.delayFailed(item, limit, name, o)
	q.after(call, item, a)
	if due {
		q.fire()
	}
	return a.outcome != refused
}

// delayFailed is the part of addFailed under the lock. due reports whether the
// delay has ended already.
func (q *RateLimitingQueue[T]) delayFailed(item T, limit time.Duration, group string, o AddOptions) (a addition, due bool) {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down {
		return addition{outcome: refused}, false
	}
	e := q.entry(hash, item, group)
	delay := jittered(max(limit, q.fail(e, now), 0), q.jitter)
	if o.After > 0 {
		delay = min(delay, o.After)
	}
	if q.failed.oldest != 0 && q.delays.also == 0 {
		q.delays.ringAlso(later(now, q.failed.expire))
		q.arm(now)
	}
	return q.postpone(e, now, int64(delay), clamp(o.Priority), o.Pending, true), delay <= 0
}

// AddWith adds items with a delay, the limiter's delay, a priority, or any of
// these. With a delay of its own and the limiter's, the shorter counts.
func (q *RateLimitingQueue[T]) AddWith(o AddOptions, items ...T) {
	for _, item := range items {
		each := o
		if o.RateLimited && o.After < 0 && !q.tolerant {
			q.misuses.call("AddWith", item, ErrNegativeDelay)
		}
		if o.RateLimited && !q.plainLimiter() {
			if q.addFailed("AddWith", item, o) {
				q.meter.retry()
			}
			continue
		}
		if o.RateLimited {
			each.After = q.asked().When(item)
			if o.After > 0 {
				each.After = min(each.After, o.After)
			}
		}
		q.addWith(item, each)
	}
}

// Forget drops the failures of item. It is called once the item has succeeded or
// is given up. Done must still be called.
func (q *RateLimitingQueue[T]) Forget(item T) {
	if l := q.asked(); l != nil {
		l.Forget(item)
	}
	if q.failed.base > 0 {
		q.forget(item)
	}
}

func (q *Queue[T]) forget(item T) {
	hash := hashOf(item)
	q.mu.Lock()
	defer q.mu.Unlock()
	if e := q.table.get(hash, item); !e.none() && e.failures() > 0 {
		q.forgive(e)
	}
}

// NumRequeues is the number of failures of item that the limiter or the queue
// remembers, the greater of the two.
func (q *RateLimitingQueue[T]) NumRequeues(item T) (n int) {
	if l := q.asked(); l != nil {
		n = l.NumRequeues(item)
	}
	if q.failed.base > 0 {
		n = max(n, q.failures(item))
	}
	return n
}

func (q *Queue[T]) failures(item T) int {
	hash, now := hashOf(item), q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.remembered(q.table.get(hash, item), now)
}

// Limited is the rate-limiting layer over a delaying queue of another make. It is
// made by NewRateLimitingOver; all methods may be called by any goroutine.
type Limited[T comparable] struct {
	DelayingInterface[T]
	limiter RateLimiter[T]
}

// NewRateLimitingOver puts the rate-limiting layer on a delaying queue. It panics
// if below is nil. A nil limiter is DefaultLimiter. It corresponds to the
// DelayingQueue of client-go's TypedRateLimitingQueueConfig. There are no options:
// what Options has for a layer above needs a queue of ours below.
func NewRateLimitingOver[T comparable](below DelayingInterface[T], limiter RateLimiter[T]) *Limited[T] {
	if below == nil {
		panic("workqueue: NewRateLimitingOver needs a queue to work over: use NewRateLimiting for one of its own")
	}
	if limiter == nil {
		limiter = DefaultLimiter[T]()
	}
	return &Limited[T]{DelayingInterface: below, limiter: limiter}
}

// AddRateLimited counts a failure of item, and adds it to the queue below once the
// delay that the limiter gives it has passed.
func (q *Limited[T]) AddRateLimited(item T) { q.AddAfter(item, q.limiter.When(item)) }

// Forget drops the failures of item. Done must still be called.
func (q *Limited[T]) Forget(item T) { q.limiter.Forget(item) }

// NumRequeues is the number of failures of item that the limiter remembers.
func (q *Limited[T]) NumRequeues(item T) int { return q.limiter.NumRequeues(item) }

var (
	_ Interface[int]             = (*Queue[int])(nil)
	_ DelayingInterface[int]     = (*DelayingQueue[int])(nil)
	_ DelayingInterface[int]     = (*Delayer[int])(nil)
	_ RateLimitingInterface[int] = (*RateLimitingQueue[int])(nil)
	_ RateLimitingInterface[int] = (*Limited[int])(nil)
)
