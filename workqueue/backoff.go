package workqueue

import (
	"math/rand/v2"
	"time"
)

// Backoff makes a queue count the failures of an item in the entry of that
// item, instead of in a limiter, and forget them after a while: an item that
// fails and is never seen again leaves nothing behind.
type Backoff struct {
	// Base is the delay of the first failure; each further one doubles it.
	// Zero or less means that there is no Backoff.
	Base time.Duration

	// Max is the longest delay. Less than Base means Base.
	Max time.Duration

	// Expire is how long after its last failure an item counts as never
	// having failed. Less than twice the longest delay, jitter included,
	// means that much.
	Expire time.Duration
}

// failed holds the entries that remember failures, those whose last failure is
// the oldest first. All are remembered for the same time, so that a list is
// all that it takes.
type failed[T comparable] struct {
	base, max      time.Duration
	expire         int64
	oldest, newest *entry[T]
}

// setBackoff is called at construction.
func (q *Queue[T]) setBackoff(b Backoff, jitter float64) {
	q.failed.base, q.failed.max = b.Base, max(b.Base, b.Max)
	longest := float64(q.failed.max) * (1 + jitter)
	q.failed.expire = max(int64(b.Expire), later(0, int64(min(2*longest, 1<<62))))
}

// fail counts a failure of e and returns the delay.
func (q *Queue[T]) fail(e *entry[T], now int64) time.Duration {
	f := &q.failed
	if f.base <= 0 {
		return 0
	}
	x := e.extra()
	if x.failures > 0 {
		f.remove(e)
		if later(x.failedAt, f.expire) <= now {
			x.failures = 0
		}
	}
	delay := exponential(f.base, f.max, int(x.failures))
	x.failures++
	x.failedAt = now
	f.push(e)
	return delay
}

// remembered is the number of failures of e that have not expired.
func (q *Queue[T]) remembered(e *entry[T], now int64) int {
	if e == nil || e.failures() == 0 || later(e.more.failedAt, q.failed.expire) <= now {
		return 0
	}
	return int(e.failures())
}

// forgive drops the failures of e.
func (q *Queue[T]) forgive(e *entry[T]) {
	q.failed.remove(e)
	e.more.failures = 0
	q.settle(e)
}

// forgetOld drops the failures that have expired, and sets also to when it
// should be called again: in steps, so that a stream of failures is not one of
// alarms.
func (q *Queue[T]) forgetOld(now int64) {
	f := &q.failed
	q.delays.also = 0
	for range firing {
		if f.oldest == nil || later(f.oldest.more.failedAt, f.expire) > now {
			break
		}
		q.forgive(f.oldest)
	}
	switch {
	case f.oldest == nil || q.down:
	case later(f.oldest.more.failedAt, f.expire) <= now:
		q.delays.ringAlso(now) // others want the lock as well
	default:
		q.delays.ringAlso(later(now, max(f.expire/8, 1)))
	}
}

func (f *failed[T]) push(e *entry[T]) {
	e.more.older, e.more.newer = f.newest, nil
	if f.newest == nil {
		f.oldest = e
	} else {
		f.newest.more.newer = e
	}
	f.newest = e
}

func (f *failed[T]) remove(e *entry[T]) {
	older, newer := e.more.older, e.more.newer
	if older == nil {
		f.oldest = newer
	} else {
		older.more.newer = newer
	}
	if newer == nil {
		f.newest = older
	} else {
		newer.more.older = older
	}
	e.more.older, e.more.newer = nil, nil
}

// jittered makes a delay longer by a random part of it, up to jitter.
func jittered(delay time.Duration, jitter float64) time.Duration {
	if jitter <= 0 || delay <= 0 {
		return delay
	}
	more := float64(delay) * jitter * rand.Float64()
	return time.Duration(later(int64(delay), int64(min(more, 1<<62))))
}
