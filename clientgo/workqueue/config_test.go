package workqueue

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
)

// counting is a provider that counts the additions and retries of each queue.
type counting struct {
	workqueue.MetricsProvider
	mu    sync.Mutex
	count map[string]int
}

func newCounting() *counting { return &counting{count: map[string]int{}} }

type counter struct {
	c    *counting
	name string
}

func (c counter) Inc()            { c.add(1) }
func (c counter) Dec()            { c.add(-1) }
func (c counter) Set(float64)     {}
func (c counter) Observe(float64) {}

func (c counter) add(n int) {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	c.c.count[c.name] += n
}

func (c *counting) get(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[name]
}

func (c *counting) NewDepthMetric(n string) GaugeMetric            { return counter{c, n + " depth"} }
func (c *counting) NewAddsMetric(n string) CounterMetric           { return counter{c, n + " adds"} }
func (c *counting) NewLatencyMetric(n string) HistogramMetric      { return counter{c, n} }
func (c *counting) NewRetriesMetric(n string) CounterMetric        { return counter{c, n + " retries"} }
func (c *counting) NewWorkDurationMetric(n string) HistogramMetric { return counter{c, n} }
func (c *counting) NewUnfinishedWorkSecondsMetric(n string) SettableGaugeMetric {
	return counter{c, n}
}
func (c *counting) NewLongestRunningProcessorSecondsMetric(n string) SettableGaugeMetric {
	return counter{c, n}
}

// setGlobal sets the global provider, which can be done once in a process. A
// queue that was made before has no metrics.
var setGlobal = sync.OnceValue(func() *counting {
	c := newCounting()
	early := NewNamed("early")
	defer early.ShutDown()
	SetProvider(c)
	workqueue.SetProvider(newCounting()) // too late
	SetProvider(newCounting())           // too late
	early.Add("a")
	return c
})

var runs atomic.Int32

// The provider of the configuration counts, and without one that of the first
// SetProvider, which client-go is given as well.
func TestProviders(t *testing.T) {
	global, own := setGlobal(), newCounting()
	name := fmt.Sprint("q-", runs.Add(1))
	limiter := DefaultTypedControllerRateLimiter[string]()
	queues := []TypedRateLimitingInterface[string]{
		NewTypedRateLimitingQueueWithConfig(limiter, TypedRateLimitingQueueConfig[string]{Name: name}),
		NewTypedRateLimitingQueueWithConfig(limiter, TypedRateLimitingQueueConfig[string]{Name: name, MetricsProvider: own}),
		NewTypedRateLimitingQueueWithConfig(limiter, TypedRateLimitingQueueConfig[string]{}),
		workqueue.NewTypedRateLimitingQueueWithConfig(limiter, TypedRateLimitingQueueConfig[string]{Name: "theirs " + name}),
	}
	for _, q := range queues {
		q.Add("a")
		q.AddAfter("b", 0)
		q.ShutDown()
	}
	for _, test := range []struct {
		c    *counting
		name string
		want int
	}{
		{global, name + " adds", 2}, {global, name + " depth", 2}, {global, name + " retries", 1},
		{own, name + " adds", 2}, {own, name + " retries", 1},
		{global, " adds", 0},
		{global, "theirs " + name + " adds", 2},
		{global, "early adds", 0},
	} {
		if got := test.c.get(test.name); got != test.want {
			t.Errorf("%s is %d, expected %d", test.name, got, test.want)
		}
	}
}

// lifo is a Queue in the sense of client-go: an order.
type lifo []string

func (l *lifo) Touch(string)     {}
func (l *lifo) Push(item string) { *l = append(*l, item) }
func (l *lifo) Len() int         { return len(*l) }
func (l *lifo) Pop() string {
	last := len(*l) - 1
	item := (*l)[last]
	*l = (*l)[:last]
	return item
}

// The order and the clock of the configuration are used.
func TestConfigurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clocktesting.NewFakeClock(time.Now())
		order := NewTypedWithConfig(TypedQueueConfig[string]{Clock: c, Queue: &lifo{}})
		q := NewTypedDelayingQueueWithConfig(TypedDelayingQueueConfig[string]{Clock: c, Queue: order})
		defer q.ShutDown()
		q.Add("a")
		q.Add("b")
		if item, _ := q.Get(); item != "b" {
			t.Errorf("got %s from a last-in, first-out queue", item)
		}
		q.AddAfter("c", time.Hour)
		synctest.Wait()
		<-time.After(2 * time.Hour) // not the clock of the queue
		synctest.Wait()
		if q.Len() != 1 {
			t.Errorf("Len is %d before the delay has ended", q.Len())
		}
		c.Step(time.Hour)
		synctest.Wait()
		if q.Len() != 2 {
			t.Errorf("Len is %d after the delay has ended", q.Len())
		}
	})
}

// On the real clock a delaying queue has no goroutine to wait for.
func TestTheRealClockIsNone(t *testing.T) {
	if unreal(clock.RealClock{}) != nil || unreal(nil) != nil {
		t.Error("the real clock is taken for another")
	}
	if c := clocktesting.NewFakeClock(time.Now()); unreal(c) != c {
		t.Error("another clock is taken for the real one")
	}
}

// The constructors without types make the same queues.
func TestUntypedConstructors(t *testing.T) {
	named := []Interface{
		New(), NewNamed("a"), NewWithConfig(QueueConfig{}),
		NewDelayingQueue(), NewNamedDelayingQueue("b"), TypedNewDelayingQueue[any](),
		NewDelayingQueueWithCustomClock(clock.RealClock{}, "c"), NewDelayingQueueWithCustomQueue(New(), "d"),
		NewRateLimitingQueue(DefaultControllerRateLimiter()),
		NewNamedRateLimitingQueue(DefaultItemBasedRateLimiter(), "e"),
		NewRateLimitingQueueWithDelayingInterface(NewDelayingQueue(), NewMaxOfRateLimiter(
			NewItemExponentialFailureRateLimiter(time.Second, time.Minute),
			NewWithMaxWaitRateLimiter(NewItemFastSlowRateLimiter(time.Second, time.Minute, 3), time.Hour))),
	}
	for i, q := range named {
		q.Add(i)
		if item, shutdown := q.Get(); item != i || shutdown {
			t.Errorf("queue %d gives %v, %v", i, item, shutdown)
		}
		q.Done(i)
		q.ShutDown()
	}
	sum := 0
	ParallelizeUntil(t.Context(), 1, 10, func(i int) { sum += i }, WithChunkSize(3))
	if sum != 45 {
		t.Errorf("pieces add up to %d", sum)
	}
}
