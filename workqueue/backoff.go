package workqueue

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff makes a RateLimitingQueue count the failures of an item itself, beside
// its limiter or instead of one, and forget them after a while: an item that
// fails and is never added again costs no memory then.
type Backoff struct {
	// Base is the delay of the first failure; each further one doubles it.
	// Zero or less means that there is no Backoff.
	Base time.Duration

	// Max is the longest delay. Less than Base means Base.
	Max time.Duration

	// Expire is how long after its last failure an item counts as never
	// having failed. Less than twice Max, jitter included, means that much.
	// Where a limiter, tokens or the work itself can take longer than that
	// from one failure to the next, it must be set: else each failure counts
	// as the first.
	Expire time.Duration
}

// failures is the list of the entries with failures, by the time of their last
// failure, the oldest first. All failures expire after the same time, so that a list
// is enough: no heap is needed.
type failures struct {
	base, max      time.Duration // of the Backoff
	jitter         float64       // Options.Jitter
	expire         int64
	oldest, newest uint32
}

// setBackoff sets what failures needs. It is called at construction.
func (q *Queue[T]) setBackoff(b Backoff, jitter float64) {
	f := &q.failures
	f.base, f.max, f.jitter = b.Base, max(b.Base, b.Max), 0
	if jitter > 0 { // NaN is not
		f.jitter = jitter
	}
	longest := float64(f.max) * (1 + f.jitter)
	f.expire = max(int64(b.Expire), int64(min(2*longest, 1<<62)))
	if f.base > 0 {
		q.table.Widen()
	}
}

// fail counts a failure of e and returns the delay: the longer of the limiter's and
// that of the Backoff, with jitter, but no longer than atMost, if that is positive.
func (q *Queue[T]) fail(e *entry[T], now int64, delay, atMost time.Duration) time.Duration {
	f := &q.failures
	if f.base > 0 {
		x := q.table.Extra(e)
		if e.Data.failing {
			q.unlinkFailure(x)
			if sum(x.failedAt, f.expire) <= now {
				x.failures = 0
			}
		}
		delay = max(delay, exponential(f.base, f.max, int(x.failures)))
		x.failures += min(1, math.MaxInt32-x.failures)
		x.failedAt, e.Data.failing = now, true
		x.older = f.newest
		if f.newest == 0 {
			f.oldest = e.ID()
		} else {
			q.failure(f.newest).newer = e.ID()
		}
		f.newest = e.ID()
		if q.delays.forgetAt == 0 {
			q.forgetAt(sum(now, f.expire))
			q.arm(now)
		}
	}
	delay = jittered(delay, f.jitter)
	if atMost > 0 {
		delay = min(delay, atMost)
	}
	return delay
}

// forgive drops the failures of e, and the entry if nothing else needs it.
func (q *Queue[T]) forgive(e *entry[T]) {
	x := q.table.Extra(e)
	q.unlinkFailure(x)
	x.failures, e.Data.failing = 0, false
	q.settle(e)
}

// forgetOld drops the failures that have expired, and sets the time at which it
// must be called again. That time is rounded up, so that many failures in a row
// do not ring the alarm as often.
func (q *Queue[T]) forgetOld(now int64) {
	f := &q.failures
	q.delays.forgetAt = 0
	for range firingAtOnce {
		if f.oldest == 0 {
			return
		}
		e := q.table.At(f.oldest)
		if q.expires(e) > now {
			q.forgetAt(max(q.expires(e), sum(now, max(f.expire/8, 1))))
			return
		}
		q.forgive(e)
	}
	if f.oldest != 0 {
		q.forgetAt(now) // the rest when others have had the lock
	}
}

// forgetAt makes the alarm ring for forgetOld; as 0 stands for no time there, it is
// moved to 1.
func (q *Queue[T]) forgetAt(at int64) {
	switch {
	case q.down:
		at = 0
	case at == 0:
		at = 1
	}
	q.delays.forgetAt = at
}

// expires is when the failures of e expire. It must have some.
func (q *Queue[T]) expires(e *entry[T]) int64 {
	return sum(q.table.Extra(e).failedAt, q.failures.expire)
}

// failure is what the entry of a number in the list knows of its failures.
func (q *Queue[T]) failure(id uint32) *extra { return q.table.Extra(q.table.At(id)) }

// unlinkFailure takes an entry out of the list.
func (q *Queue[T]) unlinkFailure(x *extra) {
	if x.older == 0 {
		q.failures.oldest = x.newer
	} else {
		q.failure(x.older).newer = x.newer
	}
	if x.newer == 0 {
		q.failures.newest = x.older
	} else {
		q.failure(x.newer).older = x.older
	}
	x.older, x.newer = 0, 0
}

// jittered makes a delay longer by a random part of it, up to jitter.
func jittered(delay time.Duration, jitter float64) time.Duration {
	if jitter <= 0 || delay <= 0 {
		return delay
	}
	more := float64(delay) * jitter * rand.Float64()
	return time.Duration(sum(int64(delay), int64(min(more, 1<<62))))
}
