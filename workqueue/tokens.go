package workqueue

import (
	"time"

	"golang.org/x/time/rate"
)

// tokens lets items whose delay for a failure has ended run at the rate of a
// bucket. Unlike BucketLimiter, which takes a token when the delay begins, it
// takes none for an item that does not run because it was merged with another
// addition, cancelled or dropped.
type tokens struct {
	bucket *rate.Limiter // may be shared with other queues

	// next is the time that was given last to an item that found no token:
	// each is given one, in the order of their delays.
	next int64
}

// spend takes a token for e, whose delay has ended, unless e waits already:
// then the two are merged, and one of them runs. When there is no token, e is
// delayed until it can hope for one.
func (q *Queue[T]) spend(e entry[T], now int64) bool {
	waits := e.phase() == waiting || e.phase() == dirty
	if waits || q.tokens.bucket == nil || q.tokens.bucket.AllowN(q.wall(now), 1) {
		return true
	}
	q.delays.unpromise(e)
	if q.delays.promised == 0 {
		q.tokens.next = now // those that were given a time are gone
	}
	q.tokens.next = later(max(q.tokens.next, now), q.tokens.interval())
	q.delays.put(&q.table.slabs, e, q.tokens.next, PendingReplace)
	q.delays.promise(e)
	return false
}

// interval is the time in which a token comes; for a bucket that is closed,
// the time after which to look again.
func (t *tokens) interval() int64 {
	limit := float64(t.bucket.Limit())
	if limit <= 0 {
		return int64(time.Second)
	}
	return int64(min(max(float64(time.Second)/limit, 1), float64(time.Minute)))
}

// wall is the time of a reading of the clock, without asking the clock.
func (q *Queue[T]) wall(now int64) time.Time {
	if q.clock == nil {
		return start.Add(time.Duration(now))
	}
	return q.base.Add(time.Duration(now))
}
