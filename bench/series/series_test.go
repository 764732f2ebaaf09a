//lint:file-ignore SA1019 Programs that swap the import line use the deprecated names.

package series

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	clientgo "k8s.io/client-go/util/workqueue"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/utils/clock"

	// Sets client-go's provider, as programs do.
	_ "k8s.io/component-base/metrics/prometheus/workqueue"

	"github.com/informant-go/informant/clientgo/workqueue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maker makes the queue of a name. q is what is called; end, if set, shuts
// down what q does not.
type maker func(name string) (q any, end func())

// engines make the same queue, of client-go and by the changed import line.
type engines struct{ stock, ours maker }

func alone(q any) (any, func()) { return q, func() {} }

var limiter = func() clientgo.TypedRateLimiter[any] {
	return clientgo.NewTypedItemExponentialFailureRateLimiter[any](time.Second, 8*time.Second)
}

// queues are the ways to make one that has series.
var queues = map[string]engines{
	"NewNamed": {
		func(n string) (any, func()) { return alone(clientgo.NewNamed(n)) },
		func(n string) (any, func()) { return alone(workqueue.NewNamed(n)) },
	},
	"NewTypedWithConfig": {
		func(n string) (any, func()) {
			return alone(clientgo.NewTypedWithConfig(clientgo.TypedQueueConfig[any]{Name: n, Clock: clock.RealClock{}}))
		},
		func(n string) (any, func()) {
			return alone(workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[any]{Name: n, Clock: clock.RealClock{}}))
		},
	},
	"NewNamedDelayingQueue": {
		func(n string) (any, func()) { return alone(clientgo.NewNamedDelayingQueue(n)) },
		func(n string) (any, func()) { return alone(workqueue.NewNamedDelayingQueue(n)) },
	},
	"NewDelayingQueueWithCustomQueue": {
		func(n string) (any, func()) {
			below := clientgo.New()
			return clientgo.NewDelayingQueueWithCustomQueue(below, n), below.ShutDown
		},
		func(n string) (any, func()) {
			below := workqueue.New()
			return workqueue.NewDelayingQueueWithCustomQueue(below, n), below.ShutDown
		},
	},
	"NewDelayingQueueWithCustomQueue, both named": {
		func(n string) (any, func()) {
			below := clientgo.NewNamed(n)
			return clientgo.NewDelayingQueueWithCustomQueue(below, n), below.ShutDown
		},
		func(n string) (any, func()) {
			below := workqueue.NewNamed(n)
			return workqueue.NewDelayingQueueWithCustomQueue(below, n), below.ShutDown
		},
	},
	"NewNamedRateLimitingQueue": {
		func(n string) (any, func()) { return alone(clientgo.NewNamedRateLimitingQueue(limiter(), n)) },
		func(n string) (any, func()) { return alone(workqueue.NewNamedRateLimitingQueue(limiter(), n)) },
	},
	"NewTypedRateLimitingQueueWithConfig": {
		func(n string) (any, func()) {
			return alone(clientgo.NewTypedRateLimitingQueueWithConfig(limiter(), clientgo.TypedRateLimitingQueueConfig[any]{Name: n}))
		},
		func(n string) (any, func()) {
			return alone(workqueue.NewTypedRateLimitingQueueWithConfig(limiter(), workqueue.TypedRateLimitingQueueConfig[any]{Name: n}))
		},
	},
	"NewRateLimitingQueueWithDelayingInterface": {
		func(n string) (any, func()) {
			return alone(clientgo.NewRateLimitingQueueWithDelayingInterface(clientgo.NewNamedDelayingQueue(n), limiter()))
		},
		func(n string) (any, func()) {
			return alone(workqueue.NewRateLimitingQueueWithDelayingInterface(workqueue.NewNamedDelayingQueue(n), limiter()))
		},
	},
	"without a name": {
		func(string) (any, func()) { return alone(clientgo.NewRateLimitingQueue(limiter())) },
		func(string) (any, func()) { return alone(workqueue.NewRateLimitingQueue(limiter())) },
	},
}

// work calls what a queue has: additions that are merged, in hand and delayed,
// failures, and an item that stays in hand.
func work(q clientgo.Interface) {
	// Client-go takes a delay in a goroutine of its own.
	settle := func() { <-time.After(time.Nanosecond) }
	q.Add("a")
	q.Add("a")
	q.Add("b")
	<-time.After(3 * time.Second)
	item, _ := q.Get()
	q.Add(item)
	<-time.After(250 * time.Millisecond)
	q.Done(item)
	if d, ok := q.(clientgo.DelayingInterface); ok {
		d.AddAfter("c", 2*time.Second)
		d.AddAfter("d", time.Hour)
		d.AddAfter("b", 0)
		settle()
	}
	if r, ok := q.(clientgo.RateLimitingInterface); ok {
		for range 3 {
			r.AddRateLimited("e")
			settle()
		}
		r.Forget("e")
	}
	<-time.After(10 * time.Second)
	for range q.Len() - 1 {
		item, _ := q.Get()
		<-time.After(30 * time.Millisecond)
		q.Done(item)
	}
	q.Get() // and stays in hand
	<-time.After(4*time.Second + 100*time.Millisecond)
}

// Every series of a stock program is there after the swap, under its name and
// labels, with its value after the same calls, and no other: while the queues
// run, and when they are shut down.
func TestEverySeriesSurvivesTheSwap(t *testing.T) {
	for name, e := range queues {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stock, endStock := e.stock("stock " + name)
				ours, endOurs := e.ours("ours " + name)
				check := func(when string, least int) {
					t.Helper()
					synctest.Wait()
					want, got := seriesOf("stock "+name), seriesOf("ours "+name)
					if !slices.Equal(got, want) {
						t.Errorf("%s the series are\n%s\nexpected\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
					if len(want) < least {
						t.Errorf("%s stock has %d series: the test looks in the wrong place", when, len(want))
					}
				}
				least := 1
				if name == "without a name" {
					least = 0
				}
				check("before the first call", least)
				done := make(chan struct{})
				for _, q := range []any{stock, ours} {
					go func() {
						work(q.(clientgo.Interface))
						done <- struct{}{}
					}()
				}
				<-done
				<-done
				check("after the calls", least)
				stock.(clientgo.Interface).ShutDown()
				ours.(clientgo.Interface).ShutDown()
				endStock()
				endOurs()
				<-time.After(2 * time.Second)
				check("after ShutDown", least)
			})
		})
	}
}

// seriesOf is what the registry shows of a queue, without its name.
func seriesOf(queue string) (lines []string) {
	answer := httptest.NewRecorder()
	legacyregistry.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	label := `name="` + queue + `"`
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, "workqueue_") && strings.Contains(line, label) {
			lines = append(lines, strings.TrimSpace(strings.Replace(line, label, "", 1)))
		}
	}
	return lines
}

// A queue with all layers has the seven families that Kubernetes documents.
func TestTheSevenFamiliesAreThere(t *testing.T) {
	q := workqueue.NewNamedRateLimitingQueue(limiter(), "families")
	defer q.ShutDown()
	all := strings.Join(seriesOf("families"), "\n")
	for _, family := range []string{
		"depth", "adds_total", "retries_total", "unfinished_work_seconds", "longest_running_processor_seconds",
		"queue_duration_seconds_count", "work_duration_seconds_count",
	} {
		if !strings.Contains(all, "workqueue_"+family+"{") {
			t.Errorf("workqueue_%s is missing", family)
		}
	}
}

// The first provider in a process counts, here component-base's: it is not
// displaced by a SetProvider that comes later, whichever package it is made
// to. One in the configuration is used instead, as in client-go.
func TestWhichProviderCounts(t *testing.T) {
	workqueue.SetProvider(refusing{t})
	clientgo.SetProvider(refusing{t})
	q := workqueue.NewNamed("first")
	q.ShutDown()
	if len(seriesOf("first")) == 0 {
		t.Error("the provider that was set first makes no series")
	}
	own := workqueue.NewTypedRateLimitingQueueWithConfig(limiter(), workqueue.TypedRateLimitingQueueConfig[any]{
		Name: "own", MetricsProvider: silent{},
	})
	own.Add("a")
	own.ShutDown()
	if got := seriesOf("own"); len(got) != 0 {
		t.Errorf("a queue with a provider of its own has series: %q", got)
	}
}

// silent makes metrics that nobody sees; refusing fails the test.
type (
	silent   struct{}
	metric   struct{}
	refusing struct{ t *testing.T }
)

func (metric) Inc()            {}
func (metric) Dec()            {}
func (metric) Set(float64)     {}
func (metric) Observe(float64) {}

func (silent) NewDepthMetric(string) clientgo.GaugeMetric            { return metric{} }
func (silent) NewAddsMetric(string) clientgo.CounterMetric           { return metric{} }
func (silent) NewLatencyMetric(string) clientgo.HistogramMetric      { return metric{} }
func (silent) NewWorkDurationMetric(string) clientgo.HistogramMetric { return metric{} }
func (silent) NewRetriesMetric(string) clientgo.CounterMetric        { return metric{} }
func (silent) NewUnfinishedWorkSecondsMetric(string) clientgo.SettableGaugeMetric {
	return metric{}
}
func (silent) NewLongestRunningProcessorSecondsMetric(string) clientgo.SettableGaugeMetric {
	return metric{}
}

func (r refusing) NewDepthMetric(q string) clientgo.GaugeMetric {
	r.t.Errorf("a provider that came too late is asked for the depth of %s", q)
	return metric{}
}
func (r refusing) NewAddsMetric(string) clientgo.CounterMetric           { return metric{} }
func (r refusing) NewLatencyMetric(string) clientgo.HistogramMetric      { return metric{} }
func (r refusing) NewWorkDurationMetric(string) clientgo.HistogramMetric { return metric{} }
func (r refusing) NewRetriesMetric(string) clientgo.CounterMetric        { return metric{} }
func (r refusing) NewUnfinishedWorkSecondsMetric(string) clientgo.SettableGaugeMetric {
	return metric{}
}
func (r refusing) NewLongestRunningProcessorSecondsMetric(string) clientgo.SettableGaugeMetric {
	return metric{}
}
