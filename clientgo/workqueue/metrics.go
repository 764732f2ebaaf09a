package workqueue

import (
	"sync"

	"k8s.io/client-go/util/workqueue"

	informant "github.com/informant-go/informant/workqueue"
)

// global is what SetProvider was first called with. It exists because
// client-go's API has it; queues take a provider in their configuration.
var global struct {
	once     sync.Once
	mu       sync.Mutex
	provider MetricsProvider
}

// SetProvider sets the metrics provider of all queues that are made later and
// whose configuration has none. Only the first call has an effect. Client-go's
// own SetProvider is called too.
func SetProvider(metricsProvider MetricsProvider) {
	global.once.Do(func() {
		global.mu.Lock()
		defer global.mu.Unlock()
		global.provider = metricsProvider
		workqueue.SetProvider(metricsProvider)
	})
}

// provider returns p, or the global provider, as one of ours; nil if there is
// neither.
func provider(p MetricsProvider) informant.MetricsProvider {
	if p == nil {
		global.mu.Lock()
		defer global.mu.Unlock()
		p = global.provider
	}
	return Provider(p)
}

// Provider makes a provider of client-go's one of ours. nil stays nil.
func Provider(p MetricsProvider) informant.MetricsProvider {
	if p == nil {
		return nil
	}
	return metrics{p}
}

// metrics differs from the provider that it holds in the names of the result
// types alone.
type metrics struct{ p MetricsProvider }

func (m metrics) NewDepthMetric(name string) informant.GaugeMetric {
	return m.p.NewDepthMetric(name)
}

func (m metrics) NewAddsMetric(name string) informant.CounterMetric {
	return m.p.NewAddsMetric(name)
}

func (m metrics) NewLatencyMetric(name string) informant.HistogramMetric {
	return m.p.NewLatencyMetric(name)
}

func (m metrics) NewWorkDurationMetric(name string) informant.HistogramMetric {
	return m.p.NewWorkDurationMetric(name)
}

func (m metrics) NewUnfinishedWorkSecondsMetric(name string) informant.SettableGaugeMetric {
	return m.p.NewUnfinishedWorkSecondsMetric(name)
}

func (m metrics) NewLongestRunningProcessorSecondsMetric(name string) informant.SettableGaugeMetric {
	return m.p.NewLongestRunningProcessorSecondsMetric(name)
}

func (m metrics) NewRetriesMetric(name string) informant.CounterMetric {
	return m.p.NewRetriesMetric(name)
}
