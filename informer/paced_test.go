package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// timed is a handler that writes down what it is told, and when.
type timed struct {
	recorder
	start time.Time
	times []time.Duration
}

func newTimed() *timed { return &timed{start: time.Now()} }

func (r *timed) OnEvent(ctx context.Context, e Event[item]) {
	r.recorder.OnEvent(ctx, e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Reason == ReasonResync {
		r.times = append(r.times, time.Since(r.start))
	}
}

func (r *timed) OnEvents(ctx context.Context, events []Event[item]) {
	for _, e := range events {
		r.OnEvent(ctx, e)
	}
}

// resyncTimes returns when objects were told again, since the last time.
func (r *timed) resyncTimes() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	times := r.times
	r.times = nil
	return times
}

// items are n objects, and the lines that a resync of them makes.
func items(n int) (objs []item, lines []string) {
	for i := range n {
		name := fmt.Sprintf("o%02d", i)
		objs = append(objs, newItem(name, 1))
		lines = append(lines, "Update "+name+" 1>1 Resync")
	}
	return objs, lines
}

// I13: a paced resync tells of each object once, at its rate, with jitter, whatever the
// queue, the backlog and the way in which the handler is called.
func TestI13PacedResync(t *testing.T) {
	for queueName, queue := range queues {
		for _, backlog := range []Backlog{{}, coalesce, backpressure(2), failing(2)} {
			for _, way := range []string{"one by one", "batched", "parallel"} {
				t.Run(queueName+"/"+backlog.String()+"/"+way, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						in, source := scripted(t, Options[item]{NewQueue: queue})
						r := newTimed()
						var h Handler[item] = r
						var err error
						switch way {
						case "batched":
							h, err = Batched[item](r, 0)
						case "parallel":
							h, err = Parallel[item](2, r)
						}
						if err != nil {
							t.Fatal(err)
						}
						reg := addWith(t, in, h, HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 2, Backlog: backlog})
						running(t, in)
						objs, lines := items(20)
						source.list(t, 1, objs...)
						r.take()
						<-time.After(time.Minute)
						synctest.Wait() // it has begun
						if depth := reg.Status().Depth; depth != 20 {
							t.Errorf("%d wait when it begins", depth)
						}
						<-time.After(50 * time.Second)
						synctest.Wait() // it is over
						got := r.take()
						slices.Sort(got)
						if !slices.Equal(got, lines) {
							t.Errorf("told %q", got)
						}
						checkPace(t, r.resyncTimes(), 500*time.Millisecond)
						if s := in.Status(); s.Resyncs != 1 || s.Handlers[0].Depth != 0 {
							t.Errorf("%d resyncs, depth %d", s.Resyncs, s.Handlers[0].Depth)
						}
						<-time.After(time.Minute)
						synctest.Wait() // it is over again
						if got := r.take(); len(got) != 20 {
							t.Errorf("the second time told %q", got)
						}
					})
				})
			}
		}
	}
}

// checkPace checks that there is a random time around each between two.
func checkPace(t testing.TB, times []time.Duration, each time.Duration) {
	t.Helper()
	seen := map[time.Duration]bool{}
	for i := 1; i < len(times); i++ {
		gap := times[i] - times[i-1]
		seen[gap] = true
		if gap < each/2 || gap > 3*each/2 {
			t.Errorf("%v after %v, want about %v", gap, times[i-1], each)
		}
	}
	if len(seen) < len(times)/2 {
		t.Errorf("no jitter: %v", times)
	}
}

// I13, I1: what changes while a resync goes on is told at once, and not again; Old is
// what the handler was last given; what is gone is not told of.
func TestI13PacedResyncLeavesOutWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r := &recorder{}
		addWith(t, in, r, HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 1})
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1), newItem("d", 1))
		r.take()
		<-time.After(time.Minute)
		synctest.Wait() // it has begun
		source.update(t, newItem("b", 2))
		source.remove(t, newItem("c", 3))
		source.update(t, newItem("e", 4))
		source.update(t, newItem("e", 5))
		told(t, r, "Update b 1>2 Watch", "Delete c 1>3 Watch", "Add e ->4 Watch", "Update e 4>5 Watch")
		<-time.After(30 * time.Second)
		synctest.Wait() // it is over
		told(t, r, "Update a 1>1 Resync", "Update d 1>1 Resync")
		<-time.After(time.Minute)
		synctest.Wait() // another is over
		told(t, r, "Update a 1>1 Resync", "Update b 2>2 Resync", "Update d 1>1 Resync", "Update e 5>5 Resync")
	})
}

// I13: events go first, however long the resync waits; a handler that is slower than
// the pace has its own, and begins no resync before the last one is over.
func TestI13PacedResyncIsBehindEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		slow := newStuck()
		addWith(t, in, slow, HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 100})
		ended := running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1))
		slow.next()
		slow.next()
		slow.take()
		<-time.After(time.Minute + time.Second)
		synctest.Wait() // it is in the callback for a
		source.update(t, newItem("c", 2))
		source.update(t, newItem("d", 3))
		told(t, slow, "Update a 1>1 Resync")
		<-time.After(10 * time.Minute) // ten more were due
		for range 3 {
			slow.next()
		}
		told(t, slow, "Add c ->2 Watch", "Add d ->3 Watch", "Update b 1>1 Resync")
		slow.next()
		if got := slow.take(); got != nil {
			t.Errorf("told %q besides", got)
		}
		if got := in.Status().Resyncs; got != 1 {
			t.Errorf("%d resyncs", got)
		}
		close(slow.leave)
		if err := errors.Join(in.Stop(context.Background()), <-ended); err != nil {
			t.Error(err)
		}
	})
}

// I13, I9, I5: a resync that Stop came into goes on in the next run, without what the
// next list changes; Remove and Drain end it.
func TestI13PacedResyncAndTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r, removed, drained := &recorder{}, &recorder{}, &recorder{}
		opts := HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 1}
		addWith(t, in, r, opts)
		leaves, drains := addWith(t, in, removed, opts), addWith(t, in, drained, opts)
		ended := running(t, in)
		objs, lines := items(10)
		source.list(t, 1, objs...)
		<-time.After(time.Minute + 3*time.Second)
		synctest.Wait() // some are told
		before := len(r.take()) - 10
		if err := errors.Join(in.Stop(context.Background()), <-ended); err != nil {
			t.Error(err)
		}
		<-time.After(time.Minute) // nothing is due
		leaves.Remove()
		<-leaves.Done()
		running(t, in)
		synctest.Wait() // the turn of one had long come
		told(t, r, lines[before])
		objs[9] = newItem("o09", 2)
		source.list(t, 2, objs...)
		told(t, r, "Update o09 1>2 Relist")
		drains.Drain()
		<-drains.Done()
		drained.take()
		removed.take()
		<-time.After(20 * time.Second)
		synctest.Wait() // it is over
		told(t, r, lines[before+1:9]...)
		if got := append(drained.take(), removed.take()...); got != nil {
			t.Errorf("who left was told %q", got)
		}
	})
}

// I13: what a handler has not asked for is not told again either.
func TestI13PacedResyncOfASelection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r := &recorder{}
		opts := HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 10}
		if _, err := in.AddFilteredHandler(func(obj item) bool { return strings.HasPrefix(obj.Name, "a") }, r, opts); err != nil {
			t.Fatal(err)
		}
		running(t, in)
		source.list(t, 1, newItem("a1", 1), newItem("b", 1), newItem("a2", 1))
		r.take()
		<-time.After(time.Minute + 10*time.Second)
		synctest.Wait() // it is over
		told(t, r, "Update a1 1>1 Resync", "Update a2 1>1 Resync")
	})
}

// I13, I8: a panic over an object that is told again is a panic like any other.
func TestI13PacedResyncThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r := &recorder{}
		var mu sync.Mutex
		var panicked []string
		addWith(t, in, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			if e.Reason == ReasonResync && e.Object.Name == "a" {
				panic("again")
			}
			r.OnEvent(ctx, e)
		}), HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 10, Panics: PanicIsolate, OnPanic: func(err *PanicError) {
			mu.Lock()
			defer mu.Unlock()
			panicked = append(panicked, err.Key)
		}})
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1))
		r.take()
		<-time.After(time.Minute + 10*time.Second)
		synctest.Wait() // it is over
		told(t, r, "Update b 1>1 Resync")
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(panicked, []string{"ns/a"}) {
			t.Errorf("panicked over %q", panicked)
		}
	})
}

func TestPacedResyncRefuses(t *testing.T) {
	in, _ := scripted(t, Options[item]{})
	if _, err := in.AddHandler(&recorder{}, HandlerOptions{ResyncRate: -1}); !errors.Is(err, ErrHandlerOptions) || !strings.Contains(err.Error(), "ResyncRate is -1") {
		t.Error(err)
	}
}
