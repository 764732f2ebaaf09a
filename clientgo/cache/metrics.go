package cache

import (
	"sync/atomic"
	"time"

	upstream "k8s.io/client-go/tools/cache"
)

// metricsProvider is what SetInformerMetricsProvider was first given. It is
// state of the process because client-go's function is.
var metricsProvider atomic.Pointer[InformerMetricsProvider]

// SetInformerMetricsProvider sets the provider of the informers that are given
// none, in client-go and here. Only the first call counts, and only for what
// is made after it. It corresponds to client-go's function of that name; a
// provider that was given to that one alone is not seen here.
func SetInformerMetricsProvider(provider InformerMetricsProvider) {
	metricsProvider.CompareAndSwap(nil, &provider)
	upstream.SetInformerMetricsProvider(provider)
}

// informerMetrics are the metrics of one informer or queue.
type informerMetrics struct {
	queued  GaugeMetric
	latency HistogramMetric
	version GaugeMetric
}

// newInformerMetrics asks provider, or the process's, for metrics. Without a
// provider, or without a reserved name, the metrics go nowhere.
func newInformerMetrics(id InformerNameAndResource, provider InformerMetricsProvider) informerMetrics {
	if provider == nil {
		if p := metricsProvider.Load(); p != nil {
			provider = *p
		}
	}
	if provider == nil || !id.Reserved() {
		return informerMetrics{queued: nowhere{}, latency: nowhere{}, version: nowhere{}}
	}
	return informerMetrics{
		queued:  provider.NewQueuedItemMetric(id),
		latency: provider.NewProcessingLatencyMetric(id),
		version: provider.NewStoreResourceVersionMetric(id),
	}
}

// nowhere is a metric that nobody reads.
type nowhere struct{}

func (nowhere) Set(float64)     {}
func (nowhere) Observe(float64) {}

// Taken implements deltafifo.Metrics.
func (m informerMetrics) Taken(_, left int, _ time.Duration) { m.queued.Set(float64(left)) }

// Processed implements deltafifo.Metrics.
func (m informerMetrics) Processed(_ int, took time.Duration) { m.latency.Observe(took.Seconds()) }
