package workqueue

// The interfaces below have the calls and the meanings of those of the same
// name in client-go, so that an adapter is a line each. Metrics are called
// under no lock and may ask the queue. Two things they must not do: wait, since
// a worker or producer would wait with them, and shut the queue down from
// within unfinished work, the longest running, or the end of a delay on an
// injected clock, since ShutDown waits for the goroutine that tells them.

// GaugeMetric goes up and down.
type GaugeMetric interface {
	Inc()
	Dec()
}

// SettableGaugeMetric is set.
type SettableGaugeMetric interface {
	Set(float64)
}

// CounterMetric goes up.
type CounterMetric interface {
	Inc()
}

// HistogramMetric takes observations.
type HistogramMetric interface {
	Observe(float64)
}

// PriorityGauge goes up and down for each priority.
type PriorityGauge interface {
	Inc(priority int)
	Dec(priority int)
}

// MetricsProvider makes the metrics of the queue of a name. A provider must
// return no nil metric.
type MetricsProvider interface {
	// NewDepthMetric counts the items that wait or will wait after Done.
	NewDepthMetric(name string) GaugeMetric

	// NewAddsMetric counts additions that were not merged with another.
	NewAddsMetric(name string) CounterMetric

	// NewLatencyMetric is told the seconds from an addition to the Get.
	NewLatencyMetric(name string) HistogramMetric

	// NewWorkDurationMetric is told the seconds from a Get to the Done.
	NewWorkDurationMetric(name string) HistogramMetric

	// NewUnfinishedWorkSecondsMetric is told, every half second, for how
	// many seconds the items in hand have been there, all together.
	NewUnfinishedWorkSecondsMetric(name string) SettableGaugeMetric

	// NewLongestRunningProcessorSecondsMetric is told, every half second,
	// for how many seconds the oldest item in hand has been there.
	NewLongestRunningProcessorSecondsMetric(name string) SettableGaugeMetric

	// NewRetriesMetric counts delayed and rate-limited additions. A Queue
	// without the layers above it does not ask for it, as in client-go.
	NewRetriesMetric(name string) CounterMetric
}
