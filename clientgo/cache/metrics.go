package cache

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/deltafifo"
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

// queueMetrics are the metrics of a queue.
type queueMetrics struct {
	queued  GaugeMetric
	latency HistogramMetric
}

// informerMetrics are the metrics of an informer.
type informerMetrics struct {
	queueMetrics
	version GaugeMetric
}

// reserved returns provider, or the process's, nil if there is none or the name is not
// reserved: the metrics go nowhere then.
func reserved(id InformerNameAndResource, provider InformerMetricsProvider) InformerMetricsProvider {
	if provider == nil {
		if p := metricsProvider.Load(); p != nil {
			provider = *p
		}
	}
	if !id.Reserved() {
		return nil
	}
	return provider
}

func newQueueMetrics(id InformerNameAndResource, provider InformerMetricsProvider) queueMetrics {
	provider = reserved(id, provider)
	if provider == nil {
		return queueMetrics{queued: nowhere{}, latency: nowhere{}}
	}
	return queueMetrics{queued: provider.NewQueuedItemMetric(id), latency: provider.NewProcessingLatencyMetric(id)}
}

func newInformerMetrics(id InformerNameAndResource, provider InformerMetricsProvider) informerMetrics {
	m := informerMetrics{queueMetrics: newQueueMetrics(id, provider), version: nowhere{}}
	if provider = reserved(id, provider); provider != nil {
		m.version = provider.NewStoreResourceVersionMetric(id)
	}
	return m
}

// waiting tells how many deltas wait, which length says, once more if that has changed
// meanwhile: whoever of several is the last one to tell, tells what is so.
func (m queueMetrics) waiting(length func() int) {
	for n := length(); ; {
		m.queued.Set(float64(n))
		now := length()
		if now == n {
			return
		}
		n = now
	}
}

// nowhere is a metric that nobody reads.
type nowhere struct{}

func (nowhere) Set(float64)     {}
func (nowhere) Observe(float64) {}

// meteredQueue is the queue of an informer with metrics.
type meteredQueue struct {
	*deltafifo.InOrder[any]
	parts *parts
}

// Taken implements deltafifo.Metrics.
func (q *meteredQueue) Taken(int, int, time.Duration) { q.parts.metrics.waiting(q.Len) }

// Processed implements deltafifo.Metrics. It also tells which version the store has
// reached.
func (q *meteredQueue) Processed(_ int, took time.Duration) {
	q.parts.metrics.latency.Observe(took.Seconds())
	if version, ok := versionMetric(q.parts.store.LastStoreSyncResourceVersion()); ok {
		q.parts.metrics.version.Set(version)
	}
}

// queued tells how much waits, and returns err.
func (q *meteredQueue) queued(err error) error {
	q.parts.metrics.waiting(q.Len)
	return err
}

// Add implements deltafifo.Queue, as the methods that follow.
func (q *meteredQueue) Add(ctx context.Context, obj any) error {
	return q.queued(q.InOrder.Add(ctx, obj))
}

func (q *meteredQueue) Update(ctx context.Context, obj any) error {
	return q.queued(q.InOrder.Update(ctx, obj))
}

func (q *meteredQueue) Delete(ctx context.Context, obj any) error {
	return q.queued(q.InOrder.Delete(ctx, obj))
}

// DeleteKey implements reflector.KeyedSink.
func (q *meteredQueue) DeleteKey(ctx context.Context, key string) error {
	return q.queued(q.InOrder.DeleteKey(ctx, key))
}

func (q *meteredQueue) Commit(ctx context.Context, resourceVersion string) error {
	return q.queued(q.InOrder.Commit(ctx, resourceVersion))
}

func (q *meteredQueue) Bookmark(ctx context.Context, resourceVersion string) error {
	return q.queued(q.InOrder.Bookmark(ctx, resourceVersion))
}

func (q *meteredQueue) Resync() error { return q.queued(q.InOrder.Resync()) }

// versionMetric is the last 15 digits of a version: that many fit a float64
// without loss. client-go shows the same.
func versionMetric(version string) (float64, bool) {
	const digits = 15
	if len(version) > digits {
		version = version[len(version)-digits:]
	}
	number, err := strconv.ParseUint(version, 10, 64)
	return float64(number), err == nil
}
