package workqueue_test

import (
	"fmt"
	"sync"

	"github.com/informant-go/informant/workqueue"
)

// sums is a provider that adds up all values. A provider for Prometheus
// has the same methods, each of which returns a metric of that library: the
// interfaces are made to fit them.
type sums struct {
	mu  sync.Mutex
	sum map[string]float64
}

func (s *sums) of(metric string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum[metric]
}

func (s *sums) metric(kind, queue string) sum { return sum{s, queue + " " + kind} }

func (s *sums) NewDepthMetric(queue string) workqueue.GaugeMetric  { return s.metric("depth", queue) }
func (s *sums) NewAddsMetric(queue string) workqueue.CounterMetric { return s.metric("adds", queue) }
func (s *sums) NewRetriesMetric(queue string) workqueue.CounterMetric {
	return s.metric("retries", queue)
}
func (s *sums) NewLatencyMetric(queue string) workqueue.HistogramMetric {
	return s.metric("seconds of waiting", queue)
}
func (s *sums) NewWorkDurationMetric(queue string) workqueue.HistogramMetric {
	return s.metric("seconds of work", queue)
}
func (s *sums) NewUnfinishedWorkSecondsMetric(queue string) workqueue.SettableGaugeMetric {
	return s.metric("seconds of unfinished work", queue)
}
func (s *sums) NewLongestRunningProcessorSecondsMetric(queue string) workqueue.SettableGaugeMetric {
	return s.metric("longest work", queue)
}

// sum is one metric, of any kind. Metrics are called by many goroutines.
type sum struct {
	s    *sums
	name string
}

func (m sum) add(v float64) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.sum[m.name] += v
}

func (m sum) Inc()              { m.add(1) }
func (m sum) Dec()              { m.add(-1) }
func (m sum) Observe(v float64) { m.add(v) }
func (m sum) Set(v float64) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.sum[m.name] = v
}

// A queue with a name and a provider has metrics, as client-go's does. It has
// a goroutine then, which ShutDown ends.
func ExampleMetricsProvider() {
	provider := &sums{sum: map[string]float64{}}
	q := workqueue.NewDelaying(workqueue.Options[string]{Name: "pods", Metrics: provider})
	defer q.ShutDown()
	q.Add("default/web")
	q.Add("default/db")
	q.Add("default/web") // waits already: not counted
	key, _ := q.Get()
	q.AddAfter(key, 0) // being processed: it waits for Done
	fmt.Println("depth", provider.of("pods depth"))
	fmt.Println("adds", provider.of("pods adds"))
	fmt.Println("retries", provider.of("pods retries"))
	// Output:
	// depth 2
	// adds 3
	// retries 1
}
