package reflector

import (
	"math"
	"testing"
	"time"
)

// R3: pauses double up to 30 s, have jitter on top, are never shorter than the
// server asks, and begin anew after two minutes without a failure.
func TestPausesGrowWithJitterAndStartAnewAfterHealth(t *testing.T) {
	d := delays{Backoff: Backoff{}.complete(), max: DefaultMaxPause}
	now := time.Unix(0, 0)
	base := 800 * time.Millisecond
	for i := range 12 {
		wait := d.next(now, 0)
		if wait < base || wait >= 2*base {
			t.Errorf("pause %d is %v, want %v to %v", i, wait, base, 2*base)
		}
		now = now.Add(wait + 119*time.Second)
		base = min(2*base, 30*time.Second)
	}
	if wait := d.next(now, 45*time.Second); wait < 45*time.Second || wait >= 75*time.Second {
		t.Errorf("the pause is %v where the server asked for 45s", wait)
	}
	now = d.until.Add(2 * time.Minute)
	if wait := d.next(now, 0); wait >= 1600*time.Millisecond {
		t.Errorf("after two minutes of health the pause is %v", wait)
	}
}

func TestJitterDiffersFromPauseToPause(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		d := delays{Backoff: Backoff{}.complete(), max: DefaultMaxPause}
		seen[d.next(time.Unix(0, 0), 10*time.Second)] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 pauses had %d lengths", len(seen))
	}
}

// R6: what stands in for the pauses is bounded like them.
func TestTheBackoffCanBeReplaced(t *testing.T) {
	delay := func(n int) time.Duration { return time.Duration(n-1) * 4 * time.Minute }
	d := delays{Backoff: Backoff{Delay: delay}.complete(), max: DefaultMaxPause}
	for i, want := range []time.Duration{minPause, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute} {
		if got := d.next(d.until, 0); got != want {
			t.Errorf("pause %d is %v, want %v", i, got, want)
		}
	}
}

// R6: no pause is longer than the limit, whatever a server asks for and
// whatever the settings are, and none is no pause.
func TestPausesHaveABound(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, b := range []Backoff{{}, {Initial: 1, Max: 1}, {Initial: 1 << 62, Max: 1 << 62}, {Factor: inf}, {Factor: nan}, {Jitter: inf}, {Jitter: nan}, {Jitter: 1e300}} {
		for _, asked := range []time.Duration{0, time.Hour, math.MaxInt64} {
			d := delays{Backoff: b.complete(), max: time.Minute}
			for range 100 {
				if wait := d.next(d.until, asked); wait < minPause || wait > time.Minute || asked > 0 && wait < time.Minute {
					t.Fatalf("%+v: the pause is %v where the server asked for %v", b, wait, asked)
				}
			}
		}
	}
}

func TestRetriesOfInternalErrorsHaveADeadline(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	r := retryDeadline{limit: 30 * time.Second}
	for _, c := range []struct {
		at   int
		want bool
	}{{0, true}, {20, true}, {30, true}, {31, false}, {32, false}, {500, false}} {
		if got := r.again(at(c.at)); got != c.want {
			t.Errorf("after %d s: %v, want %v", c.at, got, c.want)
		}
	}
	if r.reset(); !r.again(at(600)) {
		t.Error("after a success there is no retry")
	}
	if (&retryDeadline{}).again(at(0)) {
		t.Error("without a limit there is a retry")
	}
}
