package reflector

import (
	"math"
	"testing"
	"time"
)

// A watch that may last as long as it likes is asked for as such.
func TestTheLongestTimeoutsAreTimes(t *testing.T) {
	for _, o := range []Options{{MinWatchTimeout: math.MaxInt64}, {MinWatchTimeout: math.MaxInt64, MaxWatchTimeout: math.MaxInt64}, {MaxWatchTimeout: math.MaxInt64}} {
		m := newMachine(must(New[*thing](&script{}, o)), Sink[*thing](&tape{}))
		for range 5 {
			if d := m.drawTimeout(); d < 5*time.Minute {
				t.Errorf("%v: a watch of %v", o.MinWatchTimeout, d)
			}
		}
	}
}

// A list streamed with the longest timeout is not cut at once.
func TestAListIsStreamedWithTheLongestTimeout(t *testing.T) {
	p := play(t, Options{MinWatchTimeout: math.MaxInt64, MaxWatchTimeout: math.MaxInt64}, &tape{},
		streams(time.Second, added("a@1"), listEnd("10")))
	if p.Stats().Synced != 1 {
		t.Errorf("%q: %v", p.requests, p.errs)
	}
}

// Probes have pauses.
func TestTheLongestProbeIntervalIsATime(t *testing.T) {
	v := Vanish{Policy: VanishProbe, Interval: math.MaxInt64}
	if v.check() == nil {
		for range 5 {
			if d := v.complete().pause(); d < time.Hour {
				t.Fatalf("a pause of %v", d)
			}
		}
	}
}
