package informer

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/klog/v2/textlogger"
)

// The first handler that asks an informer without a ResyncPeriod for resyncs
// gets them, whether it asks before Run or after.
func TestAHandlerCanAskForResyncsByItself(t *testing.T) {
	for name, early := range map[string]bool{"before Run": true, "after it": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				r, other := &recorder{}, &recorder{}
				join := func() {
					if _, err := in.AddHandler(r, HandlerOptions{ResyncPeriod: 10 * time.Second}); err != nil {
						t.Fatal(err)
					}
				}
				add(t, in, other)
				if early {
					join()
				}
				running(t, in)
				source.list(t, 1, newItem("a", 1))
				if !early {
					join()
				}
				synctest.Wait() // both were told of the list
				r.take()
				other.take()
				<-time.After(35 * time.Second)
				synctest.Wait() // the third resync is told
				if want := slices.Repeat([]string{"Update a 1>1 Resync"}, 3); !slices.Equal(r.take(), want) {
					t.Error("not told three times")
				}
				if got := other.take(); got != nil {
					t.Errorf("the other handler was told %q", got)
				}
			})
		})
	}
}

// A resync that the queue comes to late is for all who were due meanwhile, and
// each of them is told of the state at that place, once.
func TestALateResyncIsForAllWhoWereDue(t *testing.T) {
	plan := resyncPlan[item]{changed: make(chan struct{}, 1)}
	now := time.Now()
	a, b := &Registration[item]{resynced: now}, &Registration[item]{resynced: now}
	a.period, b.period = plan.admit(2*time.Second), plan.admit(3*time.Second)
	handlers := map[*Registration[item]]struct{}{a: {}, b: {}}
	for _, c := range []struct {
		after        time.Duration
		serve        bool
		wantA, wantB bool
	}{
		{2 * time.Second, false, true, false},
		{3 * time.Second, false, true, true}, // a still waits
		{4 * time.Second, true, true, true},
		{5 * time.Second, true, false, false},
		{6 * time.Second, true, true, true},
	} {
		due := plan.due(now.Add(c.after), handlers)
		round := plan.round
		if round.includes(a) != c.wantA || round.includes(b) != c.wantB || due != (c.wantA || c.wantB) {
			t.Errorf("after %v: a %v, b %v, due %v", c.after, round.includes(a), round.includes(b), due)
		}
		if c.serve {
			plan.take()
		}
	}
	plan.due(now.Add(time.Hour), handlers)
	plan.forget(a)
	if plan.round.includes(a) || !plan.round.includes(b) {
		t.Error("forget has forgotten the wrong handler")
	}
}

// I5: a handler that was removed between tick and resync is not told of it.
func TestARemovedHandlerIsNotResynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{ResyncPeriod: 10 * time.Second})
		leave := make(chan struct{})
		r := &recorder{}
		reg := add(t, in, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			r.OnEvent(ctx, e)
			if e.Reason == ReasonResync {
				<-leave
			}
		}))
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1))
		r.take()
		<-time.After(15 * time.Second)
		synctest.Wait() // the handler is in the first callback of the resync
		reg.Remove()
		close(leave)
		<-reg.Done()
		<-time.After(time.Minute)
		if got := r.take(); len(got) != 1 {
			t.Errorf("told %q", got)
		}
	})
}

// A handler that stands still is resynced once for all that was due meanwhile,
// and not once for each: what waits for it does not grow.
func TestAHandlerThatStandsStillIsResyncedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{ResyncPeriod: 10 * time.Second})
		leave, r := make(chan struct{}), &recorder{}
		first := true
		add(t, in, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			if first {
				first = false
				<-leave
			}
			r.OnEvent(ctx, e)
		}))
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		<-time.After(time.Hour)
		synctest.Wait() // the handler is in its first callback
		if lag := in.Status().Handlers[0].Lag; lag > 3 {
			t.Errorf("%d entries wait", lag)
		}
		close(leave)
		synctest.Wait() // it has caught up
		if got := r.take(); !slices.Equal(got, []string{"Add a ->1 Initial", "Update a 1>1 Resync"}) {
			t.Errorf("told %q", got)
		}
		<-time.After(10 * time.Second)
		synctest.Wait()
		if got := r.take(); len(got) != 1 {
			t.Errorf("told %q in the period after", got)
		}
	})
}

// A period that cannot be kept is told of, once, with what the handler gets.
func TestAPeriodThatBecomesAnotherIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
		in, _ := scripted(t, Options[item]{ResyncPeriod: time.Minute, Logger: logger})
		join := func(name string, period time.Duration) {
			if _, err := in.AddHandler(&recorder{}, HandlerOptions{Name: name, ResyncPeriod: period}); err != nil {
				t.Fatal(err)
			}
		}
		join("kept", 2*time.Minute)
		join("rounded", 66*time.Second)
		join("default", 0)
		join("never", -1)
		running(t, in)
		synctest.Wait() // it runs
		join("raised", 30*time.Second)
		for _, want := range []string{`handler="rounded" asked="1m6s" period="2m0s"`, `handler="raised" asked="30s" period="1m0s"`} {
			if strings.Count(out.String(), want) != 1 {
				t.Errorf("%s is not said once", want)
			}
		}
		if n := strings.Count(out.String(), "asked="); n != 2 {
			t.Errorf("%d handlers are told of: %s", n, out.String())
		}
	})
}

// A handler that joins behind the mark of a resync which it was due for does not
// wait for that mark: it is resynced at the next one.
func TestAHandlerThatJoinsBehindAResync(t *testing.T) {
	in, _ := scripted(t, Options[item]{})
	p := in.processor
	p.open() // the mark is under way
	r := &Registration[item]{p: p}
	p.add(r, time.Second)
	now := time.Now().Add(time.Minute)
	p.tick(now)
	p.publish(p.resyncMark(), nil)
	p.tick(now.Add(time.Minute))
	if r.reader == nil || !p.resync.round.includes(r) {
		t.Error("the handler is not due any more")
	}
}

// The longest period is one, however often the informer looks who is due.
func TestTheLongestPeriod(t *testing.T) {
	for _, check := range []time.Duration{0, time.Second, math.MaxInt64 - 1, math.MaxInt64} {
		p := resyncPlan[item]{check: check}
		if got := p.effective(math.MaxInt64); got != math.MaxInt64 {
			t.Errorf("it becomes %v with ticks every %v", got, check)
		}
	}
}
