package workqueue_test

import (
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/informant-go/informant/workqueue"
)

// readings counts how often a clock is read.
type readings struct {
	*clocktesting.FakeClock
	n atomic.Int32
}

func (r *readings) Now() time.Time { r.n.Add(1); return r.FakeClock.Now() }
func (r *readings) Since(t time.Time) time.Duration {
	r.n.Add(1)
	return r.FakeClock.Since(t)
}

var _ clock.WithTicker = (*readings)(nil)

// Nothing is paid for metrics when no provider is set, in a queue with a name
// either: no allocation, no reading of the clock, no goroutine (which goleak
// would find: the queue is not shut down).
func TestNothingIsPaidWithoutAProvider(t *testing.T) {
	c := &readings{FakeClock: clocktesting.NewFakeClock(epoch)}
	q := workqueue.NewRateLimiting(workqueue.Options[string]{
		Name: "pods", Clock: c,
		Limiter: workqueue.NewExponentialLimiter[string](time.Second, time.Minute),
	})
	batch := make([]string, 2)
	work := func() {
		q.Add("a")
		q.AddPriority("b", 3)
		q.AddAfter("c", 0)
		item, _ := q.Get()
		q.Add(item)
		q.Done(item)
		n, _ := q.GetBatch(t.Context(), batch)
		for _, item := range batch[:n] {
			q.Done(item)
		}
		item, _ = q.TryGet()
		q.Done(item)
		q.Forget("a")
		q.Stats()
	}
	work()
	before := c.n.Load()
	if n := testing.AllocsPerRun(1000, work); n != 0 {
		t.Errorf("the calls allocate %v times", n)
	}
	if got := c.n.Load() - before; got != 0 {
		t.Errorf("the clock was read %d times for nobody", got)
	}
	if c.HasWaiters() {
		t.Error("the clock has a ticker for nobody")
	}
}

// With metrics, the entries of a working set have room for what they need: a
// cycle costs no allocation of the queue's.
func TestACycleWithMetricsAllocatesNothing(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{Name: "pods", Metrics: silent{}})
	defer q.ShutDown()
	cycle := func() {
		q.Add("a")
		item, _ := q.Get()
		q.Done(item)
	}
	cycle()
	if n := testing.AllocsPerRun(1000, cycle); n != 0 {
		t.Errorf("a cycle allocates %v times", n)
	}
}

// Metrics are called under no lock: they may ask the queue.
func TestMetricsMayAskTheQueue(t *testing.T) {
	c := newCollector()
	asking := &asking{collector: c}
	q := workqueue.NewRateLimiting(workqueue.Options[string]{Name: "q", Metrics: asking})
	asking.ask = func() { q.Len(); q.Stats(); q.NumRequeues("a") }
	q.Add("a")
	item, _ := q.Get()
	q.AddRateLimited("a")
	q.Done(item)
	q.ShutDown()
	for _, metric := range []string{"adds", "retries"} {
		if c.get("q "+metric) != 1 {
			t.Errorf("%s is %v", metric, c.get("q "+metric))
		}
	}
	if asking.asked.Load() == 0 {
		t.Error("no metric asked the queue")
	}
}

// silent is a provider that keeps nothing.
type silent struct{}

func (silent) Inc()            {}
func (silent) Dec()            {}
func (silent) Set(float64)     {}
func (silent) Observe(float64) {}

func (silent) NewDepthMetric(string) workqueue.GaugeMetric            { return silent{} }
func (silent) NewAddsMetric(string) workqueue.CounterMetric           { return silent{} }
func (silent) NewLatencyMetric(string) workqueue.HistogramMetric      { return silent{} }
func (silent) NewWorkDurationMetric(string) workqueue.HistogramMetric { return silent{} }
func (silent) NewRetriesMetric(string) workqueue.CounterMetric        { return silent{} }
func (silent) NewUnfinishedWorkSecondsMetric(string) workqueue.SettableGaugeMetric {
	return silent{}
}
func (silent) NewLongestRunningProcessorSecondsMetric(string) workqueue.SettableGaugeMetric {
	return silent{}
}

// asking is a collector whose counters ask the queue.
type asking struct {
	*collector
	ask   func()
	asked atomic.Int32
}

type asker struct {
	workqueue.CounterMetric
	a *asking
}

func (a asker) Inc() {
	a.a.ask()
	a.a.asked.Add(1)
	a.CounterMetric.Inc()
}

func (a *asking) NewAddsMetric(n string) workqueue.CounterMetric {
	return asker{a.collector.NewAddsMetric(n), a}
}

func (a *asking) NewRetriesMetric(n string) workqueue.CounterMetric {
	return asker{a.collector.NewRetriesMetric(n), a}
}

// A clock that goes back makes no latency and no work of less than nothing.
func TestAClockThatGoesBackMakesNoNegativeTimes(t *testing.T) {
	now := time.Now()
	clock := clocktesting.NewFakeClock(now)
	metrics := newCollector()
	q := workqueue.New(workqueue.Options[string]{Name: "q", Clock: clock, Metrics: metrics})
	defer q.ShutDown()
	q.Add("a")
	clock.SetTime(now.Add(-time.Hour))
	item, _ := q.Get()
	clock.SetTime(now.Add(-2 * time.Hour))
	q.Done(item)
	for _, name := range []string{"q latency", "q work"} {
		if seen := metrics.seen(name); len(seen) != 1 || seen[0] != 0 {
			t.Errorf("%s: %v", name, seen)
		}
	}
}
