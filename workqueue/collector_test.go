package workqueue_test

import (
	"sync"

	"github.com/informant-go/informant/workqueue"
)

// collector is a MetricsProvider that remembers all values.
type collector struct {
	mu           sync.Mutex
	value        map[string]float64
	observations map[string][]float64
}

func newCollector() *collector {
	return &collector{value: map[string]float64{}, observations: map[string][]float64{}}
}

func (c *collector) get(name string) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value[name]
}

func (c *collector) seen(name string) []float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]float64(nil), c.observations[name]...)
}

type metric struct {
	c    *collector
	name string
}

func (m metric) change(f func()) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	f()
}

func (m metric) Inc()          { m.change(func() { m.c.value[m.name]++ }) }
func (m metric) Dec()          { m.change(func() { m.c.value[m.name]-- }) }
func (m metric) Set(v float64) { m.change(func() { m.c.value[m.name] = v }) }
func (m metric) Observe(v float64) {
	m.change(func() { m.c.observations[m.name] = append(m.c.observations[m.name], v) })
}

func (c *collector) NewDepthMetric(n string) workqueue.GaugeMetric  { return metric{c, n + " depth"} }
func (c *collector) NewAddsMetric(n string) workqueue.CounterMetric { return metric{c, n + " adds"} }
func (c *collector) NewLatencyMetric(n string) workqueue.HistogramMetric {
	return metric{c, n + " latency"}
}
func (c *collector) NewWorkDurationMetric(n string) workqueue.HistogramMetric {
	return metric{c, n + " work"}
}
func (c *collector) NewUnfinishedWorkSecondsMetric(n string) workqueue.SettableGaugeMetric {
	return metric{c, n + " unfinished"}
}
func (c *collector) NewLongestRunningProcessorSecondsMetric(n string) workqueue.SettableGaugeMetric {
	return metric{c, n + " longest"}
}
func (c *collector) NewRetriesMetric(n string) workqueue.CounterMetric {
	return metric{c, n + " retries"}
}
