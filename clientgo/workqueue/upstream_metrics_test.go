package workqueue

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2/ktesting"
)

// Client-go's fields are where this package looks for them. When this test
// fails, client-go has changed, and programs that take both lose the series of
// their queues: change upstream_metrics.go.
func TestTheMetricsAreFoundInClientGosQueues(t *testing.T) {
	setGlobal()
	const name = "found"
	for of, want := range map[layers][]any{
		queueLayer: {name + " depth", name + " adds", name, name, name, name, nil},
		queueLayer | delayingLayer: {
			name + " depth", name + " adds", name, name, name, name, name + " retries",
		},
		delayingLayer: {nil, nil, nil, nil, nil, nil, name + " retries"},
	} {
		u, err := fromUpstream(name, of)
		if err != nil {
			t.Fatalf("layers %b: %v", of, err)
		}
		for i, got := range []any{u.depth, u.adds, u.latency, u.work, u.unfinished, u.longest, u.retries} {
			if want[i] == nil {
				if got != nil {
					t.Errorf("layers %b: metric %d is a %T, expected none", of, i, got)
				}
				continue
			}
			if c, ok := got.(counter); !ok || c.name != want[i] {
				t.Errorf("layers %b: metric %d is %v, expected the provider's %q", of, i, got, want[i])
			}
		}
	}
}

// A queue whose configuration has no name asks for nothing, and one without a
// provider has none.
func TestWithoutANameThereAreNoMetrics(t *testing.T) {
	setGlobal()
	if p := provider(nil, "", queueLayer|delayingLayer); p != nil {
		t.Errorf("a queue without a name has a provider, a %T", p)
	}
	u, err := fromUpstream("", queueLayer)
	if u != nil || err != nil {
		t.Errorf("client-go's queue without metrics gives %v, %v, expected nothing", u, err)
	}
}

// changed are queues as client-go could have them one day, each with a part of
// the complaint.
var changed = map[string]struct {
	queue any
	want  string
}{
	"no pointer":       {struct{}{}, "not a pointer"},
	"nil":              {(*struct{})(nil), "not a pointer"},
	"no metrics":       {new(struct{ meters any }), "no field metrics"},
	"another type":     {new(struct{ metrics int }), "no field metrics"},
	"no metrics in it": {new(struct{ metrics any }), "not a pointer to a struct"},
	"a field is gone":  {&struct{ metrics any }{new(struct{ depth workqueue.GaugeMetric })}, "no field adds"},
	"a field of another type": {
		&struct{ metrics any }{new(struct{ depth, retries workqueue.SettableGaugeMetric })}, "GaugeMetric",
	},
	"a value": {&struct{ metrics any }{struct{ depth workqueue.GaugeMetric }{}}, "not a pointer to a struct"},
}

// Metrics that are not found are an error that names what is missing, never a
// panic, nor a value that was taken for another.
func TestMetricsThatAreNotFoundAreNamed(t *testing.T) {
	for name, test := range changed {
		t.Run(name, func(t *testing.T) {
			_, ofQueue := new(upstream).takeQueue(test.queue)
			if ofQueue == nil || !strings.Contains(ofQueue.Error(), test.want) {
				t.Errorf("a queue gives %v, expected an error with %q", ofQueue, test.want)
			}
			if _, err := new(upstream).takeDelaying(test.queue); err == nil {
				t.Error("a delaying queue gives no error")
			}
		})
	}
	if found, err := new(upstream).takeQueue(&struct{ metrics any }{struct{}{}}); found || err != nil {
		t.Errorf("a queue without a provider gives %v, %v, expected neither", found, err)
	}
}

// That the metrics are lost is logged once, as an error, with what to set.
func TestTheLossOfTheMetricsIsLoggedOnce(t *testing.T) {
	logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true), ktesting.Verbosity(0)))
	var c complaint
	for i := range 3 {
		c.tell(logger, fmt.Errorf("no field depth"), fmt.Sprint("queue ", i))
	}
	log := logger.GetSink().(ktesting.Underlier).GetBuffer().Data()
	if len(log) != 1 {
		t.Fatalf("%d lines are logged, expected one", len(log))
	}
	line := fmt.Sprint(log[0].Err, log[0].Message, log[0].WithKVList, log[0].ParameterKVList)
	for _, want := range []string{"no field depth", "Set MetricsProvider", "queue 0"} {
		if !strings.Contains(line, want) {
			t.Errorf("the line lacks %q: %s", want, line)
		}
	}
	if log[0].Type != ktesting.LogError {
		t.Errorf("the line is of type %s, not an error", log[0].Type)
	}
}
