package informer

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector"
)

// I9: Stop waits for callbacks, and names those that do not return in time.
func TestStopNamesWhatIsInsideACallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{Name: "pods"})
		leave := make(chan struct{})
		if _, err := in.AddHandler(HandlerFunc[item](func(context.Context, Event[item]) { <-leave }), HandlerOptions{Name: "stuck"}); err != nil {
			t.Fatal(err)
		}
		add(t, in, &recorder{})
		ended := running(t, in)
		source.list(t, 1, newItem("a", 1))

		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err := in.Stop(ctx)
		var stop *StopError
		if !errors.As(err, &stop) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Stop returned %v", err)
		}
		if stop.Informer != "pods" || !slices.Equal(stop.Running, []string{"handler stuck"}) {
			t.Errorf("Stop names %q of %q", stop.Running, stop.Informer)
		}
		if err := in.Run(ctx); !errors.Is(err, ErrRunning) {
			t.Errorf("Run beside a callback that has not returned: %v", err)
		}
		close(leave)
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
		if !in.IsStopped() {
			t.Error("not stopped")
		}
	})
}

// I9: Stop names the source and an index function as well.
func TestStopNamesSourceAndStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		in, source := scripted(t, Options[item]{Name: "pods", Indexers: indexer.Indexers[item]{"slow": func(item) ([]string, error) {
			<-leave
			return nil, nil
		}}})
		ended := running(t, in)
		source.steps <- func(ctx context.Context, sink reflector.Sink[item]) error {
			err := sink.Add(ctx, newItem("a", 1))
			<-leave
			return err
		}
		synctest.Wait() // both wait for leave
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var stop *StopError
		if err := in.Stop(ctx); !errors.As(err, &stop) || !slices.Equal(stop.Running, []string{"source", "store"}) {
			t.Errorf("Stop returned %v", err)
		}
		close(leave)
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

// I9: Stop names what has not ended, and nothing that has
// (TestReviewStopNamesTheSourceAlone).
func TestStopNamesTheSourceAlone(t *testing.T) {
	for name, construct := range map[string]func(reflector.Runner[item]) (runnable, error){
		"informer": func(r reflector.Runner[item]) (runnable, error) {
			return NewFromRunner(newAccess(), r, Options[item]{})
		},
		"controller": func(r reflector.Runner[item]) (runnable, error) {
			return NewControllerFromRunner(newAccess(), r, &recorder{}, Options[item]{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leave := make(chan struct{})
				in, err := construct(runnerFunc(func(context.Context, reflector.Sink[item]) error { <-leave; return nil }))
				if err != nil {
					t.Fatal(err)
				}
				running(t, in)
				synctest.Wait() // the source hangs
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var stop *StopError
				if err := in.Stop(ctx); !errors.As(err, &stop) || !slices.Equal(stop.Running, []string{"source"}) {
					t.Errorf("only the source hangs: %v", err)
				}
				close(leave)
			})
		})
	}
}

// I9: a callback can stop its informer, without waiting for itself.
func TestACallbackCanStopTheInformer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		add(t, in, HandlerFunc[item](func(ctx context.Context, _ Event[item]) {
			now, cancel := context.WithCancel(ctx)
			cancel()
			if err := in.Stop(now); err == nil {
				t.Error("Stop has waited for the callback that called it")
			}
			<-ctx.Done() // a callback is told of the end
		}))
		ended := running(t, in)
		source.list(t, 1, newItem("a", 1))
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

// I9: a source that gives up ends Run with its error, after what it has handed
// over is stored; and another Run can follow.
func TestTheSourceEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name  string
			err   error
			wants error
		}{
			{"with an error", errors.New("file is gone"), nil},
			{"without one", nil, ErrSourceEnded},
		} {
			in, err := NewFromRunner(newAccess(), runnerFunc(func(ctx context.Context, sink reflector.Sink[item]) error {
				return errors.Join(sink.Add(ctx, newItem("a", 1)), sink.Add(ctx, newItem("b", 2)), c.err)
			}), Options[item]{Name: "pods"})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				err := in.Run(context.Background())
				if want := cmpError(c.wants, c.err); !errors.Is(err, want) {
					t.Errorf("%s: Run returned %v, want %v", c.name, err, want)
				}
				if n := len(in.Indexer().List()); n != 2 {
					t.Errorf("%s: %d objects are stored, want 2", c.name, n)
				}
			}
		}
	})
}

func cmpError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// A queue that cannot be made ends Run.
func TestAQueueThatCannotBeMade(t *testing.T) {
	broken := errors.New("no queue today")
	in, _ := scripted(t, Options[item]{NewQueue: brokenQueue(broken)})
	if err := in.Run(context.Background()); !errors.Is(err, broken) {
		t.Errorf("Run returned %v", err)
	}
	c, err := NewControllerFromRunner(newAccess(), newScript(), Handler[item](&recorder{}), Options[item]{NewQueue: brokenQueue(broken)})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(context.Background()); !errors.Is(err, broken) {
		t.Errorf("Run returned %v", err)
	}
}

// I5, I9: a handler whose callback ends its goroutine is removed; nothing waits
// for it and nothing is kept for it.
func TestAHandlerThatEndsItsGoroutineIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r := add(t, in, HandlerFunc[item](func(context.Context, Event[item]) { runtime.Goexit() }))
		other := &recorder{}
		add(t, in, other)
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 2))
		select {
		case <-r.Done():
		default:
			t.Error("Done is not closed")
		}
		if got := other.take(); len(got) != 2 {
			t.Errorf("the other handler was told %q", got)
		}
		if n := len(in.Status().Handlers); n != 1 {
			t.Errorf("%d handlers are left", n)
		}
		r.Remove()
	})
}

// WaitForSync waits for all and names those that did not sync (I6).
func TestWaitForSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{Name: "pods"})
		r, err := in.AddHandler(&recorder{}, HandlerOptions{Name: "handler"})
		if err != nil {
			t.Fatal(err)
		}
		idle, _ := scripted(t, Options[item]{Name: "idle"})
		running(t, in)
		go func() { source.list(t, 1, newItem("a", 1)) }()
		if err := WaitForSync(context.Background(), in, r); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err = WaitForSync(ctx, in, idle, r)
		var sync *SyncError
		if !errors.As(err, &sync) || !errors.Is(err, context.DeadlineExceeded) || !slices.Equal(sync.Unsynced, []string{"idle"}) {
			t.Errorf("WaitForSync returned %v", err)
		}
		if err := WaitForSync(ctx, in, r); err != nil {
			t.Errorf("a context that has ended made WaitForSync forget what has synced: %v", err)
		}
		if err := idle.Stop(context.Background()); err != nil {
			t.Errorf("Stop of an informer that never ran: %v", err)
		}
		if idle.IsStopped() {
			t.Error("an informer that never ran is not stopped")
		}
	})
}

// Status shows what waits where.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{Name: "pods"})
		leave := make(chan struct{})
		for _, h := range []Handler[item]{
			HandlerFunc[item](func(context.Context, Event[item]) { <-leave }),
			&recorder{},
		} {
			if _, err := in.AddHandler(h, HandlerOptions{Name: "same"}); err != nil {
				t.Fatal(err)
			}
		}
		running(t, in)
		source.list(t, 7, newItem("a", 1), newItem("b", 2), newItem("c", 3))
		s := in.Status()
		if s.Name != "pods" || !s.Running || !s.Synced || s.Objects != 3 || s.ResourceVersion != "7" || s.QueueDepth != 0 {
			t.Errorf("%+v", s)
		}
		stuck := HandlerStatus{Name: "same", Busy: true, Lag: 3, Depth: 3} // two events and the mark
		other := HandlerStatus{Name: "same#2", Synced: true, Latency: Latency{Buckets: [LatencyBuckets]uint64{3}}}
		if !slices.Equal(s.Handlers, []HandlerStatus{stuck, other}) {
			t.Errorf("handlers %+v", s.Handlers)
		}
		close(leave)
		if err := in.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if s := in.Status(); s.Running || s.Objects != 3 || !in.IsStopped() {
			t.Errorf("after Stop: %+v", s)
		}
	})
}
