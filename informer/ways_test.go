package informer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/klog/v2/textlogger"
)

// batches is a BatchHandler that writes down its calls.
type batches struct {
	calls  []string
	during func(n int) // is called in the call of that number
}

func (b *batches) OnEvents(_ context.Context, events []Event[item]) {
	var lines []string
	for _, e := range events {
		lines = append(lines, line(e))
	}
	b.calls = append(b.calls, strings.Join(lines, ", "))
	if b.during != nil {
		b.during(len(b.calls))
	}
}

func (b *batches) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(b.calls, want) {
		t.Errorf("called with %q, want %q", b.calls, want)
	}
	b.calls = nil
}

func mustBatch(t *testing.T, b BatchHandler[item], most int) Handler[item] {
	t.Helper()
	h, err := Batched(b, most)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// I1, I3: what comes while a batch handler is called is its next batch, of no more
// events than it has asked for.
func TestI3ABatchIsWhatHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		release := make(chan struct{})
		b := &batches{during: func(n int) {
			if n == 1 {
				<-release
			}
		}}
		reg := add(t, in, mustBatch(t, b, 3))
		running(t, in)
		source.list(t, 1)
		source.update(t, newItem("a", 2))
		source.update(t, newItem("a", 3))
		source.update(t, newItem("b", 4))
		source.remove(t, newItem("a", 5))
		source.update(t, newItem("c", 6))
		if !reg.HasSynced() {
			t.Error("it has not synced, although its initial list is empty")
		}
		close(release)
		synctest.Wait()
		b.expect(t, "Add a ->2 Watch", "Update a 2>3 Watch, Add b ->4 Watch, Delete a 3>5 Watch", "Add c ->6 Watch")
	})
}

// I6: a batch handler has synced after the call that ends its initial list, and one
// that removes itself in that call never does (I5).
func TestI6ABatchHandlerSyncs(t *testing.T) {
	for _, removes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			in, source := scripted(t, Options[item]{})
			var reg *Registration[item]
			b := &batches{during: func(int) {
				if reg.HasSynced() {
					t.Error("it has synced during the call")
				}
				if removes {
					reg.Remove()
				}
			}}
			reg = add(t, in, mustBatch(t, b, 0))
			running(t, in)
			source.list(t, 1, newItem("a", 1), newItem("b", 1))
			b.expect(t, "Add a ->1 Initial, Add b ->1 Initial")
			if reg.HasSynced() == removes || isClosed(reg.Done()) != removes {
				t.Errorf("removed %v: synced %v, done %v", removes, reg.HasSynced(), isClosed(reg.Done()))
			}
			b.during = nil
			source.update(t, newItem("a", 2))
			if !removes {
				b.expect(t, "Update a 1>2 Watch")
			}
			b.expect(t)
		})
	}
}

// I5: a batch handler that removes itself is not called again, whatever has come.
func TestI5ABatchHandlerThatRemovesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		var reg *Registration[item]
		b := &batches{during: func(int) { reg.Remove() }}
		reg = add(t, in, mustBatch(t, b, 1))
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1))
		source.update(t, newItem("d", 2))
		b.expect(t, "Add a ->1 Initial")
		if !isClosed(reg.Done()) {
			t.Error("Done is not closed")
		}
	})
}

// I9: what a batch handler has not been called for when the informer stops is told in
// the next run.
func TestI9ABatchSurvivesAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		release := make(chan struct{})
		b := &batches{during: func(n int) {
			if n == 1 {
				<-release
			}
		}}
		add(t, in, mustBatch(t, b, 2))
		ended := make(chan error, 1)
		go func() { ended <- in.Run(t.Context()) }()
		synctest.Wait()
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1), newItem("d", 1), newItem("e", 1))
		stopped := make(chan error, 1)
		go func() { stopped <- in.Stop(t.Context()) }()
		synctest.Wait()
		close(release)
		if err := errors.Join(<-stopped, <-ended); err != nil {
			t.Error(err)
		}
		b.expect(t, "Add a ->1 Initial, Add b ->1 Initial")
		b.during = nil
		running(t, in)
		synctest.Wait()
		b.expect(t, "Add c ->1 Initial, Add d ->1 Initial", "Add e ->1 Initial")
	})
}

// A batch handler outside of an AddHandler has batches of one.
func TestABatchedHandlerIsAHandler(t *testing.T) {
	b := &batches{}
	mustBatch(t, b, 0).OnEvent(t.Context(), Event[item]{Type: EventAdd, Key: "ns/a", Object: newItem("a", 1), Reason: ReasonWatch})
	b.expect(t, "Add a ->1 Watch")
}

// laned is a handler whose calls a test lets return.
type laned struct {
	mu      sync.Mutex
	inside  map[string]bool
	most    int
	told    map[string][]string
	waits   map[string]chan struct{} // by key
	atClash func(string)
}

func newLaned(t *testing.T) *laned {
	return &laned{
		inside: map[string]bool{}, told: map[string][]string{}, waits: map[string]chan struct{}{},
		atClash: func(key string) { t.Errorf("two calls for %s at once", key) },
	}
}

func (l *laned) OnEvent(_ context.Context, e Event[item]) {
	l.mu.Lock()
	if l.inside[e.Key] {
		l.atClash(e.Key)
	}
	l.inside[e.Key] = true
	l.most = max(l.most, len(l.inside))
	l.told[e.Key] = append(l.told[e.Key], fmt.Sprint(e.Type, " ", e.Object.ResourceVersion))
	wait := l.waits[e.Key]
	l.mu.Unlock()
	if wait != nil {
		<-wait
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.inside, e.Key)
}

func (l *laned) of(key string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.told[key], ", ")
}

func mustSpread(t *testing.T, n int, h Handler[item]) Handler[item] {
	t.Helper()
	p, err := Parallel(n, h)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// I1, I3: a call that does not return holds up its key and a lane, and no other key;
// the calls for one key are in order.
func TestI3LanesKeepTheOrderOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		h := newLaned(t)
		stuck := make(chan struct{})
		h.waits["ns/stuck"] = stuck
		reg := add(t, in, mustSpread(t, 2, h))
		running(t, in)
		source.list(t, 1)
		source.update(t, newItem("stuck", 2))
		source.update(t, newItem("a", 3))
		source.update(t, newItem("stuck", 4))
		source.update(t, newItem("a", 5))
		source.remove(t, newItem("stuck", 6))
		source.remove(t, newItem("a", 7))
		if got := h.of("ns/a"); got != "Add 3, Update 5, Delete 7" {
			t.Errorf("a is told %s", got)
		}
		if got := h.of("ns/stuck"); got != "Add 2" {
			t.Errorf("stuck is told %s", got)
		}
		if s := in.Status().Handlers[0]; !s.Busy {
			t.Error("Status does not say that a callback runs")
		}
		close(stuck)
		synctest.Wait()
		if got := h.of("ns/stuck"); got != "Add 2, Update 4, Delete 6" {
			t.Errorf("stuck is told %s", got)
		}
		if s := in.Status().Handlers[0]; s.Busy || !reg.HasSynced() {
			t.Errorf("at rest: %+v", s)
		}
	})
}

// I3: there are never more calls at once than lanes, and all lanes are used.
func TestI3LanesAreUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		h := newLaned(t)
		begin := time.Now()
		slow := HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			<-time.After(time.Second)
			h.OnEvent(ctx, e)
		})
		var most, now atomic.Int64
		counted := HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			slow(ctx, e)
		})
		reg := add(t, in, mustSpread(t, 4, counted))
		running(t, in)
		var items []item
		for i := range 400 { // more than fit into the lanes
			items = append(items, newItem(fmt.Sprint("item-", i), 1))
		}
		source.list(t, 1, items...)
		if reg.HasSynced() {
			t.Error("it has synced before its calls have returned")
		}
		<-reg.Synced()
		if took := time.Since(begin); took != 100*time.Second || most.Load() != 4 {
			t.Errorf("400 calls of a second in 4 lanes took %v, %d at once", took, most.Load())
		}
	})
}

// I5: Drain waits for what lanes and batches hold, whatever the backlog.
func TestI5DrainTakesInWhatLanesAndBatchesHold(t *testing.T) {
	for _, backlog := range []Backlog{{}, coalesce, backpressure(5)} {
		t.Run(backlog.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				h, stuck := newLaned(t), make(chan struct{})
				h.waits["ns/stuck"] = stuck
				spread := addWith(t, in, mustSpread(t, 2, h), HandlerOptions{Backlog: backlog})
				b := &batches{during: func(n int) {
					if n == 1 {
						<-stuck
					}
				}}
				batch := addWith(t, in, mustBatch(t, b, 10), HandlerOptions{Backlog: backlog})
				running(t, in)
				source.list(t, 1, newItem("stuck", 1))
				source.update(t, newItem("stuck", 2))
				source.update(t, newItem("a", 3))
				spread.Drain()
				batch.Drain()
				source.update(t, newItem("a", 4))
				if isClosed(spread.Done()) || isClosed(batch.Done()) {
					t.Error("Done is closed inside a callback")
				}
				close(stuck)
				<-spread.Done()
				<-batch.Done()
				if a, stuck := h.of("ns/a"), h.of("ns/stuck"); a != "Add 3" || stuck != "Add 1, Update 2" {
					t.Errorf("lanes are told %q of a and %q of stuck", a, stuck)
				}
				b.expect(t, "Add stuck ->1 Initial", "Update stuck 1>2 Watch, Add a ->3 Watch")
			})
		})
	}
}

// I5: a handler with lanes that removes itself is called no more, but for the calls
// that are under way, for which Done waits.
func TestI5LanesEndWithRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		stuck := make(chan struct{})
		var reg *Registration[item]
		var calls atomic.Int64
		reg = add(t, in, mustSpread(t, 2, HandlerFunc[item](func(_ context.Context, e Event[item]) {
			calls.Add(1)
			if e.Key == "ns/stuck" {
				<-stuck
				return
			}
			reg.Remove()
		})))
		running(t, in)
		source.list(t, 1, newItem("stuck", 1), newItem("a", 1), newItem("b", 1), newItem("c", 1))
		if calls.Load() != 2 || isClosed(reg.Done()) {
			t.Errorf("%d calls, done %v, while one is under way", calls.Load(), isClosed(reg.Done()))
		}
		close(stuck)
		<-reg.Done()
		source.update(t, newItem("a", 2))
		if calls.Load() != 2 || reg.HasSynced() {
			t.Errorf("%d calls in the end, synced %v", calls.Load(), reg.HasSynced())
		}
	})
}

// I9: Stop names a handler of which a lane does not return; what the lanes have not
// come to is told in the next run, for each key in its order.
func TestI9LanesSurviveAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{Name: "pods"})
		h := newLaned(t)
		stuck := make(chan struct{})
		h.waits["ns/stuck"] = stuck
		if _, err := in.AddHandler(mustSpread(t, 1, h), HandlerOptions{Name: "laned"}); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- in.Run(t.Context()) }()
		synctest.Wait()
		source.list(t, 1, newItem("stuck", 1), newItem("a", 1), newItem("b", 1))
		source.update(t, newItem("a", 2))
		source.update(t, newItem("stuck", 3))
		source.update(t, newItem("a", 4))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var stop *StopError
		if err := in.Stop(ctx); !errors.As(err, &stop) || !slices.Equal(stop.Running, []string{"handler laned"}) {
			t.Errorf("Stop: %v", err)
		}
		close(stuck)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := h.of("ns/a"); got != "" {
			t.Errorf("a is told %s after Stop", got)
		}
		running(t, in)
		synctest.Wait()
		for key, want := range map[string]string{
			"ns/stuck": "Add 1, Update 3", "ns/a": "Add 1, Update 2, Update 4", "ns/b": "Add 1",
		} {
			if got := h.of(key); got != want {
				t.Errorf("%s is told %s, want %s", key, got, want)
			}
		}
	})
}

// I8: a lane whose handler ends its goroutine removes the handler, as without lanes.
func TestI8ALaneThatEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		reg := add(t, in, mustSpread(t, 2, HandlerFunc[item](func(context.Context, Event[item]) { runtime.Goexit() })))
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1))
		<-reg.Done()
	})
}

// slowOwner is the registration of a handler, which takes its time to remove itself.
type slowOwner struct {
	leave chan struct{}
	gone  atomic.Bool
}

func (o *slowOwner) halted() bool { return o.gone.Load() }
func (o *slowOwner) fail(error)   { o.Remove() }

func (o *slowOwner) Remove() {
	<-o.leave
	o.gone.Store(true)
}

// I5, I8: when the last lane ends its goroutine, the goroutine of the handler learns of
// it, whether it waits for the lanes or for room, also if it has looked before the
// handler was removed.
func TestI8TheLastLaneEndsItsGoroutine(t *testing.T) {
	waits := map[string]func(c *caller[item]){
		"for the lanes": func(c *caller[item]) {
			if c.settled() {
				t.Error("the lanes have dealt with everything")
			}
		},
		"for room": func(c *caller[item]) {
			for i := range laneDepth {
				c.call(Event[item]{Key: fmt.Sprint(i)})
			}
		},
	}
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leaves := HandlerFunc[item](func(context.Context, Event[item]) { runtime.Goexit() })
				c, owner := &caller[item]{handler: mustSpread(t, 1, leaves)}, &slowOwner{leave: make(chan struct{})}
				c.configure(HandlerOptions{})
				c.begin(context.Background(), "leaves", owner)
				c.call(Event[item]{Key: "a"})
				c.call(Event[item]{Key: "b"})
				over := make(chan struct{})
				go func() {
					defer close(over)
					wait(c)
				}()
				synctest.Wait() // the lane removes the handler, whose goroutine waits
				close(owner.leave)
				<-over
				c.end()
			})
		})
	}
}

// A detector of objects that are changed in place suspects handlers with lanes and with
// batches too: whoever was in a callback, or is.
func TestLanesAndBatchesAreSuspects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		h := newLaned(t)
		stuck := make(chan struct{})
		h.waits["ns/a"] = stuck
		for name, h := range map[string]Handler[item]{"laned": mustSpread(t, 2, h), "batched": mustBatch(t, &batches{}, 0)} {
			if _, err := in.AddHandler(h, HandlerOptions{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		running(t, in)
		for _, want := range [][]string{nil, {"batched", "laned"}, {"laned"}} {
			if got := in.processor.suspects(); !slices.Equal(got, want) {
				t.Errorf("the suspects are %v, want %v", got, want)
			}
			if want == nil {
				source.list(t, 1, newItem("a", 1))
			}
		}
		close(stuck)
		synctest.Wait()
		if got := in.processor.suspects(); got != nil {
			t.Errorf("the suspects are %v when all has returned", got)
		}
	})
}

// panicking is a handler that panics over "bad".
func panicking(told *recorder) HandlerFunc[item] {
	return func(ctx context.Context, e Event[item]) {
		told.OnEvent(ctx, e)
		if e.Object.Name == "bad" {
			panic(errBad)
		}
	}
}

var errBad = errors.New("bad")

// I8: a panic of a handler with PanicIsolate costs nobody anything, without a pause;
// with PanicRemove it costs the handler its place. Both are reported, in each way of
// calling a handler.
func TestI8PanicPolicies(t *testing.T) {
	ways := map[string]func(*testing.T, Handler[item]) Handler[item]{
		"one by one": func(_ *testing.T, h Handler[item]) Handler[item] { return h },
		"lanes":      func(t *testing.T, h Handler[item]) Handler[item] { return mustSpread(t, 1, h) },
		"batches": func(t *testing.T, h Handler[item]) Handler[item] {
			return mustBatch(t, BatchHandlerFunc[item](func(ctx context.Context, events []Event[item]) { h.OnEvent(ctx, events[0]) }), 1)
		},
	}
	for name, way := range ways {
		for policy, want := range map[PanicPolicy][]string{
			PanicIsolate: {"Add a ->1 Initial", "Add bad ->1 Initial", "Add c ->1 Initial"},
			PanicRemove:  {"Add a ->1 Initial", "Add bad ->1 Initial"},
		} {
			t.Run(fmt.Sprint(name, "/", policy), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					in, source := scripted(t, Options[item]{})
					var told, other recorder
					var reports []*PanicError
					reg, err := in.AddHandler(way(t, panicking(&told)), HandlerOptions{
						Panics: policy, OnPanic: func(err *PanicError) { reports = append(reports, err) },
					})
					if err != nil {
						t.Fatal(err)
					}
					add(t, in, &other)
					running(t, in)
					source.list(t, 1, newItem("a", 1), newItem("bad", 1), newItem("c", 1))
					if got := told.take(); !slices.Equal(got, want) { // no time has passed
						t.Errorf("told %q, want %q", got, want)
					}
					if got := len(other.take()); got != 3 {
						t.Errorf("another handler was told %d events", got)
					}
					if len(reports) != 1 || reports[0].Key != "ns/bad" || !errors.Is(reports[0], errBad) || !strings.Contains(string(reports[0].Stack), "panicking") {
						t.Errorf("reported: %v", reports)
					}
					if gone := isClosed(reg.Done()); gone != (policy == PanicRemove) {
						t.Errorf("removed: %v", gone)
					}
				})
			})
		}
	}
}

// I8: where the process survives a panic, a lane rests for a second and the others go
// on; the call counts as done.
func TestI8ALaneThatPanicsRestsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		in, source := scripted(t, Options[item]{})
		var told recorder
		reg := add(t, in, mustSpread(t, 2, panicking(&told)))
		running(t, in)
		source.list(t, 1)
		source.update(t, newItem("bad", 2))
		source.update(t, newItem("bad", 3))
		source.update(t, newItem("a", 4))
		want := []string{"Add bad ->2 Watch", "Update bad 2>3 Watch"} // each lane panics, and rests
		if got := told.take(); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		<-time.After(crashPause)
		synctest.Wait()
		if got := told.take(); !slices.Equal(got, []string{"Add a ->4 Watch"}) || panics.Load() != 2 {
			t.Errorf("told %q after %d panics", got, panics.Load())
		}
		if !reg.HasSynced() {
			t.Error("it has not synced")
		}
	})
}

// I8: where the process survives a panic over a batch, the batch counts as delivered,
// and the next one comes after a second.
func TestI8ABatchThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		in, source := scripted(t, Options[item]{})
		b := &batches{during: func(n int) {
			if n == 1 {
				panic("bad")
			}
		}}
		reg := add(t, in, mustBatch(t, b, 0))
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1))
		source.update(t, newItem("a", 2))
		if reg.HasSynced() {
			t.Error("it has synced during the pause")
		}
		<-time.After(crashPause)
		synctest.Wait()
		b.expect(t, "Add a ->1 Initial, Add b ->1 Initial", "Update a 1>2 Watch")
		if panics.Load() != 1 || !reg.HasSynced() {
			t.Errorf("%d panics, synced %v", panics.Load(), reg.HasSynced())
		}
	})
}

// I8: without OnPanic a panic is logged, with handler, key and stack.
func TestI8IsolatedPanicsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
		in, source := scripted(t, Options[item]{Name: "pods", Logger: logger})
		if _, err := in.AddHandler(panicking(&recorder{}), HandlerOptions{Name: "fragile", Panics: PanicIsolate}); err != nil {
			t.Fatal(err)
		}
		running(t, in)
		source.list(t, 1, newItem("bad", 1))
		for _, want := range []string{"fragile", "pods", "ns/bad", "Isolate", "panicking"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the log does not say %s: %s", want, out.String())
			}
		}
	})
}

// What cannot be a handler, or its policy, is refused.
func TestWaysRefuse(t *testing.T) {
	in, _ := scripted(t, Options[item]{Name: "pods"})
	for name, c := range map[string]refusal{
		"Batched: nil":                    {func() error { return failure(Batched[item](nil, 0)) }, ErrNoHandler},
		"Batched: nil function":           {func() error { return failure(Batched(BatchHandlerFunc[item](nil), 0)) }, ErrNoHandler},
		"Batched: nil pointer":            {func() error { return failure(Batched[item]((*batches)(nil), 0)) }, ErrNoHandler},
		"Parallel: nil":                   {func() error { return failure(Parallel[item](1, nil)) }, ErrNoHandler},
		"Parallel: nil function":          {func() error { return failure(Parallel(1, HandlerFunc[item](nil))) }, ErrNoHandler},
		"Parallel: nil pointer":           {func() error { return failure(Parallel[item](1, (*recorder)(nil))) }, ErrNoHandler},
		"Parallel: no lanes":              {func() error { return failure(Parallel[item](0, &recorder{})) }, ErrNoLanes},
		"Parallel: less than none":        {func() error { return failure(Parallel[item](-1, &recorder{})) }, ErrNoLanes},
		"AddHandler: no such PanicPolicy": {func() error { return failure(in.AddHandler(&recorder{}, HandlerOptions{Panics: 7})) }, ErrNoPanicPolicy},
	} {
		if err := c.try(); !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "informer: ") {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for policy, want := range map[PanicPolicy]string{PanicCrash: "Crash", PanicIsolate: "Isolate", PanicRemove: "Remove", 7: "PanicPolicy(invalid)"} {
		if policy.String() != want {
			t.Errorf("%d is %s", policy, policy)
		}
	}
}
