package workqueue

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
