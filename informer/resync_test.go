package informer

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
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
			if e.Reason == Resync {
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
