package workqueue

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// meter holds the metrics of one queue. A nil meter measures nothing.
type meter struct {
	depth      GaugeMetric
	byPriority PriorityGauge // instead of depth
	adds       CounterMetric
	latency    HistogramMetric
	work       HistogramMetric
	unfinished SettableGaugeMetric
	longest    SettableGaugeMetric
	retries    CounterMetric // nil in a queue without delays
}

// newMeter returns the meter of a queue of that name, nil if it has no metrics.
func newMeter(name string, p MetricsProvider, byPriority PriorityGauge) *meter {
	if name == "" || p == nil {
		if name == "" || byPriority == nil {
			return nil
		}
		p = noMetrics{}
	}
	m := &meter{
		byPriority: byPriority,
		adds:       p.NewAddsMetric(name),
		latency:    p.NewLatencyMetric(name),
		work:       p.NewWorkDurationMetric(name),
		unfinished: p.NewUnfinishedWorkSecondsMetric(name),
		longest:    p.NewLongestRunningProcessorSecondsMetric(name),
	}
	if byPriority == nil {
		m.depth = p.NewDepthMetric(name)
	}
	return m
}

// countRetries makes the metric that only a queue with delays has.
func (m *meter) countRetries(name string, p MetricsProvider) {
	if m != nil && p != nil {
		m.retries = p.NewRetriesMetric(name)
	}
}

// added counts an addition.
func (m *meter) added(a addition) {
	if m == nil {
		return
	}
	switch a.outcome {
	case added:
		m.adds.Inc()
		m.deeper(a.priority)
	case rose:
		if m.byPriority != nil {
			m.byPriority.Dec(int(a.from))
			m.byPriority.Inc(int(a.priority))
		}
	}
}

func (m *meter) deeper(priority int32) {
	if m.byPriority != nil {
		m.byPriority.Inc(int(priority))
	} else {
		m.depth.Inc()
	}
}

// got counts an item that was handed out after a wait in nanoseconds.
func (m *meter) got(priority int32, waited int64) {
	if m == nil {
		return
	}
	if m.byPriority != nil {
		m.byPriority.Dec(int(priority))
	} else {
		m.depth.Dec()
	}
	m.latency.Observe(seconds(waited))
}

func (m *meter) done(worked int64) { m.work.Observe(seconds(worked)) }

func (m *meter) retry() {
	if m != nil && m.retries != nil {
		m.retries.Inc()
	}
}

func seconds(nanoseconds int64) float64 { return time.Duration(nanoseconds).Seconds() }

// stampAdded records when e was added, if there are metrics.
func (q *Queue[T]) stampAdded(e entry[T], now int64) {
	if q.meter != nil {
		e.extra().added = now
	}
}

// reportUnfinished sets the two metrics that change as time passes.
func (q *Queue[T]) reportUnfinished() {
	total, oldest := q.unfinished(q.now())
	q.meter.unfinished.Set(seconds(total))
	q.meter.longest.Set(seconds(oldest))
}

func (q *Queue[T]) unfinished(now int64) (total, oldest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy.each(&q.table.slabs, func(e entry[T]) {
		age := now - e.more().started
		total += age
		oldest = max(oldest, age)
	})
	return total, oldest
}

// unfinishedPeriod is how often unfinished work is reported, as in client-go.
const unfinishedPeriod = 500 * time.Millisecond

// ticker calls a function again and again, in a goroutine of its own.
type ticker struct {
	end chan struct{}
	wg  sync.WaitGroup
}

func startTicker(c clock.WithTicker, tick func()) *ticker {
	if c == nil {
		c = clock.RealClock{}
	}
	t := &ticker{end: make(chan struct{})}
	ticks := c.NewTicker(unfinishedPeriod)
	t.wg.Go(func() {
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C():
				tick()
			case <-t.end:
				return
			}
		}
	})
	return t
}

// stop ends the goroutine and waits for it.
func (t *ticker) stop() {
	close(t.end)
	t.wg.Wait()
}

// noMetrics is the provider of a queue that has Options.PriorityDepth alone.
type noMetrics struct{}

type noMetric struct{}

func (noMetric) Inc()            {}
func (noMetric) Dec()            {}
func (noMetric) Set(float64)     {}
func (noMetric) Observe(float64) {}

func (noMetrics) NewDepthMetric(string) GaugeMetric                         { return noMetric{} }
func (noMetrics) NewAddsMetric(string) CounterMetric                        { return noMetric{} }
func (noMetrics) NewLatencyMetric(string) HistogramMetric                   { return noMetric{} }
func (noMetrics) NewWorkDurationMetric(string) HistogramMetric              { return noMetric{} }
func (noMetrics) NewUnfinishedWorkSecondsMetric(string) SettableGaugeMetric { return noMetric{} }
func (noMetrics) NewLongestRunningProcessorSecondsMetric(string) SettableGaugeMetric {
	return noMetric{}
}
func (noMetrics) NewRetriesMetric(string) CounterMetric { return noMetric{} }
