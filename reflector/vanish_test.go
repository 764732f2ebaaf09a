package reflector

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vanishing is a script of a resource that is listed, vanishes for n lists and comes
// back. The watch that ends is refused, as one of a removed resource is.
func vanishing(err error, n int) []answer {
	answers := []answer{listA, streams(time.Minute, err), failing(err)}
	for range n {
		answers = append(answers, failing(err))
	}
	return append(answers, listB, streams())
}

// R7: with VanishRetry, the default, the list is tried as after any error.
func TestWhatVanishesIsTriedAgainByDefault(t *testing.T) {
	p := play(t, paged, &tape{}, failing(errNotFound), failing(errForbidden), failing(errNotFound), listA, streams())
	want := []string{"0s list rv= limit=500", "0.8s list rv= limit=500", "2.4s list rv= limit=500", "5.6s list rv= limit=500", "5.6s watch rv=10"}
	if diff := cmp.Diff(want, p.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if p.holds() != "a@1 b@2" {
		t.Errorf("the sink holds %q", p.holds())
	}
}

// R7: with VanishProbe the sink keeps what it has, the resource is asked for once in
// a while, and what it is when it comes back makes the difference.
func TestWhatVanishesIsProbed(t *testing.T) {
	for name, err := range map[string]error{"gone": errNotFound, "forbidden": errForbidden} {
		t.Run(name, func(t *testing.T) {
			sink := &tape{}
			held := ""
			sink.block = func(op string) {
				if strings.HasPrefix(op, "page a@1 c@12") {
					held = sink.holds()
				}
			}
			o := Options{DisableStreaming: true, Vanish: Vanish{Policy: VanishProbe, Interval: 10 * time.Minute}}
			p := play(t, o, sink, vanishing(err, 9)...)
			if held != "a@1 b@2" {
				t.Errorf("while it was gone the sink held %q", held)
			}
			if p.holds() != "a@1 c@12" {
				t.Errorf("when it was back the sink held %q", p.holds())
			}
			probes := 0
			for _, e := range p.errs {
				var gone *VanishedError
				if errors.As(e, &gone) {
					if probes++; gone.Policy != VanishProbe || !errors.Is(e, err) {
						t.Errorf("reported: %v", e)
					}
				}
			}
			if probes < 3 {
				t.Errorf("%d probes: %v", probes, p.errs)
			}
			if p.Status().LastError == nil || p.Stats().Synced != 2 {
				t.Errorf("status: %+v", p.Status())
			}
		})
	}
}

// R7: probes come at the interval and up to half as much later, and not before
// After has passed.
func TestProbesKeepTheirInterval(t *testing.T) {
	v := Vanish{Policy: VanishProbe, After: -1, Interval: 10 * time.Minute}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := playHere(t, Options{DisableStreaming: true, Vanish: v}, &tape{}, []answer{failing(errNotFound), failing(errNotFound), failing(errNotFound), listA, streams()})
		if took := time.Since(began); took < 30*time.Minute || took > 45*time.Minute {
			t.Errorf("three probes took %v: %v", took, p.requests)
		}
	})
	v.After = time.Hour
	p := play(t, Options{DisableStreaming: true, Vanish: v}, &tape{}, failing(errNotFound), failing(errNotFound), listA, streams())
	if len(p.requests) != 4 || !strings.HasPrefix(p.requests[2], "2.4s ") {
		t.Errorf("requests before After has passed: %v", p.requests)
	}
}

// R7: an error of another kind shows that nothing has vanished for all that time.
func TestAnotherErrorBeginsTheTimeAnew(t *testing.T) {
	o := Options{DisableStreaming: true, Vanish: Vanish{Policy: VanishStop, After: 3 * time.Second}}
	p := play(t, o, &tape{}, failing(errNotFound), failing(errNotFound), failing(errUnavailable), failing(errNotFound), listA, streams())
	if p.holds() != "a@1 b@2" {
		t.Errorf("the sink holds %q after %v", p.holds(), p.requests)
	}
}

// R7: with VanishStop, Run ends with an error that says why, and leaves the sink
// what it has; another Run lists the difference.
func TestWhatVanishesEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &tape{}
		answers := []answer{listA, streams(time.Minute, errNotFound)}
		for range 9 {
			answers = append(answers, failing(errNotFound))
		}
		s := &script{began: time.Now(), finish: func() {}, answers: answers}
		r := must(New[*thing](s, Options{Name: "test", DisableStreaming: true, Vanish: Vanish{Policy: VanishStop}, OnError: quietly}))
		err := r.Run(t.Context(), sink)
		var gone *VanishedError
		var named *Error
		if !errors.As(err, &gone) || !errors.Is(err, errNotFound) || !errors.As(err, &named) || named.Reflector != "test" {
			t.Fatalf("Run returned %v", err)
		}
		if d := time.Since(gone.Since); d < DefaultVanishAfter || d > 2*DefaultVanishAfter+time.Minute {
			t.Errorf("it ended after %v", d)
		}
		if sink.holds() != "a@1 b@2" || sink.list != nil {
			t.Errorf("the sink holds %q, an open list: %v", sink.holds(), sink.list)
		}
		if st := r.Status(); st.Running || st.InStep || !errors.Is(st.LastError, errNotFound) {
			t.Errorf("status: %+v", st)
		}
	})
}

// R5 holds while something has vanished: the change of step is logged, once.
func TestWhatVanishesIsOutOfStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []answer{listA, streams(time.Minute, errNotFound)}
		for range 30 {
			answers = append(answers, failing(errNotFound))
		}
		s := &script{began: time.Now(), finish: func() {}, answers: answers}
		r := must(New[*thing](s, Options{Name: "test", DisableStreaming: true, Vanish: Vanish{Policy: VanishProbe}, OnError: quietly}))
		ended := make(chan error, 1)
		ctx, cancel := cancelable(t)
		go func() { ended <- r.Run(ctx, &tape{}) }()
		<-time.After(20 * time.Minute)
		st := r.Status()
		var gone *VanishedError
		if st.InStep || !errors.As(st.Cause, &gone) || st.Phase != "waiting" {
			t.Errorf("status: %+v", st)
		}
		cancel()
		<-ended
	})
}

func TestAVanishThatCannotBeIsRefused(t *testing.T) {
	for _, v := range []Vanish{
		{Policy: 9}, {After: time.Second}, {Interval: time.Second},
		{Policy: VanishStop, Interval: time.Second}, {Policy: VanishProbe, Interval: -1},
	} {
		if _, err := New[*thing](&script{}, Options{Vanish: v}); err == nil || !strings.Contains(err.Error(), "Options.Vanish") {
			t.Errorf("%+v: %v", v, err)
		}
	}
	for _, p := range []VanishPolicy{VanishRetry, VanishProbe, VanishStop, 9} {
		if p.String() == "" {
			t.Errorf("%d has no name", p)
		}
	}
}
