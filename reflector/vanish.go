package reflector

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// VanishPolicy says what a Reflector does while the resource that it lists has
// vanished: the server answers lists with 404, because a custom resource was
// removed for instance, or with 403, because a permission was.
type VanishPolicy uint8

// The policies of a Vanish. None of them takes anything from the Sink: an error
// says nothing about the objects.
const (
	// VanishRetry goes on as after any other error, as client-go does.
	VanishRetry VanishPolicy = iota
	// VanishProbe asks for a list once in a while, until one is answered.
	VanishProbe
	// VanishStop ends Run with an error that wraps a *VanishedError.
	VanishStop
)

// String returns the name of the constant without its first word: "Probe".
func (p VanishPolicy) String() string {
	switch p {
	case VanishRetry:
		return "Retry"
	case VanishProbe:
		return "Probe"
	case VanishStop:
		return "Stop"
	}
	return "VanishPolicy(invalid)"
}

// The defaults of Vanish.
const (
	DefaultVanishAfter   = 30 * time.Second
	DefaultProbeInterval = 5 * time.Minute
)

// Vanish says what follows when the resource vanishes (R7). The zero value is
// client-go's way: to try again.
type Vanish struct {
	Policy VanishPolicy

	// After is for how long lists must have been answered with 404 or 403,
	// and nothing else have happened, before the policy takes effect; the
	// lists are tried again meanwhile as after any error. A server that
	// starts may answer so for a moment. 0 is 30 seconds, below 0 the first
	// such answer is enough. VanishRetry has none, and it must be 0.
	After time.Duration

	// Interval is the time from one probe of VanishProbe to the next, to
	// which up to half as much is added at random. 0 is 5 minutes. The other
	// policies have none, and it must be 0.
	Interval time.Duration
}

// check returns what is wrong with v, nil if nothing is.
func (v Vanish) check() error {
	switch {
	case v.Policy > VanishStop:
		return fmt.Errorf("Options.Vanish has the policy %d: give one of the VanishPolicy constants", v.Policy)
	case v.Policy == VanishRetry && v.After != 0:
		return fmt.Errorf("Options.Vanish has After %v and the policy Retry, which has no use for it: leave it out, or set another policy", v.After)
	case v.Policy != VanishProbe && v.Interval != 0:
		return fmt.Errorf("Options.Vanish has the Interval %v and the policy %v: leave it out, or set the policy to VanishProbe", v.Interval, v.Policy)
	case v.Interval < 0:
		return fmt.Errorf("Options.Vanish has the Interval %v: give the time from one probe to the next, or leave it out for %v", v.Interval, DefaultProbeInterval)
	}
	return nil
}

// complete returns v with its defaults filled in.
func (v Vanish) complete() Vanish {
	if v.After == 0 {
		v.After = DefaultVanishAfter
	}
	if v.Interval == 0 {
		v.Interval = DefaultProbeInterval
	}
	v.Interval = min(v.Interval, never) // so that half as much again is a time
	return v
}

// pause is the time to the next probe.
func (v Vanish) pause() time.Duration { return v.Interval + rand.N(v.Interval/2+1) }

// VanishedError says that the resource has vanished. Run returns it, inside an
// *Error, with VanishStop; with VanishProbe it is what OnError is told and
// Status.Cause says.
type VanishedError struct {
	// Since is when the server first answered so.
	Since time.Time

	// Policy is what is done about it.
	Policy VanishPolicy

	// Err is the last answer of the server.
	Err error
}

// Error says since when, what is done about it, and what the server said.
func (e *VanishedError) Error() string {
	does := "it is probed until it comes back"
	if e.Policy == VanishStop {
		does = "it is not asked for any more"
	}
	return fmt.Sprintf("the resource is gone or forbidden since %s, and %s: %v", e.Since.Format(time.RFC3339), does, e.Err)
}

// Unwrap returns the answer of the server.
func (e *VanishedError) Unwrap() error { return e.Err }

// isVanished reports whether a list that was answered with err says that there is
// no such resource, or not for us.
func isVanished(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsForbidden(err) }

// vanished notes what a list was answered with, and reports whether that is for
// the policy to judge.
func (m *machine[T]) vanished(err error) bool {
	if m.r.opts.Vanish.Policy == VanishRetry || !isVanished(err) {
		m.gone, m.probing = time.Time{}, false
		return false
	}
	if m.gone.IsZero() {
		m.gone = time.Now()
	}
	return true
}

// outlast says how to go on while the resource has vanished (R7): with lists in
// pages, which are one request each.
func (m *machine[T]) outlast(ctx context.Context, s state[T], err error) state[T] {
	m.abort()
	policy, next := m.r.opts.Vanish, m.pages(s.fresh)
	if time.Since(m.gone) < policy.After {
		return m.retry(ctx, opList, err, next)
	}
	gone := &VanishedError{Since: m.gone, Policy: policy.Policy, Err: err}
	if policy.Policy == VanishStop {
		m.report(ctx, opList, "", gone)
		m.failure = m.r.wrap(opList, "", gone)
		return m.end()
	}
	level := 0
	if m.probing {
		level = 2 // it was said
	}
	m.probing = true
	m.reportAt(ctx, level, opList, "", gone)
	m.r.record.update(func(st *Stats) { st.Retries++ })
	next.then, next.phase = next.phase, waiting
	next.delay = max(policy.pause(), min(retryAfter(err), m.r.opts.MaxPause))
	return next
}
