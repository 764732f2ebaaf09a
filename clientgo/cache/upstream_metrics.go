package cache

import (
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// InformerMetricsProvider is client-go's type of that name.
	InformerMetricsProvider = upstream.InformerMetricsProvider
	// GaugeMetric is client-go's type of that name.
	GaugeMetric = upstream.GaugeMetric
	// CounterMetric is client-go's type of that name.
	CounterMetric = upstream.CounterMetric
	// SummaryMetric is client-go's type of that name.
	SummaryMetric = upstream.SummaryMetric
	// HistogramMetric is client-go's type of that name.
	HistogramMetric = upstream.HistogramMetric
	// MetricsProvider is client-go's type of that name.
	MetricsProvider = upstream.MetricsProvider
)

// SetReflectorMetricsProvider is client-go's function of that name.
func SetReflectorMetricsProvider(metricsProvider MetricsProvider) {
	upstream.SetReflectorMetricsProvider(metricsProvider)
}
