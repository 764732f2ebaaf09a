package reflector

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
)

// R5: a Reflector that is out of step says so once after 30 s, with who, what,
// where and why, also when it hangs in a request; and once when it is in step
// again. Status says the same at any time.
func TestTheChangeOfStepIsLoggedOnce(t *testing.T) {
	for _, hanging := range []bool{false, true} {
		b := newBent()
		b.write("a", false, false)
		var away atomic.Bool
		var block atomic.Pointer[chan struct{}]
		fail := func() error {
			switch {
			case away.Load() && hanging:
				<-*block.Load()
				return io.ErrUnexpectedEOF
			case away.Load():
				return errRefused
			}
			return nil
		}
		b.opening, b.listing = func(bool) error { return fail() }, fail
		runBent(t, b, Options{}, func(r *run) {
			opened := make(chan struct{}) // one of this bubble
			block.Store(&opened)
			r.pass(time.Hour, true)
			if lines := r.log(); len(lines) != 0 {
				t.Errorf("in step, and logged: %q", lines)
			}
			if s := r.Status(); !s.InStep || !s.Running || s.Phase != "watching" || s.Source != "/apis/example.org/v1/things" || !s.LastContact.Equal(time.Now()) || s.Cause != nil {
				t.Errorf("in step, and the status is %+v", s)
			}
			away.Store(true)
			r.cutStreams()
			synctest.Wait()
			lost := time.Now()
			r.pass(30*time.Second, false)
			if lines := r.log(); len(lines) != 0 || !r.Status().InStep {
				t.Errorf("after 30 s: %q, %+v", lines, r.Status())
			}
			r.pass(20*time.Minute, false)
			s := r.Status()
			if s.InStep || s.Cause == nil || !s.LastContact.Equal(lost) || s.Since.Sub(lost) < 30*time.Second || s.Since.Sub(lost) > 31*time.Second {
				t.Errorf("out of step, and the status is %+v", s)
			}
			lines := r.log()
			n := 0
			for _, line := range lines {
				if strings.Contains(line, "not in step") && strings.Contains(line, `"bent"`) && strings.Contains(line, "*reflector.thing") && strings.Contains(line, "/apis/example.org/v1/things") {
					n++
				}
			}
			if n != 1 || !hanging && !strings.Contains(strings.Join(lines, " "), "connection refused") {
				t.Errorf("out of step for 20 minutes, and logged:\n%s", strings.Join(lines, "\n"))
			}
			away.Store(false)
			close(opened)
			r.pass(10*time.Minute, false)
			if lines := r.log(); len(lines) != 1 || !strings.Contains(lines[0], "in step with the server again") {
				t.Errorf("in step again, and logged:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}

// R5: a state that flaps is logged once a minute at most, with a count, and in
// the end as it is.
func TestAStateThatFlapsIsLoggedOnceAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		var times []time.Time
		h := health{limit: time.Second, names: []any{"reflector", "x"}}
		h.begin(funcr.New(func(_, args string) {
			lines, times = append(lines, args), append(times, time.Now())
		}, funcr.Options{}))
		h.failed(errors.New("it is away"))
		flap := func(n int) {
			for range n {
				<-time.After(2 * time.Second)
				synctest.Wait()
				h.opened()
				h.closed()
			}
		}
		flap(450)
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < logGap {
				t.Errorf("line %d came %v after the one before", i, gap)
			}
		}
		if len(lines) < 4 || !strings.Contains(lines[len(lines)-1], `"changes"=`) {
			t.Errorf("logged: %q", lines)
		}
		h.opened()
		<-time.After(maxLogGap)
		synctest.Wait()
		if last := lines[len(lines)-1]; !strings.Contains(last, "again") {
			t.Errorf("it is in step, and the last line is %s", last)
		}
		n := len(lines)
		h.refuses(1, errors.New("a bad one"))
		if last := lines[len(lines)-1]; len(lines) != n+1 || !strings.Contains(last, "a bad one") {
			t.Errorf("an object is refused, and the last line is %s", last)
		}
		h.end()
		flap(100)
		if len(lines) != n+1 {
			t.Errorf("logged after the end: %q", lines[n+1:])
		}
	})
}

// R5: every restart of a watch is counted by its cause, and every list after the
// first by its reason.
func TestRestartsAreCountedByCause(t *testing.T) {
	p := play(t, Options{DisableStreaming: true}, &tape{state: map[string]string{}}, listA,
		streams(time.Second, io.EOF), streams(time.Second, io.ErrUnexpectedEOF), streams(io.EOF), listA,
		failing(errRefused), failing(errNotFound), listA, failing(errInternal), streams(modified("a@11"), errGone), listB, streams(modified("c@21"), tooLargeVersion()), listB, streams())
	want := map[RestartCause]uint64{RestartEnded: 1, RestartBroken: 1, RestartShort: 1, RestartUnreachable: 1, RestartRefused: 1, RestartInternal: 1, RestartExpired: 1, RestartTooLarge: 1}
	got := p.Status().Restarts
	for cause, n := range want {
		if got[cause] != n {
			t.Errorf("%s: %d restarts, want %d", cause, got[cause], n)
		}
	}
	relists := map[RelistReason]uint64{RelistShort: 1, RelistExpired: 1, RelistTooLarge: 1, RelistRefused: 1}
	if got := p.Status().Relists; !maps.Equal(got, relists) {
		t.Errorf("the lists after the first are %v, want %v", got, relists)
	}
}

// R5: a limit that is never passed arms no timer.
func TestALimitThatIsNeverPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health{limit: math.MaxInt64}
		h.begin(funcr.New(func(string, string) {}, funcr.Options{}))
		if h.timer != nil {
			t.Error("there is a timer")
		}
		h.end()
	})
}

// R5: what Status says is wrong is wrong.
func TestTheCauseIsThatOfAnObjectWhichIsRefused(t *testing.T) {
	var cause error
	sink := &tape{}
	var r *Reflector[*thing]
	p := play(t, paged, sink,
		answer{items: ats("good@1"), refused: []error{undecodable("first", "2")}, version: "10"},
		streams(errGone),
		answer{items: ats("good@1", "first@15"), refused: []error{undecodable("second", "16")}, version: "20"},
		streams(5*time.Minute))
	r = p.Reflector
	_, cause = r.health.refused, r.health.refusal
	if r.health.refused != 1 || !strings.Contains(cause.Error(), "second") {
		t.Errorf("%d are refused: %v", r.health.refused, cause)
	}
}

// R5, httpsource.Config.MaxListBytes: a Reflector of which no list has come whole, because
// each fails half way, is out of step.
func TestListsThatFailHalfWayAreNoContact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		r := must(New[*thing](&slowly{takes: time.Minute}, Options{Backoff: Backoff{Jitter: -1, Max: 10 * time.Second}, OnError: quietly, DisableStreaming: true}))
		done := make(chan error)
		go func() { done <- r.Run(ctx, &tape{}) }()
		inStep := 0
		for range 110 {
			<-time.After(30 * time.Second)
			if s := r.Status(); s.InStep && !s.Synced && time.Since(s.Since) >= 0 {
				inStep++
			}
		}
		if <-done; inStep > 5 {
			t.Errorf("in step at %d of 110 looks, and nothing was ever stored", inStep)
		}
	})
}
