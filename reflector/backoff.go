package reflector

import (
	"math/rand/v2"
	"time"
)

// Backoff says how long to wait before trying again: Initial after the first
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
	// failures counts from 1. It is called by the goroutine of Run. What it
	// returns counts as 10 ms at least and Options.MaxPause at most (R6).
	Delay func(failures int) time.Duration
}

// minPause is the shortest pause after a failure (R6).
const minPause = 10 * time.Millisecond

func (b Backoff) complete() Backoff {
	if b.Initial <= 0 {
		b.Initial = 800 * time.Millisecond
	}
	if b.Max <= 0 {
		b.Max = 30 * time.Second
	}
	if !(b.Factor >= 1) { // not a number either
		b.Factor = 2
	}
	if b.Jitter == 0 || b.Jitter != b.Jitter {
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
	max      time.Duration // no delay is longer (R6)
	failures int
	until    time.Time // when the last delay ended
}

// next is the time to wait now. It is not below atLeast, which is what the
// server asked for; the jitter comes on top, so that those who were told the
// same do not come back together. It is never above d.max (R6).
func (d *delays) next(now time.Time, atLeast time.Duration) time.Duration {
	if now.Sub(d.until) >= d.ResetAfter {
		d.failures = 0
	}
	d.failures++
	base, jitter := d.base()
	wait := min(max(base, atLeast, minPause), d.max)
	wait += min(jitter, d.max-wait)
	d.until = now.Add(wait)
	return wait
}

// tried notes that what began at began has ended now, well or not. If the last delay
// ended shortly before it began, the time that it took was none without failures,
// however long that was.
func (d *delays) tried(began, now time.Time) {
	if began.Sub(d.until) < d.ResetAfter {
		d.until = now
	}
}

func (d *delays) base() (base, jitter time.Duration) {
	if d.Delay != nil {
		return max(0, d.Delay(d.failures)), 0
	}
	f := float64(d.Initial)
	for i := 1; i < d.failures && f < float64(d.Max); i++ {
		f *= d.Factor
	}
	base = atMost(f, d.Max)
	if d.Jitter > 0 {
		jitter = atMost(rand.Float64()*d.Jitter*float64(base), d.max)
	}
	return base, jitter
}

// atMost is f as a time, or most if that is less. The longest times are no float64:
// converted to one and back they would be below zero.
func atMost(f float64, most time.Duration) time.Duration {
	if f < float64(most) {
		return time.Duration(f)
	}
	return most
}

// retryDeadline limits for how long one kind of error is answered with
// another try. It corresponds to client-go's RetryWithDeadline.
type retryDeadline struct {
	limit time.Duration
	first time.Time // of the errors since the last success; zero before
}

// again notes an error at now and reports whether to try again.
func (r *retryDeadline) again(now time.Time) bool {
	if r.limit <= 0 {
		return false
	}
	if r.first.IsZero() {
		r.first = now
	}
	return now.Sub(r.first) <= r.limit
}

// reset notes a success.
func (r *retryDeadline) reset() { r.first = time.Time{} }
