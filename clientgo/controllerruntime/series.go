package controllerruntime

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	// Registers the series.
	_ "sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
)

// series are the collectors that controller-runtime has registered. It gives
// them to client-go in a variable that nobody else can read, so that they are
// taken from the registry. They are a MetricsProvider of client-go's.
type series struct {
	depth, unfinished, longest *prometheus.GaugeVec
	adds, retries              *prometheus.CounterVec
	latency, work              *prometheus.HistogramVec
}

// registered finds the series once: they never change.
var registered = sync.OnceValue(func() *series {
	found, err := find(metrics.Registry)
	if err != nil {
		panic(err)
	}
	return found
})

func find(r metrics.RegistererGatherer) (*series, error) {
	help, err := helpTexts(r)
	if err != nil {
		return nil, err
	}
	f := finder{registry: r, help: help}
	gauge := func(o prometheus.Opts, labels []string) prometheus.Collector {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts(o), labels)
	}
	counter := func(o prometheus.Opts, labels []string) prometheus.Collector {
		return prometheus.NewCounterVec(prometheus.CounterOpts(o), labels)
	}
	histogram := func(o prometheus.Opts, labels []string) prometheus.Collector {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Subsystem: o.Subsystem, Name: o.Name, Help: o.Help,
		}, labels)
	}
	s := &series{
		depth:      collector[*prometheus.GaugeVec](&f, metrics.DepthKey, gauge, "name", "controller", "priority"),
		unfinished: collector[*prometheus.GaugeVec](&f, metrics.UnfinishedWorkKey, gauge, "name", "controller"),
		longest:    collector[*prometheus.GaugeVec](&f, metrics.LongestRunningProcessorKey, gauge, "name", "controller"),
		adds:       collector[*prometheus.CounterVec](&f, metrics.AddsKey, counter, "name", "controller"),
		retries:    collector[*prometheus.CounterVec](&f, metrics.RetriesKey, counter, "name", "controller"),
		latency:    collector[*prometheus.HistogramVec](&f, metrics.QueueLatencyKey, histogram, "name", "controller"),
		work:       collector[*prometheus.HistogramVec](&f, metrics.WorkDurationKey, histogram, "name", "controller"),
	}
	return s, f.err
}

// finder looks up collectors, and keeps the first error.
type finder struct {
	registry prometheus.Registerer
	help     map[string]string
	err      error
}

// collector returns the registered collector of a name. A registry gives a
// collector to those alone who register one that is equal to it, help text
// included.
func collector[C prometheus.Collector](
	f *finder, name string, make func(prometheus.Opts, []string) prometheus.Collector, labels ...string,
) (found C) {
	full := prometheus.BuildFQName("", metrics.WorkQueueSubsystem, name)
	help, ok := f.help[full]
	if !ok {
		f.fail(full, errors.New("it is not registered"))
		return found
	}
	mine := make(prometheus.Opts{Subsystem: metrics.WorkQueueSubsystem, Name: name, Help: help}, labels)
	err := f.registry.Register(mine)
	var already prometheus.AlreadyRegisteredError
	if !errors.As(err, &already) {
		f.fail(full, fmt.Errorf("it has other labels (%w)", err))
		return found
	}
	if found, ok = already.ExistingCollector.(C); !ok {
		f.fail(full, fmt.Errorf("it is a %T", already.ExistingCollector))
	}
	return found
}

func (f *finder) fail(name string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("controllerruntime: series %s of controller-runtime cannot be used: %w: give New a MetricsProvider", name, err)
	}
}

// helpTexts reads the help texts of everything that is registered, by name.
func helpTexts(r any) (map[string]string, error) {
	d, ok := r.(prometheus.Collector)
	if !ok {
		return nil, fmt.Errorf("controllerruntime: the registry of controller-runtime is a %T, which does not describe itself: give New a MetricsProvider", r)
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		d.Describe(descs)
	}()
	help := map[string]string{}
	for desc := range descs {
		if name, text, ok := parse(desc.String()); ok {
			help[name] = text
		}
	}
	return help, nil
}

// parse reads name and help out of a description, which prints them quoted
// and tells them in no other way.
func parse(desc string) (name, help string, ok bool) {
	name, rest, ok := quoted(desc, "fqName: ")
	if !ok {
		return "", "", false
	}
	help, _, ok = quoted(rest, "help: ")
	return name, help, ok
}

// quoted reads the quoted string after a label.
func quoted(s, label string) (text, rest string, ok bool) {
	_, rest, ok = strings.Cut(s, label)
	if !ok {
		return "", "", false
	}
	prefix, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", "", false
	}
	text, err = strconv.Unquote(prefix)
	return text, rest[len(prefix):], err == nil
}

func (s *series) NewDepthMetric(name string) workqueue.GaugeMetric {
	return s.depth.WithLabelValues(name, name, "")
}

func (s *series) NewAddsMetric(name string) workqueue.CounterMetric {
	return s.adds.WithLabelValues(name, name)
}

func (s *series) NewLatencyMetric(name string) workqueue.HistogramMetric {
	return s.latency.WithLabelValues(name, name)
}

func (s *series) NewWorkDurationMetric(name string) workqueue.HistogramMetric {
	return s.work.WithLabelValues(name, name)
}

func (s *series) NewUnfinishedWorkSecondsMetric(name string) workqueue.SettableGaugeMetric {
	return s.unfinished.WithLabelValues(name, name)
}

func (s *series) NewLongestRunningProcessorSecondsMetric(name string) workqueue.SettableGaugeMetric {
	return s.longest.WithLabelValues(name, name)
}

func (s *series) NewRetriesMetric(name string) workqueue.CounterMetric {
	return s.retries.WithLabelValues(name, name)
}
