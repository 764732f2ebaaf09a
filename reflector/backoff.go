package reflector

import (
	"math/rand/v2"
	"time"
)

// Backoff tells how long to wait before trying again: Initial after the first
// failure, Factor times as long after each further one up to Max, and on top
// of that a random share of it of up to Jitter. The zero value means 800 ms,
// 30 s, 2 and 1, client-go's numbers.
type Backoff struct {
	Initial, Max time.Duration
	Factor       float64

	// Jitter is the largest random share; below 0 there is none.
	Jitter float64

	// ResetAfter is how long nothing must have failed for the next failure to
	// be the first again. By default 2 minutes.
	ResetAfter time.Duration

	// Delay, if not nil, stands in for all of the above but ResetAfter.
	// failures counts from 1. It is called by the goroutine of Run.
	Delay func(failures int) time.Duration
}

func (b Backoff) complete() Backoff {
	if b.Initial <= 0 {
		b.Initial = 800 * time.Millisecond
	}
	if b.Max <= 0 {
		b.Max = 30 * time.Second
	}
	if b.Factor < 1 {
		b.Factor = 2
	}
	if b.Jitter == 0 {
		b.Jitter = 1
	}
	if b.ResetAfter <= 0 {
		b.ResetAfter = 2 * time.Minute
	}
	return b
}

// delays is a Backoff in use.
type delays struct {
	Backoff
	failures int
	until    time.Time // when the last delay ended
}

// next is the time to wait now. It is never below atLeast, which is what the
// server asked for; the jitter comes on top, so that those who were told the
// same do not come back together.
func (d *delays) next(now time.Time, atLeast time.Duration) time.Duration {
	if now.Sub(d.until) >= d.ResetAfter {
		d.failures = 0
	}
	d.failures++
	base, jitter := d.base()
	wait := max(base, atLeast) + jitter
	d.until = now.Add(wait)
	return wait
}

func (d *delays) base() (base, jitter time.Duration) {
	if d.Delay != nil {
		return max(0, d.Delay(d.failures)), 0
	}
	f := float64(d.Initial)
	for i := 1; i < d.failures && f < float64(d.Max); i++ {
		f *= d.Factor
	}
	base = time.Duration(min(f, float64(d.Max)))
	if d.Jitter > 0 {
		jitter = time.Duration(rand.Float64() * d.Jitter * float64(base))
	}
	return base, jitter
}

// retryDeadline limits for how long one kind of error is answered with
// another try. A minute without such an error starts it anew. It corresponds
// to client-go's RetryWithDeadline.
type retryDeadline struct {
	limit       time.Duration
	first, last time.Time // zero before the first error
}

// again notes an error at now and tells whether to try again.
func (r *retryDeadline) again(now time.Time) bool {
	if r.limit <= 0 {
		return false
	}
	if r.first.IsZero() || now.Sub(r.last) >= time.Minute {
		r.first = now
	}
	r.last = now
	if now.Sub(r.first) <= r.limit {
		return true
	}
	r.first = time.Time{}
	return false
}
