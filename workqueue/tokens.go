package workqueue

import (
	"time"

	"golang.org/x/time/rate"
)

// tokens makes the items whose delay for a failure has ended run at the rate of a
// bucket. It takes a token when the item runs. BucketLimiter takes one when the
// delay begins, and so also for an item that is then merged with another addition,
// cancelled or dropped.
type tokens struct {
	bucket *rate.Limiter // may be shared with other queues

	// next is the time that was given to the last item that found no token.
	// Each gets a time of its own, in the order of their delays.
	next int64
}

// spend takes a token for e, whose delay has ended, and reports whether e can run.
// An entry that waits already needs none: the two additions are merged and run
// once. If there is no token, e is delayed to a time at which one should be there.
func (q *Queue[T]) spend(e entry[T], now int64) bool {
	waits := e.phase() == waiting || e.phase() == dirty
	if waits || q.tokens.bucket == nil || q.tokens.bucket.AllowN(q.wall(now), 1) {
		return true
	}
	q.delays.unpromise(e)
	if q.delays.promised == 0 {
		q.tokens.next = now // no item waits for its time any more
	}
	q.tokens.next = later(max(q.tokens.next, now), q.tokens.interval())
	q.delays.put(&q.table.slabs, e, q.tokens.next, PendingReplace)
	q.delays.promise(e)
	return false
}

// interval is the time between two tokens; for a bucket that gives none, the time
// after which it is tried again.
func (t *tokens) interval() int64 {
	limit := float64(t.bucket.Limit())
	if limit <= 0 {
		return int64(time.Second)
	}
	return int64(min(max(float64(time.Second)/limit, 1), float64(time.Minute)))
}

// wall returns the time of a reading of the clock, without another reading.
func (q *Queue[T]) wall(now int64) time.Time {
	if q.clock == nil {
		return start.Add(time.Duration(now))
	}
	return q.base.Add(time.Duration(now))
}
