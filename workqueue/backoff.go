package workqueue

import (
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
	// having failed. Less than twice the longest delay, jitter included,
	// means that much.
	Expire time.Duration
}

// failed is the list of the entries with failures, ordered by the time of their
// last failure, the oldest first. All failures expire after the same time, so
// that a list is enough: no heap is needed.
type failed[T comparable] struct {
	base, max      time.Duration
	expire         int64
	oldest, newest uint32
}

// setBackoff sets what failed needs. It is called at construction.
func (q *Queue[T]) setBackoff(b Backoff, jitter float64) {
	q.failed.base, q.failed.max = b.Base, max(b.Base, b.Max)
	longest := float64(q.failed.max) * (1 + jitter)
	q.failed.expire = max(int64(b.Expire), later(0, int64(min(2*longest, 1<<62))))
}

// fail counts a failure of e and returns the delay.
func (q *Queue[T]) fail(e entry[T], now int64) time.Duration {
	f := &q.failed
	if f.base <= 0 {
		return 0
	}
	x := e.extra()
	if x.failures > 0 {
		f.remove(&q.table.slabs, x)
		if later(x.failedAt, f.expire) <= now {
			x.failures = 0
		}
	}
	delay := exponential(f.base, f.max, int(x.failures))
	x.failures++
	x.failedAt = now
	f.push(&q.table.slabs, e)
	return delay
}

// remembered is the number of failures of e that have not expired.
func (q *Queue[T]) remembered(e entry[T], now int64) int {
	if e.none() || e.failures() == 0 || q.failed.expires(e) <= now {
		return 0
	}
	return int(e.failures())
}

// forgive drops the failures of e, and the entry if nothing else needs it.
func (q *Queue[T]) forgive(e entry[T]) {
	q.failed.remove(&q.table.slabs, e.more())
	e.more().failures = 0
	q.settle(e)
}

// forgetOld drops the failures that have expired, and sets the time at which it
// must be called again. That time is rounded up, so that many failures in a row
// do not ring the alarm as often.
func (q *Queue[T]) forgetOld(now int64) {
	f := &q.failed
	q.delays.also = 0
	for range firing {
		if f.oldest == 0 || f.expires(q.table.at(f.oldest)) > now {
			break
		}
		q.forgive(q.table.at(f.oldest))
	}
	switch {
	case f.oldest == 0 || q.down:
	case f.expires(q.table.at(f.oldest)) <= now:
		q.delays.ringAlso(now) // the rest when others have had the lock
	default:
		q.delays.ringAlso(later(now, max(f.expire/8, 1)))
	}
}

// expires is when the failures of e expire. It must have some.
func (f *failed[T]) expires(e entry[T]) int64 { return later(e.more().failedAt, f.expire) }

func (f *failed[T]) push(in *slabs[T], e entry[T]) {
	e.more().older = f.newest
	if f.newest == 0 {
		f.oldest = e.id
	} else {
		in.at(f.newest).more().newer = e.id
	}
	f.newest = e.id
}

func (f *failed[T]) remove(in *slabs[T], x *more[T]) {
	if x.older == 0 {
		f.oldest = x.newer
	} else {
		in.at(x.older).more().newer = x.newer
	}
	if x.newer == 0 {
		f.newest = x.older
	} else {
		in.at(x.newer).more().older = x.older
	}
	x.older, x.newer = 0, 0
}

// jittered makes a delay longer by a random part of it, up to jitter.
func jittered(delay time.Duration, jitter float64) time.Duration {
	if jitter <= 0 || delay <= 0 {
		return delay
	}
	more := float64(delay) * jitter * rand.Float64()
	return time.Duration(later(int64(delay), int64(min(more, 1<<62))))
}
