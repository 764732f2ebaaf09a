package cache_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// meter is a metrics provider that keeps the last value of each gauge, and how
// many values the histogram was given.
type meter struct {
	mu       sync.Mutex
	queued   float64
	version  float64
	latency  int
	reported []string
}

type gauge struct {
	m  *meter
	to *float64
}

func (g gauge) Set(v float64) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	*g.to = v
}

type histogram struct{ m *meter }

func (h histogram) Observe(float64) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.m.latency++
}

func (m *meter) note(id cache.InformerNameAndResource) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reported = append(m.reported, id.Name()+" "+id.GroupVersionResource().Resource)
	return m
}

func (m *meter) NewQueuedItemMetric(id cache.InformerNameAndResource) cache.GaugeMetric {
	return gauge{m.note(id), &m.queued}
}

func (m *meter) NewProcessingLatencyMetric(id cache.InformerNameAndResource) cache.HistogramMetric {
	return histogram{m.note(id)}
}

func (m *meter) NewStoreResourceVersionMetric(id cache.InformerNameAndResource) cache.GaugeMetric {
	return gauge{m.note(id), &m.version}
}

func identity(t *testing.T, name string) cache.InformerNameAndResource {
	t.Helper()
	n, err := cache.NewInformerName(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Release)
	return n.WithResource(schema.GroupVersionResource{Version: "v1", Resource: "pods"})
}

func TestAnInformerWithANameReportsClientGosMetrics(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				source := fcache.NewFakeControllerSource()
				t.Cleanup(source.Shutdown)
				source.Add(newPod("ns", "p", "n1"))
				m := &meter{queued: -1}
				informer := engine.make(fakeSource{source}, upstream.SharedIndexInformerOptions{
					Identifier: identity(t, "metrics test"), InformerMetricsProvider: m,
				})
				run(t, informer.RunWithContext)
				source.Add(newPod("ns", "q", "n1"))
				settle()
				m.mu.Lock()
				defer m.mu.Unlock()
				if m.queued != 0 || m.version != 2 || m.latency == 0 {
					t.Errorf("queued %v, version %v, %d latencies", m.queued, m.version, m.latency)
				}
				for _, id := range m.reported {
					if id != "metrics test pods" {
						t.Errorf("metrics of %q", id)
					}
				}
			})
		})
	}
}

func TestAnInformerWithoutANameReportsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := fcache.NewFakeControllerSource()
		t.Cleanup(source.Shutdown)
		m := &meter{}
		informer := cache.NewSharedIndexInformerWithOptions(fakeSource{source}, &corev1.Pod{},
			cache.SharedIndexInformerOptions{InformerMetricsProvider: m})
		run(t, informer.RunWithContext)
		if len(m.reported) > 0 {
			t.Errorf("metrics of %q", m.reported)
		}
	})
}

func TestAQueueReportsHowMuchWaits(t *testing.T) {
	m := &meter{}
	q := cache.NewRealFIFOWithOptions(cache.RealFIFOOptions{AtomicEvents: true, Identifier: identity(t, "queue test"), MetricsProvider: m})
	if q.Name() != "queue test" {
		t.Errorf("the queue is called %q", q.Name())
	}
	for _, name := range []string{"p", "q"} {
		if err := q.Add(newPod("ns", name, "")); err != nil {
			t.Fatal(err)
		}
	}
	if m.queued != 2 {
		t.Errorf("%v wait, not 2", m.queued)
	}
	if _, err := q.Pop(func(any, bool) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if m.queued != 1 || m.latency != 1 {
		t.Errorf("%v wait, %d latencies", m.queued, m.latency)
	}
}

// firstProvider is the one that counts in this process, however often a test is
// run.
var firstProvider = sync.OnceValue(func() *meter {
	m := &meter{}
	cache.SetInformerMetricsProvider(m)
	return m
})

// The provider of the process serves those who were given none; the first one
// counts, as in client-go.
func TestTheProvidersOfTheProcess(t *testing.T) {
	first, second := firstProvider(), &meter{}
	first.queued = 0
	cache.SetInformerMetricsProvider(second)
	for name, make := range map[string]func(cache.RealFIFOOptions) upstream.Queue{
		"client-go": func(o cache.RealFIFOOptions) upstream.Queue { return upstream.NewRealFIFOWithOptions(o) },
		"informant": func(o cache.RealFIFOOptions) upstream.Queue { return cache.NewRealFIFOWithOptions(o) },
	} {
		q := make(cache.RealFIFOOptions{AtomicEvents: true, Identifier: identity(t, name)})
		if err := q.Add(newPod("ns", "p", "")); err != nil {
			t.Fatal(err)
		}
		if first.queued != 1 || len(second.reported) > 0 {
			t.Errorf("%s: %v wait, the second provider has %v", name, first.queued, second.reported)
		}
		first.queued = 0
	}
}

// What waits while a handler is busy shows in the gauge of queued items.
func TestTheGaugeSaysWhatWaitsWhileAHandlerIsBusy(t *testing.T) {
	var seen [2]float64
	for i, engine := range plains {
		bubble(t, func(t *testing.T) {
			source := newSource(t)
			m := &meter{queued: -1}
			go1 := make(chan struct{})
			_, c := engine.make(upstream.InformerOptions{
				ListerWatcher: fakeSource{source}, ObjectType: &corev1.Pod{},
				Handler:    upstream.ResourceEventHandlerFuncs{AddFunc: func(any) { <-go1 }},
				Identifier: identity(t, "queued"), InformerMetricsProvider: m,
			})
			run(t, c.RunWithContext)
			for n := range 5 {
				source.Add(newPod("ns", fmt.Sprint("p", n), "n1"))
				settle()
			}
			m.mu.Lock()
			seen[i] = m.queued
			m.mu.Unlock()
			close(go1)
			settle()
		})
	}
	if seen[0] != seen[1] {
		t.Errorf("the gauge of queued items says %v with client-go, %v with informant", seen[0], seen[1])
	}
}

// A RealFIFO has no metric of a store.
func TestAQueueAsksForItsMetricsAlone(t *testing.T) {
	var asked [2]int
	for i, make := range []func(upstream.RealFIFOOptions){
		func(o upstream.RealFIFOOptions) { upstream.NewRealFIFOWithOptions(o) },
		func(o upstream.RealFIFOOptions) { cache.NewRealFIFOWithOptions(o) },
	} {
		m := &meter{}
		make(upstream.RealFIFOOptions{AtomicEvents: true, Identifier: identity(t, fmt.Sprint("fifo", i)), MetricsProvider: m})
		asked[i] = len(m.reported)
	}
	if asked[0] != asked[1] {
		t.Errorf("metrics asked for: %d by client-go, %d by informant", asked[0], asked[1])
	}
}

// lateGauge has a queue popped before it takes its first value above zero.
type lateGauge struct {
	pop  func()
	last float64
}

func (g *lateGauge) Set(v float64) {
	if pop := g.pop; v > 0 && pop != nil {
		g.pop = nil
		pop()
	}
	g.last = v
}

type lateProvider struct {
	*meter
	gauge *lateGauge
}

func (p lateProvider) NewQueuedItemMetric(cache.InformerNameAndResource) cache.GaugeMetric {
	return p.gauge
}

// Of two goroutines that set the gauge at once the last one sets what waits.
func TestTheGaugeOfAQueueHasTheLastValue(t *testing.T) {
	p := lateProvider{&meter{}, &lateGauge{}}
	q := cache.NewRealFIFOWithOptions(upstream.RealFIFOOptions{AtomicEvents: true, UnlockWhileProcessing: true, Identifier: identity(t, "late gauge"), MetricsProvider: p})
	popped := false
	p.gauge.pop = func() {
		_, err := q.Pop(func(any, bool) error { popped = true; return nil })
		must(err)
	}
	must(q.Add(newPod("ns", "p", "")))
	if !popped || p.gauge.last != 0 {
		t.Errorf("the gauge of an empty queue is at %v", p.gauge.last)
	}
}
