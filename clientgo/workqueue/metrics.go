package workqueue

import (
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	informant "github.com/informant-go/informant/workqueue"
)

// SetProvider sets the metrics provider of all queues that are made later and
// whose configuration has none, those of client-go's own constructors
// included. It is client-go's SetProvider: only the first call in a process
// has an effect, whichever of the two it is made to.
func SetProvider(metricsProvider MetricsProvider) { workqueue.SetProvider(metricsProvider) }

// provider returns the provider of a queue: p, that of its configuration, and
// without one what client-go's global provider makes for it; nil if there is
// neither, or no name.
func provider(p MetricsProvider, name string, of layers) informant.MetricsProvider {
	if p != nil {
		return Provider(p)
	}
	if name == "" {
		return nil
	}
	u, err := fromUpstream(name, of)
	if err != nil {
		unread.tell(klog.Background(), err, name)
		return nil
	}
	if u == nil {
		return nil
	}
	return u
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
