package reflector

import (
	"testing"
	"time"
)

// R3: pauses double up to 30 s, have jitter on top, are never shorter than the
// server asks, and begin anew after two minutes without a failure.
func TestPausesGrowWithJitterAndStartAnewAfterHealth(t *testing.T) {
	d := delays{Backoff: Backoff{}.complete()}
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
		d := delays{Backoff: Backoff{}.complete()}
		seen[d.next(time.Unix(0, 0), 10*time.Second)] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 pauses had %d lengths", len(seen))
	}
}

func TestTheBackoffCanBeReplaced(t *testing.T) {
	d := delays{Backoff: Backoff{Delay: func(n int) time.Duration { return time.Duration(n) * time.Hour }}.complete()}
	for i := 1; i < 4; i++ {
		if got := d.next(d.until, 0); got != time.Duration(i)*time.Hour {
			t.Errorf("pause %d is %v", i, got)
		}
	}
}

func TestRetriesOfInternalErrorsHaveADeadline(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	r := retryDeadline{limit: 30 * time.Second}
	for _, c := range []struct {
		at   int
		want bool
	}{{0, true}, {20, true}, {30, true}, {31, false}, {32, true}, {62, true}, {123, true}, {160, false}} {
		if got := r.again(at(c.at)); got != c.want {
			t.Errorf("after %d s: %v, want %v", c.at, got, c.want)
		}
	}
	if (&retryDeadline{}).again(at(0)) {
		t.Error("without a limit there is a retry")
	}
}
