package informer

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
)

// quiesce calls Quiesce with a minute of patience.
func quiesce(in *SharedIndexInformer[item]) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return in.Quiesce(ctx)
}

// hand hands over updates, and does not wait for what follows from them.
func (s *script) hand(items ...item) {
	handed := make(chan struct{})
	s.steps <- func(ctx context.Context, sink reflector.Sink[item]) error {
		defer close(handed)
		var err error
		for _, obj := range items {
			err = errors.Join(err, sink.Update(ctx, obj))
		}
		return err
	}
	<-handed
}

// queues are the queues of an informer.
var queues = map[string]func(object.Access[item], deltafifo.Options[item]) (deltafifo.Queue[item], error){
	"in order": nil,
	"delta fifo": func(a object.Access[item], o deltafifo.Options[item]) (deltafifo.Queue[item], error) {
		return deltafifo.NewDeltaFIFOWithAccess(a, o)
	},
}

// slowly is a handler that takes a second over each event, and counts them.
type slowly struct{ told atomic.Int64 }

func (s *slowly) OnEvent(context.Context, Event[item]) {
	<-time.After(time.Second)
	s.told.Add(1)
}

func (s *slowly) OnEvents(ctx context.Context, events []Event[item]) {
	for _, e := range events {
		s.OnEvent(ctx, e)
	}
}

// ways are the ways in which a handler is called.
var ways = map[string]func(*slowly) (Handler[item], error){
	"one by one": func(s *slowly) (Handler[item], error) { return HandlerFunc[item](s.OnEvent), nil },
	"batched":    func(s *slowly) (Handler[item], error) { return Batched[item](s, 4) },
	"parallel":   func(s *slowly) (Handler[item], error) { return Parallel[item](3, s) },
}

// I10: when Quiesce returns, every handler was called for what was handed over before,
// at its own pace, whatever its backlog, the way it is called and the queue.
func TestI10QuiesceWaitsForEveryKindOfHandler(t *testing.T) {
	backlogs := []Backlog{{}, coalesce, backpressure(2), failing(100)}
	for queueName, queue := range queues {
		for _, backlog := range backlogs {
			for way, handler := range ways {
				t.Run(queueName+"/"+backlog.String()+"/"+way, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						in, source := scripted(t, Options[item]{NewQueue: queue})
						s := new(slowly)
						h, err := handler(s)
						if err != nil {
							t.Fatal(err)
						}
						addWith(t, in, h, HandlerOptions{Backlog: backlog})
						running(t, in)
						source.steps <- func(ctx context.Context, sink reflector.Sink[item]) error {
							return errors.Join(sink.Begin(ctx), sink.Page(ctx, []item{newItem("a", 1), newItem("b", 2)}), sink.Commit(ctx, "2"))
						}
						if err := WaitForSync(context.Background(), in); err != nil {
							t.Fatal(err)
						}
						if err := quiesce(in); err != nil || s.told.Load() != 2 {
							t.Fatalf("after the list: %v, told %d", err, s.told.Load())
						}
						go source.hand(newItem("c", 3), newItem("a", 4), newItem("d", 5), newItem("e", 6), newItem("f", 7))
						synctest.Wait() // the source can hand over no more
						if err := quiesce(in); err != nil || s.told.Load() < 5 {
							t.Fatalf("after the events: %v, told %d", err, s.told.Load())
						}
						if err := quiesce(in); err != nil || s.told.Load() != 7 || in.LastSyncResourceVersion() != "7" {
							t.Fatalf("in the end: %v, told %d of state %s", err, s.told.Load(), in.LastSyncResourceVersion())
						}
					})
				})
			}
		}
	}
}

// I10: Quiesce is about what was handed over before it, also while more comes all the
// time.
func TestI10QuiesceReturnsWhileEventsGoOn(t *testing.T) {
	for name, queue := range queues {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{NewQueue: queue})
				s := new(slowly)
				add(t, in, s)
				running(t, in)
				source.list(t, 1)
				stop, stopped := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(stopped)
					for version := 2; !isClosed(stop); version++ {
						source.hand(newItem(strconv.Itoa(version%5), version))
						<-time.After(500 * time.Millisecond) // twice as fast as it is told
					}
				}()
				<-time.After(10 * time.Second)
				version := in.LastSyncResourceVersion()
				if err := quiesce(in); err != nil {
					t.Error(err)
				}
				if got := s.told.Load(); got < 19 || got > 25 {
					t.Errorf("told %d, at version %s", got, version)
				}
				close(stop)
				<-stopped
			})
		})
	}
}

// I10: the end of the context names who is behind, and nobody else; who is removed is
// waited for no longer.
func TestI10QuiesceNamesWhoIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{Name: "pods"})
		slow, quick := newStuck(), &recorder{}
		reg := addWith(t, in, slow, HandlerOptions{Name: "slow"})
		addWith(t, in, quick, HandlerOptions{Name: "quick"})
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		var behind *QuiesceError
		err := quiesce(in)
		if !errors.As(err, &behind) || !errors.Is(err, context.DeadlineExceeded) || behind.Informer != "pods" ||
			!slices.Equal(behind.Behind, []string{"handler slow (in a callback)"}) {
			t.Errorf("Quiesce returned %v", err)
		}
		if reg.waits.Load() != nil {
			t.Error("a Quiesce that has ended is still waited with")
		}
		result := make(chan error, 1)
		go func() { result <- quiesce(in) }()
		synctest.Wait() // it waits for slow
		reg.Remove()
		if err := <-result; err != nil {
			t.Errorf("after the removal: %v", err)
		}
		slow.free()
	})
}

// I10: a handler that holds up the informer is named with the store.
func TestI10QuiesceNamesWhoHoldsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		slow := newStuck()
		addWith(t, in, slow, HandlerOptions{Name: "slow", Backlog: backpressure(1)})
		running(t, in)
		source.list(t, 1)
		for version := 2; version < 5; version++ {
			source.update(t, newItem("a", version))
		}
		var behind *QuiesceError
		if err := quiesce(in); !errors.As(err, &behind) || !slices.Equal(behind.Behind, []string{"handler slow (in a callback)", "store"}) {
			t.Errorf("Quiesce returned %v", err)
		}
		slow.free()
		if err := quiesce(in); err != nil {
			t.Error(err)
		}
	})
}

// I10: without a run, and when that ends, there is nothing to wait for.
func TestI10QuiesceWithoutARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		if err := quiesce(in); !errors.Is(err, ErrNotRunning) {
			t.Errorf("before a run: %v", err)
		}
		slow := newStuck()
		add(t, in, slow)
		ended := running(t, in)
		source.list(t, 1, newItem("a", 1))
		result := make(chan error, 1)
		go func() { result <- quiesce(in) }()
		synctest.Wait() // it waits for the handler
		stopFrom(t, in, slow, ended)
		if err := <-result; !errors.Is(err, ErrNotRunning) {
			t.Errorf("when the run ended: %v", err)
		}
		if err := quiesce(in); !errors.Is(err, ErrNotRunning) {
			t.Errorf("after a run: %v", err)
		}
		slow.free()
		running(t, in)
		source.list(t, 2, newItem("a", 2))
		if err := quiesce(in); err != nil {
			t.Errorf("in another run: %v", err)
		}
	})
}

// I10: inside a callback Quiesce waits for itself, and says so.
func TestI10QuiesceInsideACallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		result := make(chan error, 1)
		addWith(t, in, HandlerFunc[item](func(context.Context, Event[item]) { result <- quiesce(in) }), HandlerOptions{Name: "itself"})
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		err := <-result
		var behind *QuiesceError
		if !errors.As(err, &behind) || !slices.Equal(behind.Behind, []string{"handler itself (in a callback)"}) {
			t.Errorf("Quiesce returned %v", err)
		}
	})
}

// A key that stands still in a lane holds up Quiesce, and no other key.
func TestI10QuiesceDoesNotStopLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		l := newLaned(t)
		add(t, in, mustSpread(t, 2, l))
		running(t, in)
		source.list(t, 1)
		a := make(chan struct{})
		l.mu.Lock()
		l.waits["ns/a"] = a
		l.mu.Unlock()
		source.update(t, newItem("a", 1))
		result := make(chan error, 1)
		go func() { result <- quiesce(in) }()
		synctest.Wait() // it waits for the lane
		source.update(t, newItem("b", 2))
		if got := l.of("ns/b"); got == "" {
			t.Error("the other key waits")
		}
		close(a)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// I11: FreshAt is when the source was last heard of, once that is stored, and not
// before; a list counts from its begin, and what waits at the gate from when it came.
func TestI11FreshAt(t *testing.T) {
	for name, queue := range queues {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{NewQueue: queue})
				start := time.Now()
				expect := func(when string, want time.Duration) {
					t.Helper()
					if got := in.Status().FreshAt.Sub(start); got != want {
						t.Errorf("%s: fresh at %v, want %v", when, got, want)
					}
				}
				slow := newStuck()
				addWith(t, in, slow, HandlerOptions{Backlog: backpressure(1)})
				if !in.FreshAt().IsZero() {
					t.Error("fresh before the first list")
				}
				ended := running(t, in)
				source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Begin(ctx) })
				<-time.After(5 * time.Second)
				source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
					return errors.Join(sink.Page(ctx, []item{newItem("a", 1)}), sink.Commit(ctx, "1"))
				})
				expect("a list", 0)
				source.update(t, newItem("b", 2))
				expect("an event", 5*time.Second)
				<-time.After(time.Second)
				source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Bookmark(ctx, "5") })
				expect("a bookmark", 6*time.Second)
				<-time.After(time.Second)
				source.update(t, newItem("b", 6)) // the handler holds up the informer
				<-time.After(time.Second)
				expect("an event that is stored, but not with the handlers", 6*time.Second)
				slow.free()
				expect("the handlers have it", 7*time.Second)
				if err := errors.Join(in.Stop(context.Background()), <-ended); err != nil {
					t.Error(err)
				}
				<-time.After(time.Minute)
				expect("after the run", 7*time.Second)
			})
		})
	}
}
