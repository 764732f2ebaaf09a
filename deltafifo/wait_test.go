package deltafifo_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/informant-go/informant/deltafifo"
	"k8s.io/utils/clock"
)

// both runs a test on each queue, in virtual time.
func both(t *testing.T, opts deltafifo.Options[*Obj], test func(t *testing.T, q deltafifo.Queue[*Obj])) {
	t.Helper()
	t.Run("InOrder", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newInOrder(t, opts)) })
	})
	t.Run("DeltaFIFO", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			opts := opts
			opts.NoBookmarks = true
			test(t, newDeltaFIFO(t, opts))
		})
	})
}

// started runs f in a goroutine and returns a channel with its result.
func started(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	synctest.Wait() // until f waits, or is done
	return done
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

func TestPopWaitsForADelta(t *testing.T) {
	both(t, deltafifo.Options[*Obj]{}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		var got []string
		popped := started(func() error {
			return q.Pop(bg, func(b batch) error { got = showAll(b); return nil })
		})
		if len(popped) > 0 {
			t.Fatal("Pop does not wait")
		}
		if err := q.Pop(bg, nil); !errors.Is(err, deltafifo.ErrConcurrentPop) {
			t.Errorf("a second Pop returns %v", err)
		}
		must(t, q.Add(bg, obj("a", "1")))
		must(t, <-popped)
		equal(t, got, []string{"Added a 1"})
	})
}

func TestPopEndsWithItsContextAndLosesNothing(t *testing.T) { // F6
	both(t, deltafifo.Options[*Obj]{}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		ctx, cancel := context.WithTimeout(bg, time.Minute)
		defer cancel()
		start := time.Now()
		popped := started(func() error { return q.Pop(ctx, nil) })
		if err := <-popped; !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Pop returns %v after %v", err, time.Since(start))
		}
		// A delta that comes now is for the next Pop, and a context that has
		// ended takes nothing.
		must(t, q.Add(bg, obj("a", "1")))
		if err := q.Pop(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Pop with an ended context returns %v", err)
		}
		equal(t, popAll(t, q), []string{"Added a 1"})
	})
}

// A token that a sleep left behind, because context and delta came at once,
// does not end the next sleep for good.
func TestPopSleepsOnAfterAnOldToken(t *testing.T) {
	both(t, deltafifo.Options[*Obj]{}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		for range 20 {
			ctx, cancel := context.WithCancel(bg)
			popped := started(func() error { return q.Pop(ctx, func(batch) error { return nil }) })
			cancel()
			must(t, q.Add(bg, obj("a", "1")))
			if err := <-popped; err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			popAll(t, q)
			waits := started(func() error { return q.Pop(bg, func(batch) error { return nil }) })
			if len(waits) > 0 {
				t.Fatal("Pop of an empty queue does not wait")
			}
			must(t, q.Add(bg, obj("a", "2")))
			must(t, <-waits)
		}
	})
}

func TestFullQueueMakesProducersWait(t *testing.T) { // F3
	for name, produce := range map[string]func(context.Context, deltafifo.Queue[*Obj]) error{
		"Add":    func(ctx context.Context, q deltafifo.Queue[*Obj]) error { return q.Add(ctx, obj("b", "2")) },
		"Delete": func(ctx context.Context, q deltafifo.Queue[*Obj]) error { return q.Delete(ctx, obj("b", "2")) },
		"Commit": func(ctx context.Context, q deltafifo.Queue[*Obj]) error {
			return errors.Join(q.Begin(ctx), q.Page(ctx, []*Obj{obj("b", "2")}), q.Commit(ctx, "3"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, deltafifo.Options[*Obj]{Bound: 1}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
				must(t, q.Add(bg, obj("a", "1")))
				done := started(func() error { return produce(bg, q) })
				if len(done) > 0 {
					t.Fatal("a full queue takes more")
				}
				must(t, q.Pop(bg, func(batch) error {
					synctest.Wait() // for the producer, while this batch is being processed
					if len(done) == 0 {
						t.Error("the producer waits for what is being processed")
					}
					return nil
				}))
				popAll(t, q)
				must(t, <-done)
				popAll(t, q)

				must(t, q.Add(bg, obj("a", "1")))
				ctx, cancel := context.WithTimeout(bg, time.Second)
				defer cancel()
				if err := produce(ctx, q); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a wait that a context ended returns %v", err)
				}
				if q.Len() != 1 {
					t.Errorf("%d wait", q.Len())
				}
			})
		})
	}
}

func TestResyncOfAFullQueueDoesNotWait(t *testing.T) { // F3
	q := newInOrder(t, deltafifo.Options[*Obj]{Bound: 1})
	must(t, q.Add(bg, obj("a", "1")))
	must(t, q.Resync())
	must(t, q.Resync())
	equal(t, popAll(t, q), []string{"Added a 1", "SyncAll"})
}

func TestCloseEndsEveryWait(t *testing.T) { // F6
	both(t, deltafifo.Options[*Obj]{Bound: 1}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		popped := started(func() error { return q.Pop(bg, nil) })
		q.Close()
		if err := <-popped; !errors.Is(err, deltafifo.ErrClosed) {
			t.Errorf("Pop returns %v", err)
		}
	})
	both(t, deltafifo.Options[*Obj]{Bound: 1}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		must(t, q.Add(bg, obj("a", "1")))
		var waits []<-chan error
		for i := range 3 {
			waits = append(waits, started(func() error { return q.Add(bg, obj(strconv.Itoa(i), "2")) }))
		}
		q.Close()
		for _, wait := range waits {
			if err := <-wait; !errors.Is(err, deltafifo.ErrClosed) {
				t.Errorf("Add returns %v", err)
			}
		}
		equal(t, popAll(t, q), []string{"Added a 1"})
	})
}

// meter records what Metrics is told.
type meter struct {
	taken     []string
	processed []time.Duration
}

func (m *meter) Taken(n, left int, age time.Duration) {
	m.taken = append(m.taken, strconv.Itoa(n)+" of "+strconv.Itoa(n+left)+" after "+age.String())
}

func (m *meter) Processed(_ int, took time.Duration) { m.processed = append(m.processed, took) }

func TestMetricsAndAge(t *testing.T) {
	m := &meter{}
	both(t, deltafifo.Options[*Obj]{Metrics: m}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		*m = meter{}
		age := q.(interface{ Age() time.Duration }).Age
		if age() != 0 {
			t.Errorf("an empty queue is %v old", age())
		}
		must(t, q.Add(bg, obj("a", "1")))
		pass(time.Second)
		must(t, q.Update(bg, obj("a", "2")))
		pass(time.Second)
		if age() != 2*time.Second {
			t.Errorf("the oldest delta is %v old", age())
		}
		for q.Len() > 0 {
			must(t, q.Pop(bg, func(batch) error { pass(5 * time.Second); return nil }))
		}
		if age() != 0 {
			t.Errorf("an emptied queue is %v old", age())
		}
		if _, inOrder := q.(*deltafifo.InOrder[*Obj]); inOrder {
			equal(t, m.taken, []string{"1 of 2 after 2s", "1 of 1 after 7s"})
		} else {
			equal(t, m.taken, []string{"2 of 2 after 2s"})
		}
		for _, took := range m.processed {
			if took != 5*time.Second {
				t.Errorf("a batch took %v", took)
			}
		}
	})
}

// A metric that panics costs no delta: the batch was taken for process, which is called.
func TestMetricsThatPanicLoseNothing(t *testing.T) {
	m := &moody{}
	both(t, deltafifo.Options[*Obj]{Metrics: m}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		list(t, q, "1", obj("a", "1"))
		m.panics = true
		var got []string
		pop := func() (reason any) {
			defer func() { reason = recover() }()
			must(t, q.Pop(bg, func(b batch) error { got = append(got, showAll(b)...); return nil }))
			return nil
		}
		if pop() == nil {
			t.Error("the consumer sees no panic")
		}
		if len(got) != 1 || !q.HasSynced() || q.Len() != 0 {
			t.Errorf("processed %q, synced %v, %d wait", got, q.HasSynced(), q.Len())
		}
		m.panics = false
		must(t, q.Add(bg, obj("b", "2")))
		if pop() != nil || len(got) != 2 {
			t.Errorf("processed %q in the end", got)
		}
	})
}

// moody are Metrics that panic for a time.
type moody struct{ panics bool }

func (m *moody) Taken(int, int, time.Duration) {
	if m.panics {
		panic("no metrics")
	}
}

func (m *moody) Processed(int, time.Duration) {}

func TestAgeNeedsAClock(t *testing.T) {
	both(t, deltafifo.Options[*Obj]{Clock: clock.RealClock{}}, func(t *testing.T, q deltafifo.Queue[*Obj]) {
		must(t, q.Add(bg, obj("a", "1")))
		pass(time.Minute)
		if age := q.(interface{ Age() time.Duration }).Age(); age != time.Minute {
			t.Errorf("the oldest delta is %v old", age)
		}
	})
}

// A queue that was emptied holds on to nothing, in whatever buffer it keeps.
func TestEmptiedQueuePinsNoObject(t *testing.T) {
	fifo := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: mapStore{}})
	for name, q := range map[string]deltafifo.Queue[*Obj]{
		"InOrder":   newInOrder(t, deltafifo.Options[*Obj]{}),
		"DeltaFIFO": fifo,
	} {
		var seen []weak.Pointer[Obj]
		produce := func(o *Obj) *Obj {
			seen = append(seen, weak.Make(o))
			return o
		}
		for i := range 20 {
			must(t, q.Add(bg, produce(obj(strconv.Itoa(i%7), "1"))))
			must(t, q.Update(bg, produce(obj(strconv.Itoa(i%3), "2"))))
		}
		list(t, q, "3", produce(obj("x", "3")))
		must(t, q.Begin(bg))
		must(t, q.Page(bg, []*Obj{produce(obj("y", "4"))}))
		q.Abort()
		must(t, q.Begin(bg))
		must(t, q.Page(bg, []*Obj{produce(obj("z", "5"))}))
		q.Close()
		popAll(t, q)
		runtime.GC()
		runtime.GC()
		for i, p := range seen {
			if p.Value() != nil {
				t.Errorf("%s holds on to object %d of %d", name, i, len(seen))
			}
		}
		runtime.KeepAlive(q)
	}
}
