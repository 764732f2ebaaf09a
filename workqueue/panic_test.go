package workqueue_test

import (
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/informant-go/informant/workqueue"
)

// flawed is a Storage whose methods panic when they are told to.
type flawed struct {
	fifo
	push, pop, len bool
}

func (s *flawed) Push(item string) {
	if s.push {
		panic("Push is broken")
	}
	s.fifo.Push(item)
}

func (s *flawed) Pop() string {
	if s.pop {
		panic("Pop is broken")
	}
	return s.fifo.Pop()
}

func (s *flawed) Len() int {
	if s.len {
		panic("Len is broken")
	}
	return s.fifo.Len()
}

// survive calls f, and returns with what it panicked, nil if it did not.
func survive(f func()) (reason any) {
	defer func() { reason = recover() }()
	f()
	return nil
}

// ends fails the test unless f returns.
func ends(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	synctest.Wait()
	select {
	case <-done:
	default:
		t.Fatalf("%s does not return", what)
	}
}

// getters starts n workers that wait for an item and panic quietly. What each got
// is sent, "shutdown" and "panic" included.
func getters(q interface{ Get() (string, bool) }, n int) chan string {
	got := make(chan string, n)
	for range n {
		go func() {
			item, shutdown := "", false
			switch reason := survive(func() { item, shutdown = q.Get() }); {
			case reason != nil:
				item = "panic"
			case shutdown:
				item = "shutdown"
			}
			got <- item
		}()
	}
	synctest.Wait()
	return got
}

// onePanicsOneHas checks that one of two workers has panicked and the other has item.
// The one that panics wakes the other first, so that either may be the first to say so.
func onePanicsOneHas(t *testing.T, got <-chan string, item string) {
	t.Helper()
	all := []string{<-got, <-got}
	slices.Sort(all)
	if want := []string{item, "panic"}; !slices.Equal(all, want) {
		t.Errorf("the workers got %q, want %q", all, want)
	}
}

// Q7: a Storage that cannot say how long it is keeps nobody asleep, and no drain
// from its end.
func TestALenThatPanicsKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(flawed)
		q := workqueue.New(workqueue.Options[string]{Storage: s, OnMisuse: quiet})
		q.Add("a")
		q.Get()
		q.Add("a")
		q.Add("b")
		q.Get()
		q.Add("b")
		got := getters(q, 2)
		s.len = true
		survive(func() { q.Done("a") })
		synctest.Wait() // those who are woken ask how long it is, too
		s.len = false
		if len(got) != 2 || <-got != "panic" || <-got != "panic" {
			t.Fatal("a worker sleeps although an item waits")
		}
		survive(func() { q.Done("b") })
		got = getters(q, 2)
		if len(got) != 2 {
			t.Fatalf("%d of 2 workers have an item", len(got))
		}
		q.Add("a")
		s.len = true
		ended := make(chan struct{})
		go func() {
			survive(q.ShutDownWithDrain)
			close(ended)
		}()
		synctest.Wait()
		s.len = false
		for range 2 {
			q.Done(<-got)
		}
		if item, ok := q.TryGet(); !ok || item != "a" {
			t.Errorf("got %q, %v", item, ok)
		}
		s.len = true
		survive(func() { q.Done("a") })
		s.len = false
		ends(t, "ShutDownWithDrain", func() { <-ended })
	})
}

// A shutdown wakes everybody, whatever the Storage does.
func TestALenThatPanicsKeepsNobodyFromTheShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(flawed)
		q := workqueue.New(workqueue.Options[string]{Storage: s})
		got := getters(q, 3)
		s.len = true
		go survive(q.ShutDownWithDrain)
		synctest.Wait()
		s.len = false
		q.ShutDown()
		synctest.Wait()
		if len(got) != 3 {
			t.Fatalf("%d of 3 workers have returned", len(got))
		}
	})
}

// Q7: the delays that a panic leaves over end nevertheless, and what has ended
// before it wakes a worker.
func TestAPushThatPanicsAtTheEndOfADelayHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &pushes{refused: "b"}
		c := clocktesting.NewFakeClock(time.Now())
		q := workqueue.NewDelaying(workqueue.Options[string]{Storage: s, Clock: held{c}, IdleEntries: -1})
		defer q.ShutDown()
		got := getters(q, 2)
		for _, item := range []string{"a", "b", "c", "d"} {
			q.AddAfter(item, time.Second)
		}
		synctest.Wait() // the goroutine must have its timer, or it does what is the caller's to do
		c.SetTime(c.Now().Add(time.Second))
		if survive(func() { q.Reschedule("d", 0, workqueue.PendingReplace) }) == nil {
			t.Error("the caller sees no panic")
		}
		synctest.Wait()
		if len(got) != 2 {
			t.Errorf("%d of 2 workers have an item", len(got))
		}
		if n := q.Stats().Delayed; n != 0 {
			t.Errorf("%d delays have not ended", n)
		}
		for q.Len() > 0 {
			q.TryGet()
		}
		for _, item := range []string{"a", "c", "d"} {
			q.Done(item)
		}
		if kept, _ := q.Entries(); kept != 0 {
			t.Errorf("%d entries are left", kept)
		}
	})
}

// held is a clock whose timers come late: delays do not end by themselves when it
// is moved.
type held struct{ *clocktesting.FakeClock }

func (h held) NewTimer(d time.Duration) clock.Timer { return h.FakeClock.NewTimer(d + time.Hour) }

// pushes is a Storage that refuses an item.
type pushes struct {
	fifo
	refused string
}

func (s *pushes) Push(item string) {
	if item == s.refused {
		panic("refused")
	}
	s.fifo.Push(item)
}

// Q5, Q7: an item that the Storage does not take when it comes back is lost; the
// drain ends, and the queue keeps nothing of it.
func TestAPushThatPanicsKeepsNoDrainFromItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(flawed)
		q := workqueue.New(workqueue.Options[string]{Storage: s, IdleEntries: -1, OnMisuse: quiet})
		s.push = true
		if survive(func() { q.Add("new") }) == nil {
			t.Error("the caller sees no panic")
		}
		if kept, _ := q.Entries(); kept != 0 {
			t.Errorf("%d entries are left", kept)
		}
		s.push = false
		q.Add("a")
		q.Get()
		q.Add("a")
		ended := make(chan struct{})
		go func() {
			q.ShutDownWithDrain()
			close(ended)
		}()
		synctest.Wait()
		s.push = true
		if survive(func() { q.Done("a") }) == nil {
			t.Error("the caller sees no panic")
		}
		if kept, _ := q.Entries(); kept != 0 {
			t.Errorf("%d entries are left", kept)
		}
		ends(t, "ShutDownWithDrain", func() { <-ended })
	})
}

// Q7: a worker that panics on its way to an item wakes another one.
func TestAPopThatPanicsHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &once{}
		q := workqueue.New(workqueue.Options[string]{Storage: s})
		got := getters(q, 2)
		s.broken = true
		q.Add("a")
		synctest.Wait()
		if len(got) != 2 {
			t.Fatalf("%d of 2 workers have returned", len(got))
		}
		onePanicsOneHas(t, got, "a")
	})
}

// once is a Storage of which one Pop panics.
type once struct {
	fifo
	broken bool
	first  func() // if not nil, is called before
}

func (s *once) Pop() string {
	if s.first != nil {
		s.first()
	}
	if s.broken {
		s.broken = false
		panic("Pop is broken")
	}
	return s.fifo.Pop()
}

// So does one whose clock panics.
func TestAClockThatPanicsOnTheWayToAnItemHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &lapse{WithTicker: clocktesting.NewFakeClock(time.Now())}
		q := workqueue.New(workqueue.Options[string]{Name: "q", Metrics: silent{}, Clock: c})
		defer q.ShutDown()
		got := getters(q, 2)
		c.at.Store(2) // Add reads it first
		q.Add("a")
		synctest.Wait()
		if len(got) != 2 {
			t.Fatalf("%d of 2 workers have returned", len(got))
		}
		onePanicsOneHas(t, got, "a")
	})
}

// lapse is a clock of which one reading panics.
type lapse struct {
	clock.WithTicker
	at atomic.Int32 // which one, from now on
}

func (l *lapse) Since(t time.Time) time.Duration {
	if l.at.Add(-1) == 0 {
		panic("the clock is broken")
	}
	return l.WithTicker.Since(t)
}

// An item that has left the Storage is handed out.
func TestALenThatPanicsLosesNoItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &oneLen{}
		s.ok.Store(1 << 30)
		q := workqueue.New(workqueue.Options[string]{Storage: s})
		got := getters(q, 2)
		s.ok.Store(1) // that of the Pop
		q.Add("a")
		synctest.Wait()
		if len(got) == 0 || <-got != "a" {
			t.Error("nobody has the item")
		}
		s.ok.Store(1 << 30)
		q.ShutDown()
		if rest := <-got; rest != "shutdown" {
			t.Errorf("the other worker got %q", rest)
		}
	})
}

// oneLen is a Storage whose Len panics after some calls.
type oneLen struct {
	fifo
	ok atomic.Int32
}

func (s *oneLen) Len() int {
	if s.ok.Add(-1) == -1 {
		panic("Len is broken")
	}
	return s.fifo.Len()
}

// Q5: a Storage whose last item does not wait, as the queue knows it, ends the drain.
func TestADrainEndsWhenTheRestIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.New(workqueue.Options[float64]{Storage: new(floats)})
		q.Add(math.NaN()) // is not equal to itself: Pop returns something else
		go func() {
			for down := false; !down; {
				_, down = q.Get()
			}
		}()
		ends(t, "ShutDownWithDrain", q.ShutDownWithDrain)
	})
}

// floats is a Storage of numbers.
type floats []float64

func (f *floats) Touch(float64)  {}
func (f *floats) Push(x float64) { *f = append(*f, x) }
func (f *floats) Len() int       { return len(*f) }
func (f *floats) Pop() float64 {
	x := (*f)[0]
	*f = (*f)[1:]
	return x
}

// Q7: a metric that panics at the end of a delay keeps no worker asleep.
func TestAMetricThatPanicsAtTheEndOfADelayHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clocktesting.NewFakeClock(time.Now())
		broken := true
		q := workqueue.NewDelaying(workqueue.Options[string]{
			Name: "q", Clock: held{c}, Metrics: atAdds{newCollector(), func() {
				if broken {
					broken = false
					panic("the metric is broken")
				}
			}},
		})
		defer q.ShutDown()
		q.AddAfter("a", time.Second)
		q.AddAfter("b", time.Second)
		var held string
		broken = false
		q.Add("a")
		held, _ = q.TryGet()
		got := getters(q, 1)
		broken = true
		c.SetTime(c.Now().Add(time.Second))
		if survive(func() { q.Reschedule("b", 0, workqueue.PendingReplace) }) == nil {
			t.Error("the caller sees no panic")
		}
		synctest.Wait()
		if held != "a" || len(got) != 1 || <-got != "b" {
			t.Errorf("a worker has %q, and the other sleeps", held)
		}
	})
}

// What is below a layer of delays may call it: a Reschedule from within its Add does
// not wait for itself, and the order holds.
func TestTheQueueBelowMayCallTheLayerOfDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := &calling{}
		q := workqueue.NewDelayingOver[string](below, workqueue.Options[string]{})
		below.call = func(item string) {
			if item == "a" {
				q.Reschedule("b", 0, workqueue.PendingReplace)
			}
		}
		q.AddAfter("a", time.Second)
		q.AddAfter("b", time.Hour)
		<-time.After(time.Second)
		synctest.Wait()
		if n := below.Len(); n != 2 {
			t.Fatalf("%d of 2 items were added", n)
		}
		for _, want := range []string{"a", "b"} {
			if item, _ := below.Get(); item != want {
				t.Errorf("got %q, expected %q", item, want)
			}
		}
		q.ShutDown()
	})
}

// calling is a queue whose Add calls something.
type calling struct {
	workqueue.Queue[string]
	call func(item string)
}

func (c *calling) Add(item string) {
	c.Queue.Add(item)
	c.call(item)
}

// Q5: the items that are left when the queue below panics are added to it
// nevertheless.
func TestAQueueBelowThatPanicsLosesNoOtherItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clocktesting.NewFakeClock(time.Now())
		below := &calling{call: func(item string) {
			if item == "a" {
				panic("the queue is broken")
			}
		}}
		q := workqueue.NewDelayingOver[string](below, workqueue.Options[string]{Clock: held{c}})
		defer q.ShutDown()
		for _, item := range []string{"a", "b", "c"} {
			q.AddAfter(item, time.Second)
		}
		synctest.Wait() // the goroutine must have its timer, or it does what is the caller's to do
		c.SetTime(c.Now().Add(time.Second))
		if survive(func() { q.Reschedule("c", 0, workqueue.PendingReplace) }) == nil {
			t.Error("the caller sees no panic")
		}
		synctest.Wait()
		if n := below.Len(); n != 3 {
			t.Errorf("%d of 3 items were added", n)
		}
	})
}

// lossy is a Storage whose Pop takes the item out and then panics, when it is told to.
type lossy struct {
	fifo
	pop bool
}

func (s *lossy) Pop() string {
	item := s.fifo.Pop()
	if s.pop {
		panic("Pop is broken")
	}
	return item
}

// Q2: what a Storage has lost can be added again once the Storage is empty.
func TestAnItemThatPopLosesCanBeAddedAgain(t *testing.T) {
	s := &lossy{pop: true}
	q := workqueue.New(workqueue.Options[string]{Storage: s, OnMisuse: quiet})
	q.Add("a")
	if survive(func() { q.TryGet() }) == nil {
		t.Fatal("Pop did not panic")
	}
	s.pop = false
	if item, ok := q.TryGet(); ok {
		t.Fatalf("got %q, which the Storage has lost", item)
	}
	q.Add("a")
	if item, ok := q.TryGet(); !ok || item != "a" {
		t.Errorf("got %q, %v", item, ok)
	}
	q.Done("a")
	q.ShutDownWithDrain() // which has nothing to wait for
}

// histogram is one that panics when it is told to, after a call of first.
type histogram struct {
	on    bool
	first func()
}

func (b *histogram) Observe(float64) {
	if b.first != nil {
		b.first()
	}
	if b.on {
		panic("the metric is broken")
	}
}

// brokenLatency has every metric of a collector but that of latencies.
type brokenLatency struct {
	workqueue.MetricsProvider
	latency *histogram
}

func (p brokenLatency) NewLatencyMetric(string) workqueue.HistogramMetric { return p.latency }

// Q7, Q5: an item that a metric keeps from the worker waits for the next one, with
// what was added meanwhile, and keeps no drain from its end.
func TestAMetricThatPanicsInGetLosesNoItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		latency := &histogram{on: true}
		q := workqueue.New(workqueue.Options[string]{
			Name: "q", Metrics: brokenLatency{newCollector(), latency}, Group: func(item string) string { return item[:1] },
		})
		q.AddPriority("a", 7)
		if survive(func() { q.Get() }) == nil {
			t.Fatal("the metric did not panic")
		}
		if s := q.Stats(); s.Waiting != 1 || s.Processing != 0 {
			t.Fatalf("%+v after a metric that panicked", s)
		}
		latency.on = false
		item, priority, _ := q.GetPriority()
		if item != "a" || priority != 7 {
			t.Errorf("got %q with priority %d", item, priority)
		}
		go q.Done(item)
		ends(t, "ShutDownWithDrain", q.ShutDownWithDrain)
	})
}

// Q7, Q5: the items that a GetBatch has when it panics wait for the next worker, as the
// one that it was about to take does, and keep no drain from its end.
func TestAGetBatchThatPanicsLosesNoItem(t *testing.T) {
	storage, latency := &once{}, &histogram{}
	for name, opts := range map[string]workqueue.Options[string]{
		"storage": {Storage: storage},
		"metric":  {Name: "q", Metrics: brokenLatency{newCollector(), latency}, Group: func(item string) string { return item[:1] }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := workqueue.New(opts)
				for _, item := range []string{"a", "b", "c"} {
					q.Add(item)
				}
				taken := 0
				third := func() { taken++; storage.broken, latency.on = taken == 3, taken == 3 }
				storage.first, latency.first = third, third
				batch := make([]string, 3)
				if survive(func() { _, _ = q.GetBatch(t.Context(), batch) }) == nil {
					t.Fatal("no panic")
				}
				if s := q.Stats(); s.Waiting != 3 || s.Processing != 0 {
					t.Fatalf("%+v after a GetBatch that panicked", s)
				}
				n, err := q.GetBatch(t.Context(), batch)
				if slices.Sort(batch); n != 3 || err != nil || !slices.Equal(batch, []string{"a", "b", "c"}) {
					t.Errorf("got %d items, %q, %v", n, batch, err)
				}
				for _, item := range batch {
					go q.Done(item)
				}
				ends(t, "ShutDownWithDrain", q.ShutDownWithDrain)
			})
		})
	}
}

// Q5: a drain that began before a metric panicked ends with that, in a queue that
// waits for no item that waits.
func TestAMetricThatPanicsInGetEndsADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		latency := &histogram{on: true}
		q := workqueue.New(workqueue.Options[string]{Name: "q", Metrics: brokenLatency{newCollector(), latency}, Tolerant: true})
		ended := make(chan struct{})
		latency.first = func() {
			go func() {
				defer close(ended)
				q.ShutDownWithDrain()
			}()
			synctest.Wait()
		}
		q.Add("a")
		survive(func() { q.Get() })
		ends(t, "ShutDownWithDrain", func() { <-ended })
	})
}

// An item that is not equal to itself is found by nobody again, and a metric that
// panics with it leaves no lock taken.
func TestAMetricThatPanicsForAnItemThatIsNotItself(t *testing.T) {
	q := workqueue.New(workqueue.Options[float64]{Name: "q", Metrics: brokenLatency{newCollector(), &histogram{on: true}}, OnMisuse: quiet})
	defer q.ShutDown()
	q.Add(math.NaN())
	if survive(func() { q.Get() }) == nil {
		t.Fatal("the metric did not panic")
	}
	if n := q.Len(); n != 0 {
		t.Errorf("%d items wait", n)
	}
}
