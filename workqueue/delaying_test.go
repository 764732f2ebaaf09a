package workqueue_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/informant-go/informant/workqueue"
)

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func wantLen(t *testing.T, q workqueue.Interface[string], n int) {
	t.Helper()
	synctest.Wait() // what a timer began must have ended
	if got := q.Len(); got != n {
		t.Errorf("Len is %d, expected %d", got, n)
	}
}

// Q4 on an injected clock, in both layers that have one.
func TestQ4OnAFakeClock(t *testing.T) {
	for name, make := range map[string]func(*clocktesting.FakeClock) workqueue.DelayingInterface[string]{
		"queue": func(c *clocktesting.FakeClock) workqueue.DelayingInterface[string] {
			return workqueue.NewDelaying(workqueue.Options[string]{Clock: c})
		},
		"layer": func(c *clocktesting.FakeClock) workqueue.DelayingInterface[string] {
			return workqueue.NewDelayingOver[string](new(workqueue.Queue[string]), workqueue.Options[string]{Clock: c})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := clocktesting.NewFakeClock(epoch)
				q := make(c)
				defer q.ShutDown()
				q.AddAfter("a", 10*time.Second)
				q.AddAfter("b", 5*time.Second)
				synctest.Wait() // the goroutine must have its timer
				c.Step(5*time.Second - 1)
				wantLen(t, q, 0)
				c.Step(1)
				wantLen(t, q, 1)
				c.Step(time.Hour)
				wantLen(t, q, 2)
				q.AddAfter("c", time.Second)
				c.Step(time.Second) // perhaps before the goroutine runs
				wantLen(t, q, 3)
			})
		})
	}
}

// Nothing runs in the background while nothing is delayed; on the real clock
// nothing ever does.
func TestNoGoroutineWhileNothingIsDelayed(t *testing.T) {
	for name, make := range map[string]func(clock.WithTicker) delays{
		"queue": func(c clock.WithTicker) delays {
			return workqueue.NewDelaying(workqueue.Options[string]{Clock: c})
		},
		"layer": func(c clock.WithTicker) delays {
			return workqueue.NewDelayingOver[string](new(workqueue.Queue[string]), workqueue.Options[string]{Clock: c})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { noGoroutine(t, make) })
		})
	}
}

func noGoroutine(t *testing.T, make func(clock.WithTicker) delays) {
	before := inBubble()
	c := clocktesting.NewFakeClock(epoch)
	q, real := make(c), make(nil)
	defer real.ShutDown()
	real.AddAfter("a", time.Hour)
	want := func(when string, n int) {
		t.Helper()
		synctest.Wait()
		if got := inBubble() - before; got != n {
			t.Errorf("%s %d goroutines run, expected %d", when, got, n)
		}
	}
	q.Add("a")
	want("without a delay", 0)
	q.AddAfter("a", time.Second)
	q.AddAfter("b", 2*time.Second)
	want("with delays", 1)
	if n := c.Waiters(); n != 1 {
		t.Errorf("%d timers for two delays", n)
	}
	c.Step(time.Minute)
	want("after the delays", 0)
	q.AddAfter("a", time.Second)
	want("with a delay again", 1)
	q.Cancel("a")
	want("after Cancel", 0)
	q.AddAfter("a", time.Second)
	q.ShutDown()
	want("after ShutDown", 0)
	if c.HasWaiters() {
		t.Error("a timer is left on the clock")
	}
}

// inBubble counts the goroutines of the synctest bubble that it is called in,
// whatever else runs in the process.
func inBubble() int {
	stacks := make([]byte, 1<<20)
	text := string(stacks[:runtime.Stack(stacks, true)])
	header, _, _ := strings.Cut(text, "\n") // of the caller
	_, bubble, _ := strings.Cut(header, ", ")
	return strings.Count(text, ", "+bubble)
}

// delays is what both delaying layers offer.
type delays interface {
	workqueue.DelayingInterface[string]
	Cancel(item string) bool
	Reschedule(item string, delay time.Duration, how workqueue.Pending) bool
	WhenReady(item string) (at time.Time, ok bool)
}

// Q4: a pending delay can be seen, moved and cancelled, in both layers that
// have one.
func TestQ4APendingDelayIsTheCallers(t *testing.T) {
	for name, make := range map[string]func() delays{
		"queue": func() delays { return new(workqueue.DelayingQueue[string]) },
		"layer": func() delays {
			return workqueue.NewDelayingOver[string](new(workqueue.Queue[string]), workqueue.Options[string]{})
		},
	} {
		t.Run(name, func(t *testing.T) { pendingDelay(t, make) })
	}
}

func pendingDelay(t *testing.T, make func() delays) {
	synctest.Test(t, func(t *testing.T) {
		q := make()
		defer q.ShutDown()
		in := func(want time.Duration) {
			t.Helper()
			at, ok := q.WhenReady("a")
			if got := time.Until(at); !ok || got != want {
				t.Errorf("ready in %v (%v), expected %v", got, ok, want)
			}
		}
		if q.Reschedule("a", time.Second, workqueue.PendingReplace) || q.Cancel("a") {
			t.Error("a delay was moved or cancelled that there is not")
		}
		q.AddAfter("a", 10*time.Second) // visible at once
		in(10 * time.Second)
		q.Reschedule("a", 20*time.Second, workqueue.PendingEarliest)
		in(10 * time.Second)
		q.Reschedule("a", 20*time.Second, workqueue.PendingLatest)
		in(20 * time.Second)
		q.Reschedule("a", 5*time.Second, workqueue.PendingLatest)
		in(20 * time.Second)
		q.Reschedule("a", 5*time.Second, workqueue.PendingReplace)
		in(5 * time.Second)
		if q, ok := q.(*workqueue.DelayingQueue[string]); ok {
			q.AddWith(workqueue.AddOptions{After: time.Minute, Pending: workqueue.PendingLatest}, "a")
			in(time.Minute)
		}
		if !q.Cancel("a") {
			t.Error("Cancel found no delay")
		}
		if _, ok := q.WhenReady("a"); ok {
			t.Error("a delay is pending after Cancel")
		}
		<-time.After(time.Hour)
		wantLen(t, q, 0)
		q.AddAfter("a", time.Hour)
		q.Reschedule("a", 0, workqueue.PendingReplace)
		wantLen(t, q, 1)
	})
}

// Q4: as an option an Add takes the pending delay with it.
func TestQ4AnAddCanTakeTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewDelaying(workqueue.Options[string]{AddTakesDelay: true})
		defer q.ShutDown()
		q.AddWith(workqueue.AddOptions{After: time.Second, Priority: 3}, "a")
		q.Add("a")
		item, priority := take(t, &q.Queue)
		if item != "a" || priority != 3 {
			t.Errorf("got %s of priority %d", item, priority)
		}
		<-time.After(time.Hour)
		wantLen(t, q, 0)
		q.Add("a")
		q.AddAfter("a", time.Second) // waits already
		take(t, &q.Queue)
		<-time.After(time.Hour)
		wantLen(t, q, 0)
	})
}

// Many delays that end at the same moment become ready in their order, a part
// at a time.
func TestQ3ManyDelaysEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewDelaying(workqueue.Options[int]{})
		defer q.ShutDown()
		const n = 10_000
		for i := range n {
			q.AddAfter(i, time.Second)
		}
		<-time.After(time.Second)
		synctest.Wait()
		for i := range n {
			if item, ok := q.TryGet(); !ok || item != i {
				t.Fatalf("got %d, %v, expected %d", item, ok, i)
			}
			q.Done(i)
		}
	})
}

// Q5: what a shutdown drops is counted, in a layer of its own too.
func TestQ5DroppedDelaysAreCounted(t *testing.T) {
	below := new(workqueue.Queue[string])
	over := workqueue.NewDelayingOver[string](below, workqueue.Options[string]{OnMisuse: quiet})
	over.AddAfter("a", time.Hour)
	over.AddAfter("b", time.Hour)
	over.AddAfter("c", time.Hour)
	if !over.Cancel("c") || over.Cancel("c") || over.Stats().Delayed != 2 {
		t.Errorf("Stats is %+v after Cancel", over.Stats())
	}
	over.ShutDownWithDrain()
	over.ShutDown()
	over.AddAfter("d", time.Hour)
	if got := over.Stats(); got.Dropped != 2 || got.Delayed != 0 || !below.ShuttingDown() {
		t.Errorf("Stats is %+v", got)
	}
	q := workqueue.NewDelaying(workqueue.Options[string]{})
	q.AddAfter("a", time.Hour)
	q.ShutDown()
	q.ShutDown()
	if got := q.Stats(); got != (workqueue.Stats{Dropped: 1}) {
		t.Errorf("Stats is %+v", got)
	}
}

// Q7: adding with a delay waits for nobody, not even for a queue below that
// does not answer.
func TestQ7AddAfterDoesNotWaitForTheQueueBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := &stuck{free: make(chan struct{})}
		q := workqueue.NewDelayingOver[string](below, workqueue.Options[string]{})
		q.AddAfter("a", time.Second)
		<-time.After(time.Second)
		synctest.Wait() // the layer is now inside of Add
		for range 5000 {
			q.AddAfter("b", time.Second)
		}
		close(below.free)
		synctest.Wait()
		if below.adds.Load() != 1 {
			t.Errorf("the queue below was given %d items", below.adds.Load())
		}
		q.ShutDown()
	})
}

// stuck is a queue whose Add waits.
type stuck struct {
	workqueue.Queue[string]
	free chan struct{}
	adds atomic.Int32
}

func (s *stuck) Add(item string) {
	<-s.free
	s.adds.Add(1)
	s.Queue.Add(item)
}
