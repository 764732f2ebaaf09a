package workqueue

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"k8s.io/client-go/util/workqueue"
)

// metering is a provider that records its values: what counts up and
// down as a sum, and each value that is set or observed.
type metering struct {
	mu     sync.Mutex
	names  []string
	sums   map[string]int
	values map[string][]float64
}

func newMetering() *metering {
	return &metering{sums: map[string]int{}, values: map[string][]float64{}}
}

type meter struct {
	m    *metering
	name string
}

func (m meter) count(n int) {
	m.m.mu.Lock()
	defer m.m.mu.Unlock()
	m.m.sums[m.name] += n
}

func (m meter) Inc()              { m.count(1) }
func (m meter) Dec()              { m.count(-1) }
func (m meter) Observe(v float64) { m.Set(v) }
func (m meter) Set(v float64) {
	m.m.mu.Lock()
	defer m.m.mu.Unlock()
	m.m.values[m.name] = append(m.m.values[m.name], v)
}

func (m *metering) make(metric, queue string) meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names = append(m.names, metric+" of "+queue)
	return meter{m, metric}
}

func (m *metering) NewDepthMetric(q string) workqueue.GaugeMetric       { return m.make("depth", q) }
func (m *metering) NewAddsMetric(q string) workqueue.CounterMetric      { return m.make("adds", q) }
func (m *metering) NewRetriesMetric(q string) workqueue.CounterMetric   { return m.make("retries", q) }
func (m *metering) NewLatencyMetric(q string) workqueue.HistogramMetric { return m.make("latency", q) }
func (m *metering) NewWorkDurationMetric(q string) workqueue.HistogramMetric {
	return m.make("work", q)
}
func (m *metering) NewUnfinishedWorkSecondsMetric(q string) workqueue.SettableGaugeMetric {
	return m.make("unfinished", q)
}
func (m *metering) NewLongestRunningProcessorSecondsMetric(q string) workqueue.SettableGaugeMetric {
	return m.make("longest", q)
}

// differs says in which values two providers differ, "" if in none. In
// which order two workers that ran at the same moment observed is left open.
func (m *metering) differs(other *metering) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	slices.Sort(m.names)
	slices.Sort(other.names)
	if !slices.Equal(m.names, other.names) {
		return fmt.Sprintf("metrics are %q and %q", m.names, other.names)
	}
	for _, name := range []string{"depth", "adds", "retries"} {
		if m.sums[name] != other.sums[name] {
			return fmt.Sprintf("%s is %d and %d", name, m.sums[name], other.sums[name])
		}
	}
	for _, name := range []string{"latency", "work"} {
		slices.Sort(m.values[name])
		slices.Sort(other.values[name])
	}
	for _, name := range []string{"latency", "work", "unfinished", "longest"} {
		same := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 } // sums are rounded
		if !slices.EqualFunc(m.values[name], other.values[name], same) {
			return fmt.Sprintf("%s is %v and %v", name, m.values[name], other.values[name])
		}
	}
	return ""
}
