package controllerruntime

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	// Stock's watches of metadata are filtered, and client-go leaves the filter's goroutine
	// behind where an event is under way when it stops.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("k8s.io/apimachinery/pkg/watch.(*filteredWatch).loop"))
}

// scrape is what a scrape of controller-runtime's /metrics answers.
func scrape() string {
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{}).
		ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

var runs atomic.Int32

// unique makes a name that no run of a test had before: series are for ever.
func unique(name string) string { return fmt.Sprint(name, "-", runs.Add(1)) }

// The workqueue_… series on /metrics show our queue, under the names and
// labels that controller-runtime's have. Time is virtual: none passes in
// which work is unfinished.
func TestMetricsShowTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := unique("shown")
		q := New(name, Options[string]{})
		defer q.ShutDown()
		low := -100
		q.AddWithOpts(priorityqueue.AddOpts{Priority: &low}, "a", "b")
		q.Add("c")
		q.AddAfter("d", time.Hour)
		q.AddAfter("c", 0) // no delay is no retry in controller-runtime
		if item, priority, _ := q.GetWithPriority(); item != "c" || priority != 0 {
			t.Fatalf("got %s, %d", item, priority)
		}
		q.Done("c")
		q.AddWithOpts(priorityqueue.AddOpts{}, "a") // rises
		page := scrape()
		for _, line := range []string{
			`workqueue_depth{controller="shown",name="shown",priority="-100"} 1`,
			`workqueue_depth{controller="shown",name="shown",priority="0"} 1`,
			`workqueue_adds_total{controller="shown",name="shown"} 3`,
			`workqueue_retries_total{controller="shown",name="shown"} 1`,
			`workqueue_queue_duration_seconds_count{controller="shown",name="shown"} 1`,
			`workqueue_work_duration_seconds_count{controller="shown",name="shown"} 1`,
			`workqueue_unfinished_work_seconds{controller="shown",name="shown"} 0`,
			`workqueue_longest_running_processor_seconds{controller="shown",name="shown"} 0`,
		} {
			line = strings.ReplaceAll(line, "shown", name)
			if !strings.Contains(page, line+"\n") {
				t.Errorf("%s is not on the page", line)
			}
		}
		if t.Failed() {
			for line := range strings.Lines(page) {
				if strings.Contains(line, name) && !strings.Contains(line, "bucket") {
					t.Log(line)
				}
			}
		}
	})
}

// Queues of both makes are in the same series.
func TestMetricsAreThoseOfControllerRuntime(t *testing.T) {
	names := []string{unique("mine"), unique("theirs")}
	ours, theirs := New(names[0], Options[string]{}), priorityqueue.New[string](names[1])
	defer ours.ShutDown()
	defer theirs.ShutDown()
	for _, q := range []priorityqueue.PriorityQueue[string]{ours, theirs} {
		q.Add("a")
		q.Get()
	}
	page := scrape()
	for _, name := range names {
		if line := `workqueue_adds_total{controller="` + name + `",name="` + name + `"} 1`; !strings.Contains(page, line) {
			t.Errorf("%s is not on the page", line)
		}
	}
}

// Many priorities do not become as many series, and what goes up comes down.
func TestPrioritiesAreLimited(t *testing.T) {
	name := unique("many")
	q := New(name, Options[string]{})
	defer q.ShutDown()
	for p := range 100 {
		q.AddWithOpts(priorityqueue.AddOpts{Priority: &p}, strings.Repeat("x", p+1))
	}
	other := fmt.Sprintf(`workqueue_depth{controller=%q,name=%q,priority="exceeded_cardinality_limit"} `, name, name)
	if !strings.Contains(scrape(), other+"75\n") {
		t.Error("the rest of the priorities is not counted together")
	}
	for range 100 {
		item, _ := q.Get()
		q.Done(item)
	}
	page := scrape()
	if !strings.Contains(page, other+"0\n") || !strings.Contains(page, fmt.Sprintf("name=%q,priority=\"0\"} 0\n", name)) {
		t.Error("a depth did not come down to 0")
	}
}

// A registry that has something else is named, not used.
func TestForeignSeriesAreRefused(t *testing.T) {
	r := prometheus.NewRegistry()
	if _, err := find(r); err == nil || !strings.Contains(err.Error(), "workqueue_depth") {
		t.Errorf("an empty registry gives %v", err)
	}
	opts := prometheus.CounterOpts{Subsystem: "workqueue", Name: "depth", Help: "another \"depth\""}
	r.MustRegister(prometheus.NewCounterVec(opts, []string{"name", "controller", "priority"}))
	if _, err := find(r); err == nil || !strings.Contains(err.Error(), "CounterVec") {
		t.Errorf("a counter as depth gives %v", err)
	}
	r = prometheus.NewRegistry()
	r.MustRegister(prometheus.NewCounterVec(opts, []string{"name"}))
	if _, err := find(r); err == nil || !strings.Contains(err.Error(), "labels") {
		t.Errorf("a depth with other labels gives %v", err)
	}
}
