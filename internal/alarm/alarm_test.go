package alarm

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is an owner of an alarm, on the virtual time of a bubble or on a clock that
// the test moves.
type rig struct {
	Alarm
	mu    sync.Mutex
	clock *clocktesting.FakeClock // nil is the time of the bubble
	base  time.Time
	rings []time.Duration // since base
}

func newRig(injected bool) *rig {
	r := &rig{base: time.Now()}
	if !injected {
		r.Alarm = New(&r.mu, nil, r.base, r.ring)
		return r
	}
	r.clock = clocktesting.NewFakeClock(r.base)
	r.Alarm = New(&r.mu, r.clock, r.base, r.ring)
	return r
}

func (r *rig) now() time.Duration {
	if r.clock != nil {
		return r.clock.Since(r.base)
	}
	return time.Since(r.base)
}

func (r *rig) ring() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rings = append(r.rings, r.now())
}

func (r *rig) set(at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Set(int64(at), int64(r.now()))
}

func (r *rig) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Clear()
}

func (r *rig) pass(d time.Duration) {
	synctest.Wait() // a goroutine on an injected clock must have its timer
	if r.clock != nil {
		r.clock.Step(d)
	} else {
		<-time.After(d)
	}
	synctest.Wait()
}

// An alarm rings at the time that was set last, not before, and not when it was
// cleared or stopped.
func TestAlarmRingsAtTheTimeThatWasSetLast(t *testing.T) {
	for name, injected := range map[string]bool{"real clock": false, "injected clock": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(injected)
				want := func(n int) {
					t.Helper()
					r.mu.Lock()
					defer r.mu.Unlock()
					if len(r.rings) != n {
						t.Fatalf("the alarm has rung %d times, expected %d", len(r.rings), n)
					}
				}
				r.set(10 * time.Second)
				r.set(3 * time.Second)
				r.pass(3*time.Second - 1)
				want(0)
				r.pass(1)
				want(1)
				r.pass(time.Minute)
				want(1)
				r.set(2 * time.Minute)
				r.clear()
				r.pass(time.Hour)
				want(1)
				r.set(r.now()) // at once
				r.pass(1)
				want(2)
				r.set(r.now() + time.Second)
				r.Stop()
				r.Stop()
				r.pass(time.Hour)
				want(2)
			})
		})
	}
}

// A ticker on an injected clock ticks with it, until it is stopped.
func TestTickerTicksUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clocktesting.NewFakeClock(time.Now())
		n := 0
		ticker := Every(c, time.Second, func() { n++ })
		for range 3 {
			c.Step(time.Second)
			synctest.Wait()
		}
		ticker.Stop()
		c.Step(time.Second)
		if n != 3 {
			t.Errorf("it has ticked %d times", n)
		}
	})
}

// The time until another one does not overflow.
func TestUntilEndsAtTheLongestTime(t *testing.T) {
	for _, c := range []struct {
		at, now int64
		want    time.Duration
	}{
		{5, 3, 2}, {3, 5, -2}, {math.MaxInt64, -1, math.MaxInt64}, {math.MaxInt64, math.MinInt64, math.MaxInt64},
	} {
		if got := Until(c.at, c.now); got != c.want {
			t.Errorf("from %d to %d is %d, not %d", c.now, c.at, got, c.want)
		}
	}
}
