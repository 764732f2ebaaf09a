package workqueue

import "time"

// GaugeMetric goes up and down. This and the interfaces of metrics below have the
// methods and the meaning of those of the same name in client-go, so that an
// adapter is a line each.
//
// Metrics are called under no lock and may call the queue. Two things they must
// not do: wait, since a worker or producer would wait with them, and call
// ShutDown from within the metrics of unfinished work and of the longest running
// processor, or at the end of a delay on an injected clock, since ShutDown waits
// for the goroutine that calls them.
type GaugeMetric interface {
	Inc()
	Dec()
}

// SettableGaugeMetric holds the value that was set last. See GaugeMetric.
type SettableGaugeMetric interface {
	Set(float64)
}

// CounterMetric goes up. See GaugeMetric.
type CounterMetric interface {
	Inc()
}

// HistogramMetric takes observations. See GaugeMetric.
type HistogramMetric interface {
	Observe(float64)
}

// PriorityGauge goes up and down for each priority. See GaugeMetric.
type PriorityGauge interface {
	Inc(priority int)
	Dec(priority int)
}

// MetricsProvider makes the metrics of a queue, for its name. A provider must
// return no nil metric. It corresponds to client-go's MetricsProvider.
type MetricsProvider interface {
	// NewDepthMetric makes the gauge of the items that wait, or will wait
	// after Done.
	NewDepthMetric(name string) GaugeMetric

	// NewAddsMetric makes the counter of the additions that were not merged
	// with another.
	NewAddsMetric(name string) CounterMetric

	// NewLatencyMetric makes the histogram of the seconds from an addition to
	// the Get.
	NewLatencyMetric(name string) HistogramMetric

	// NewWorkDurationMetric makes the histogram of the seconds from a Get to
	// the Done.
	NewWorkDurationMetric(name string) HistogramMetric

	// NewUnfinishedWorkSecondsMetric makes the gauge that is set, every half
	// second, to the sum of the seconds for which the items that are being
	// processed have been so.
	NewUnfinishedWorkSecondsMetric(name string) SettableGaugeMetric

	// NewLongestRunningProcessorSecondsMetric makes the gauge that is set,
	// every half second, to the seconds for which the item that has been
	// processed for the longest time has been so.
	NewLongestRunningProcessorSecondsMetric(name string) SettableGaugeMetric

	// NewRetriesMetric makes the counter of delayed and rate-limited
	// additions. A Queue without the layers above it does not call it, as in
	// client-go.
	NewRetriesMetric(name string) CounterMetric
}

// meter holds the metrics of one queue. A nil meter measures nothing.
type meter struct {
	byPriority PriorityGauge // instead of depth; can be nil
	depth      GaugeMetric
	adds       CounterMetric
	latency    HistogramMetric
	work       HistogramMetric
	unfinished SettableGaugeMetric
	longest    SettableGaugeMetric
	retries    CounterMetric // nil in a queue without delays
}

// newMeter returns the meter of a queue of that name, nil if it has no metrics.
func newMeter(name string, p MetricsProvider, byPriority PriorityGauge) *meter {
	if name == "" || p == nil && byPriority == nil {
		return nil
	}
	if p == nil {
		return &meter{byPriority, none{}, none{}, none{}, none{}, none{}, none{}, nil}
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

// tell counts what a call came to.
func (m *meter) tell(a *after) {
	switch a.event {
	case added:
		m.adds.Inc()
		if m.byPriority != nil {
			m.byPriority.Inc(int(a.priority))
		} else {
			m.depth.Inc()
		}
	case rose:
		if m.byPriority != nil {
			m.byPriority.Dec(int(a.from))
			m.byPriority.Inc(int(a.priority))
		}
	case got:
		if m.byPriority != nil {
			m.byPriority.Dec(int(a.priority))
		} else {
			m.depth.Dec()
		}
		m.latency.Observe(seconds(a.took))
	case done:
		m.work.Observe(seconds(a.took))
	}
}

func (m *meter) retry() {
	if m != nil && m.retries != nil {
		m.retries.Inc()
	}
}

func seconds(nanoseconds int64) float64 { return time.Duration(nanoseconds).Seconds() }

// reportUnfinished sets the two metrics that change as time passes.
func (q *Queue[T]) reportUnfinished() {
	total, oldest := q.unfinished(q.now())
	q.meter.unfinished.Set(seconds(total))
	q.meter.longest.Set(seconds(oldest))
}

func (q *Queue[T]) unfinished(now int64) (total, oldest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.table.Each(&q.busy, func(e *entry[T]) {
		age := max(now-q.table.Extra(e).started, 0)
		total += age
		oldest = max(oldest, age)
	})
	return total, oldest
}

// unfinishedPeriod is how often unfinished work is reported, as in client-go.
const unfinishedPeriod = 500 * time.Millisecond

// none is the metrics of a queue that has Options.PriorityDepth alone.
type none struct{}

func (none) Inc()            {}
func (none) Dec()            {}
func (none) Set(float64)     {}
func (none) Observe(float64) {}
