package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2/textlogger"
)

// stuck is a handler that writes down what it is told, and stays in each callback
// until it is let go.
type stuck struct {
	recorder
	leave chan struct{}
}

func newStuck() *stuck { return &stuck{leave: make(chan struct{})} }

func (s *stuck) OnEvent(ctx context.Context, e Event[item]) {
	s.recorder.OnEvent(ctx, e)
	<-s.leave
}

// next lets the handler out of one callback.
func (s *stuck) next() {
	s.leave <- struct{}{}
	synctest.Wait() // it is in the next callback, or waits for events
}

// free lets it out of all callbacks from now on.
func (s *stuck) free() {
	close(s.leave)
	synctest.Wait() // it waits for events
}

// stopFrom stops in while slow is in a callback, which then returns.
func stopFrom(t testing.TB, in *SharedIndexInformer[item], slow *stuck, ended <-chan error) {
	t.Helper()
	stopped := make(chan error)
	go func() { stopped <- in.Stop(context.Background()) }()
	synctest.Wait() // everything else has ended
	slow.leave <- struct{}{}
	if err := errors.Join(<-stopped, <-ended); err != nil {
		t.Error(err)
	}
}

func addWith(t testing.TB, in *SharedIndexInformer[item], h Handler[item], opts HandlerOptions) *Registration[item] {
	t.Helper()
	r, err := in.AddHandler(h, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func told(t testing.TB, r interface{ take() []string }, want ...string) {
	t.Helper()
	if got := r.take(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

var (
	coalesce     = Backlog{Policy: BacklogCoalesce}
	backpressure = func(n int) Backlog { return Backlog{Policy: BacklogBackpressure, Bound: n} }
	failing      = func(n int) Backlog { return Backlog{Policy: BacklogFail, Bound: n} }
)

// I1, I7: what a handler that coalesces has not reached becomes the latest state
// of each key, with the Old that it was given; what came and went it never hears
// of, and a Delete and an Add stay two.
func TestCoalesce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		slow, fast := newStuck(), &recorder{}
		r := addWith(t, in, slow, HandlerOptions{Backlog: coalesce})
		add(t, in, fast)
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		told(t, &slow.recorder, "Add a ->1 Initial")
		for version := 2; version < 10; version++ {
			source.update(t, newItem("a", version))
		}
		source.update(t, newItem("b", 10))
		source.update(t, newItem("c", 11))
		source.update(t, newItem("b", 12))
		source.remove(t, newItem("c", 13))
		if n := len(fast.take()); n != 13 {
			t.Errorf("the other handler was told %d times", n)
		}
		if s := r.Status(); s.Depth != 2 || s.Lag != 3 || s.Backlog != coalesce {
			t.Errorf("%+v", s) // two events, and the end of the first list
		}
		slow.next()
		told(t, &slow.recorder, "Update a 1>9 Watch")
		if !r.HasSynced() {
			t.Error("the first list has been told")
		}
		source.remove(t, withUID(newItem("a", 14), "1"))
		source.update(t, withUID(newItem("a", 15), "2"))
		source.update(t, withUID(newItem("a", 16), "2"))
		slow.free()
		told(t, &slow.recorder, "Add b ->12 Watch", "Delete a 9>14 Watch", "Add a ->16 Watch")
	})
}

// I4, I7: a handler that coalesces and joins late has the objects of its snapshot
// merged with what follows; one that has not begun with an object never hears of
// it once that is gone.
func TestCoalesceASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1))
		slow := newStuck()
		r := addWith(t, in, slow, HandlerOptions{Backlog: coalesce})
		synctest.Wait() // it is in its first callback
		first := slow.take()
		if s := r.Status(); len(first) != 1 || s.Depth != 2 || s.Synced {
			t.Fatalf("told %q, %+v", first, s)
		}
		for i, name := range []string{"a", "b", "c"} {
			source.update(t, newItem(name, 10+i))
		}
		rest := []string{"Add a ->10 Initial", "Add b ->11 Initial", "Add c ->12 Initial"}
		gone := 0
		for i, name := range []string{"a", "b", "c"} {
			if strings.HasPrefix(first[0], "Add "+name) {
				rest[i] = fmt.Sprintf("Update %s 1>%d Watch", name, 10+i)
				gone = (i + 1) % 3
			}
		}
		source.remove(t, newItem([]string{"a", "b", "c"}[gone], 20))
		rest = slices.Delete(rest, gone, gone+1)
		slow.free()
		got := slow.take()
		slices.Sort(got)
		slices.Sort(rest)
		if !slices.Equal(got, rest) {
			t.Errorf("told %q, want %q", got, rest)
		}
		if s := r.Status(); s.Depth != 0 || !s.Synced || s.Age != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// I1, I7: a resync repeats what a handler that coalesces has nothing newer of, and
// those that it has not reached are one, which holds no state of its own.
func TestCoalesceResyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{ResyncPeriod: 10 * time.Second})
		slow := newStuck()
		r := addWith(t, in, slow, HandlerOptions{Backlog: coalesce})
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1), newItem("d", 1))
		slow.next()
		slow.next()
		slow.next() // it is in d
		slow.take()
		source.update(t, newItem("a", 2))
		<-time.After(time.Hour)
		synctest.Wait() // the informer has done what was due
		source.update(t, newItem("b", 3))
		source.remove(t, newItem("c", 4))
		if s := r.Status(); s.Depth != 4 {
			t.Errorf("%+v", s)
		}
		slow.free()
		got := slow.take()
		slices.Sort(got)
		if want := []string{"Delete c 1>4 Watch", "Update a 1>2 Watch", "Update b 1>3 Watch", "Update d 1>1 Resync"}; !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		<-time.After(10 * time.Second)
		synctest.Wait()
		if got := slow.take(); len(got) != 3 {
			t.Errorf("told %q in the period after", got)
		}
	})
}

// A resync tells a handler that coalesces of the state that the store has, also where
// the handler did not ask to be told of how that came about.
func TestCoalesceAResyncOfWhatWasNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		slow := newStuck()
		addWith(t, in, slow, HandlerOptions{
			Backlog: coalesce, ResyncPeriod: time.Minute,
			Reasons: []Reason{ReasonInitial, ReasonWatch, ReasonResync},
		})
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1))
		slow.next() // it is in b
		source.update(t, newItem("a", 2))
		source.update(t, newItem("b", 2))
		source.update(t, newItem("c", 2))
		source.list(t, 3, newItem("a", 3), newItem("b", 3), newItem("c", 3)) // of which it is not told
		<-time.After(time.Minute)
		synctest.Wait() // the resync waits
		slow.take()
		slow.free()
		told(t, &slow.recorder, "Update a 1>3 Watch", "Update b 1>3 Watch", "Add c ->3 Watch")
	})
}

// I9, I7: what waits when an informer stops is told in the next run.
func TestBacklogsOutliveARun(t *testing.T) {
	for name, backlog := range map[string]Backlog{"coalesce": coalesce, "backpressure": backpressure(10), "fail": failing(10)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				slow := newStuck()
				addWith(t, in, slow, HandlerOptions{Backlog: backlog})
				ended := running(t, in)
				source.list(t, 1, newItem("a", 1))
				source.update(t, newItem("b", 2))
				source.update(t, newItem("c", 3))
				stopFrom(t, in, slow, ended)
				told(t, &slow.recorder, "Add a ->1 Initial")
				if s := in.Status().Handlers[0]; s.Depth != 2 {
					t.Errorf("%+v", s)
				}
				running(t, in)
				slow.free()
				told(t, &slow.recorder, "Add b ->2 Watch", "Add c ->3 Watch")
			})
		})
	}
}

// I3, I7: a handler with backpressure has no more than its bound waiting. The
// informer waits for it, with every other handler, and then the source does; it
// says for whom.
func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
		in, source := scripted(t, Options[item]{Logger: logger})
		slow, fast := newStuck(), &recorder{}
		r := addWith(t, in, slow, HandlerOptions{Name: "slow", Backlog: backpressure(2)})
		add(t, in, fast)
		running(t, in)
		source.list(t, 1)
		for i := range 6 {
			source.update(t, newItem("a", 2+i))
		}
		taken := 6
		source.steps <- func(ctx context.Context, sink reflector.Sink[item]) error {
			for ; taken < 20; taken++ {
				if err := sink.Update(ctx, newItem("a", 2+taken)); err != nil {
					return err
				}
			}
			return nil
		}
		synctest.Wait() // everybody waits for the handler
		// One is with the handler, two wait for it, one waits to be the third,
		// and two wait in the queue.
		if s := r.Status(); s.Depth != 2 || taken != 6 || in.Status().QueueDepth != 2 {
			t.Errorf("%d were taken, %+v", taken, s)
		}
		if n := len(fast.take()); n != 4 {
			t.Errorf("the other handler was told %d times", n)
		}
		<-time.After(time.Minute)
		if s := r.Status(); s.HoldsUp != time.Minute || s.Age != time.Minute {
			t.Errorf("%+v", s)
		}
		if n := strings.Count(out.String(), `handlers=["slow"]`); n != 1 {
			t.Errorf("it is said %d times for whom the informer waits: %s", n, out.String())
		}
		slow.next()
		slow.next()
		if s := r.Status(); s.Depth > 2 || taken <= 6 {
			t.Errorf("there is room, and %d were taken: %+v", taken, s)
		}
		slow.free()
		if n, m := len(slow.take()), len(fast.take()); n != 20 || m != 16 || taken != 20 {
			t.Errorf("%d of %d were told, the other handler was told of %d", n, taken, m)
		}
		if s := r.Status(); s.HoldsUp != 0 || s.Age != 0 || s.Depth != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// I5, I7, I9: a stalled handler with backpressure does not keep an informer from
// stopping, nor does it hold it up once it is removed; nothing is lost.
func TestBackpressureEnds(t *testing.T) {
	hold := func(t *testing.T) (in *SharedIndexInformer[item], slow *stuck, fast *recorder, r *Registration[item], source *script, ended <-chan error) {
		in, source = scripted(t, Options[item]{})
		slow, fast = newStuck(), &recorder{}
		r = addWith(t, in, slow, HandlerOptions{Backlog: backpressure(1)})
		add(t, in, fast)
		ended = running(t, in)
		source.list(t, 1)
		source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
			for i := range 4 {
				if err := sink.Update(ctx, newItem("a", 2+i)); err != nil {
					return err
				}
			}
			return nil
		})
		return in, slow, fast, r, source, ended
	}
	t.Run("with Remove", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, slow, fast, r, _, _ := hold(t)
			r.Remove()
			synctest.Wait() // the informer goes on
			if n := len(fast.take()); n != 4 {
				t.Errorf("the other handler was told %d times", n)
			}
			slow.free()
			<-r.Done()
			told(t, &slow.recorder, "Add a ->2 Watch")
		})
	})
	t.Run("with Stop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in, slow, _, _, source, ended := hold(t)
			stopFrom(t, in, slow, ended)
			told(t, &slow.recorder, "Add a ->2 Watch")
			running(t, in)
			slow.free()
			source.list(t, 9, newItem("a", 9))
			got := slow.take()
			at := "2"
			for _, l := range got {
				old, now, _ := strings.Cut(strings.Fields(l)[2], ">")
				if old != at {
					t.Errorf("%s comes behind %s", l, at)
				}
				at = now
			}
			if at != "9" {
				t.Errorf("told %q", got)
			}
		})
	})
}

// I7: a handler that fails by its bound is removed and gets no further event; its
// error says why, and everybody else goes on.
func TestFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
		in, source := scripted(t, Options[item]{Name: "pods", Logger: logger})
		slow, fast := newStuck(), &recorder{}
		r := addWith(t, in, slow, HandlerOptions{Name: "slow", Backlog: failing(2)})
		add(t, in, fast)
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1), newItem("d", 1)) // which does not count
		source.update(t, newItem("a", 2))
		source.update(t, newItem("b", 3))
		if err := r.Err(); err != nil {
			t.Errorf("at its bound the handler failed: %v", err)
		}
		source.update(t, newItem("c", 4))
		var failed *BacklogError
		if err := r.Err(); !errors.As(err, &failed) || *failed != (BacklogError{Informer: "pods", Handler: "slow", Bound: 2}) {
			t.Fatalf("the error is %v", err)
		}
		if err := r.Unsynced(); !errors.Is(err, failed) {
			t.Errorf("the reason is %v", err)
		}
		if isClosed(r.Done()) || len(in.Status().Handlers) != 1 {
			t.Error("the callback runs, and the handler is not removed")
		}
		if s := r.Status(); s.Depth != 0 || s.Lag != 0 {
			t.Errorf("%+v", s)
		}
		if n := strings.Count(out.String(), `handler="slow"`); n != 1 {
			t.Errorf("it is said %d times: %s", n, out.String())
		}
		slow.free()
		<-r.Done()
		told(t, &slow.recorder, "Add a ->1 Initial")
		source.update(t, newItem("d", 5))
		if n := len(fast.take()); n != 8 {
			t.Errorf("the other handler was told %d times", n)
		}
		r.Remove()
		r.Drain()
	})
}

// The bad input of a Backlog is refused, with what to give instead.
func TestBacklogsRefuse(t *testing.T) {
	in, _ := scripted(t, Options[item]{Name: "pods"})
	for want, backlog := range map[string]Backlog{
		"policy Backpressure and the bound 0":  {Policy: BacklogBackpressure},
		"policy Backpressure and the bound -1": {Policy: BacklogBackpressure, Bound: -1},
		"policy Fail and the bound 0":          {Policy: BacklogFail},
		"policy Coalesce and the bound 5":      {Policy: BacklogCoalesce, Bound: 5},
		"policy Unbounded and the bound 5":     {Bound: 5},
		"policy 77":                            {Policy: 77},
	} {
		_, err := in.AddHandler(&recorder{}, HandlerOptions{Backlog: backlog})
		if !errors.Is(err, ErrHandlerOptions) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "pods") || !strings.Contains(err.Error(), "give") && !strings.Contains(err.Error(), "leave") {
			t.Errorf("%+v: %v", backlog, err)
		}
	}
	if n := len(in.Status().Handlers); n != 0 {
		t.Errorf("%d handlers were added", n)
	}
	for want, backlog := range map[string]Backlog{"Unbounded": {}, "Coalesce": coalesce, "Backpressure(3)": backpressure(3), "Fail(4)": failing(4), "BacklogPolicy(invalid)": {Policy: 77}} {
		if backlog.String() != want {
			t.Errorf("%s is called %s", want, backlog)
		}
	}
}

// I1, I7: whatever the policy, who takes everything is told of everything, also
// where it goes on in many small steps.
func TestBacklogsAreQueues(t *testing.T) {
	b := newInbox[item](failing(5), make(chan struct{}, 1))
	next, want := 0, 0
	for round := range 1000 {
		for range 1 + round%5 {
			b.put([]entry[item]{{Event: Event[item]{Key: fmt.Sprint(next), Type: EventAdd, Reason: ReasonWatch}}}, true)
			next++
		}
		for range 1 + (round*7)%5 {
			e, ok := b.take()
			if !ok {
				break
			}
			if e.Key != fmt.Sprint(want) {
				t.Fatalf("took %s, want %d", e.Key, want)
			}
			want++
		}
	}
	if entries, events, _ := b.depth(); entries != next-want || events != entries || b.queue.counted != entries {
		t.Errorf("%d entries, %d events, want %d", entries, events, next-want)
	}
	if n := cap(b.queue.entries); n > 8*(next-want)+64 {
		t.Errorf("room for %d, where %d wait", n, next-want)
	}
}

// I5, I7: a handler that never returns keeps nothing of what follows its removal,
// and with a Backlog nothing at once.
func TestAHandlerThatNeverReturns(t *testing.T) {
	for name, backlog := range map[string]Backlog{"coalesce": coalesce, "backpressure": backpressure(5), "fail": failing(5)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{Name: "pods"})
				slow := newStuck()
				r := addWith(t, in, slow, HandlerOptions{Name: "slow", Backlog: backlog})
				running(t, in)
				source.list(t, 1, newItem("a", 1))
				source.update(t, newItem("b", 2))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var stop *StopError
				if err := in.Stop(ctx); !errors.As(err, &stop) || !slices.Equal(stop.Running, []string{"handler slow"}) {
					t.Errorf("Stop returned %v", err)
				}
				r.Remove()
				if s := r.Status(); s.Depth != 0 || s.Lag != 0 || isClosed(r.Done()) {
					t.Errorf("after Remove: %+v", s)
				}
				slow.free()
				<-r.Done()
			})
		})
	}
}
