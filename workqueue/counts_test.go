package workqueue

import (
	"fmt"
	"sync"
)

// counts are metrics that count calls. They are a PriorityGauge as well.
type counts struct {
	mu         sync.Mutex
	depth      int
	byPriority map[int]int // nil without a PriorityDepth

	adds, retries, latencies, works int
}

// tally counts the calls of one metric.
type tally struct {
	c *counts
	n *int
}

func (t tally) add(n int) {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	*t.n += n
}

func (t tally) Inc()            { t.add(1) }
func (t tally) Dec()            { t.add(-1) }
func (t tally) Observe(float64) { t.add(1) }

func (c *counts) Inc(priority int) { c.deeper(priority, 1) }
func (c *counts) Dec(priority int) { c.deeper(priority, -1) }

func (c *counts) deeper(priority, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byPriority[priority] += n
	c.depth += n
}

func (c *counts) NewDepthMetric(string) GaugeMetric            { return tally{c, &c.depth} }
func (c *counts) NewAddsMetric(string) CounterMetric           { return tally{c, &c.adds} }
func (c *counts) NewRetriesMetric(string) CounterMetric        { return tally{c, &c.retries} }
func (c *counts) NewLatencyMetric(string) HistogramMetric      { return tally{c, &c.latencies} }
func (c *counts) NewWorkDurationMetric(string) HistogramMetric { return tally{c, &c.works} }
func (c *counts) NewUnfinishedWorkSecondsMetric(string) SettableGaugeMetric {
	return none{}
}
func (c *counts) NewLongestRunningProcessorSecondsMetric(string) SettableGaugeMetric {
	return none{}
}

// check compares the metrics with what the model has seen.
func (c *counts) check(m *model) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	depth, byPriority := 0, map[int]int{}
	for _, k := range m.keys {
		if k.waits {
			depth++
			byPriority[k.priority]++
		}
		if k.again {
			depth++
			byPriority[k.afterRelease]++
		}
	}
	if c.depth != depth {
		return fmt.Errorf("depth is %d, expected %d", c.depth, depth)
	}
	if c.byPriority == nil {
		got, want := [4]int{c.adds, c.retries, c.latencies, c.works}, [4]int{m.adds, m.retries, m.gets, m.dones}
		if got != want {
			return fmt.Errorf("adds, retries, latencies and work durations are %v, expected %v", got, want)
		}
		return nil
	}
	for priority := range 5 {
		if p := priority - 2; c.byPriority[p] != byPriority[p] {
			return fmt.Errorf("depth of priority %d is %d, expected %d", p, c.byPriority[p], byPriority[p])
		}
	}
	return nil
}
