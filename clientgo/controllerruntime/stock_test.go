package controllerruntime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	adapter "github.com/informant-go/informant/clientgo/workqueue"
)

type (
	request = reconcile.Request
	queue   = workqueue.TypedRateLimitingInterface[request]
)

// listed is how many objects the initial list has.
const listed = 20

// workload is what a controller is given: events through one of
// controller-runtime's handlers, and what becomes of each request.
type workload struct {
	name    string
	handler handler.EventHandler

	// first comes with the source, before a worker runs; later when the
	// request of a name is worked on for the first time.
	first func(*feed)
	later map[string]func(*feed)

	// results are what the reconciler answers for a name, one after the
	// other, and then success.
	results map[string][]result
}

type result struct {
	reconcile.Result
	err error
}

var errFailed = errors.New("failed")

// feed tells events to a handler, as a source does.
type feed struct {
	ctx context.Context
	to  handler.EventHandler
	q   queue
}

func object(name, version string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version}}
}

func (f *feed) list() {
	for i := range listed {
		f.to.Create(f.ctx, event.CreateEvent{Object: object(fmt.Sprintf("listed-%02d", i), "1"), IsInInitialList: true}, f.q)
	}
}
func (f *feed) create(name string) {
	f.to.Create(f.ctx, event.CreateEvent{Object: object(name, "2")}, f.q)
}
func (f *feed) update(name, from, to string) {
	f.to.Update(f.ctx, event.UpdateEvent{ObjectOld: object(name, from), ObjectNew: object(name, to)}, f.q)
}
func (f *feed) remove(name string) {
	f.to.Delete(f.ctx, event.DeleteEvent{Object: object(name, "3")}, f.q)
}

// adding is a handler of a user's own, which knows nothing of priorities and
// delays what it is told of by its name.
var adding = handler.Funcs{
	CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { addNamed(e.Object, q) },
	UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { addNamed(e.ObjectNew, q) },
}

func addNamed(o client.Object, q queue) {
	r := request{NamespacedName: client.ObjectKeyFromObject(o)}
	switch {
	case strings.HasPrefix(o.GetName(), "delayed"):
		q.AddAfter(r, time.Second)
	case strings.HasPrefix(o.GetName(), "limited"):
		q.AddRateLimited(r)
	default:
		q.Add(r)
	}
}

// unwrapped hides that a handler is controller-runtime's own Funcs, which give
// priorities without being asked to.
type unwrapped struct{ handler.EventHandler }

var workloads = []workload{
	{
		name:    "a new object among many of the initial list",
		handler: &handler.EnqueueRequestForObject{},
		first:   (*feed).list,
		later: map[string]func(*feed){
			"listed-00": func(f *feed) { f.create("new") },
			"listed-05": func(f *feed) { f.create("newer"); f.update("listed-15", "1", "2"); f.remove("listed-16") },
		},
	},
	{
		name:    "a resync",
		handler: &handler.EnqueueRequestForObject{},
		first: func(f *feed) {
			for i := range 5 {
				f.update(fmt.Sprint("same-", i), "1", "1")
			}
			f.update("changed", "1", "2")
		},
		later: map[string]func(*feed){"same-1": func(f *feed) { f.update("same-4", "1", "2"); f.update("same-0", "1", "1") }},
	},
	{
		name:    "a handler of one's own, low when unchanged",
		handler: handler.WithLowPriorityWhenUnchanged(unwrapped{adding}),
		first:   func(f *feed) { f.list(); f.create("delayed-new"); f.create("limited-new"); f.create("new") },
		later: map[string]func(*feed){
			"listed-01": func(f *feed) { f.update("delayed-same", "1", "1"); f.update("limited-same", "1", "1") },
		},
	},
	{
		name:    "a handler of one's own, all the same",
		handler: unwrapped{adding},
		first:   func(f *feed) { f.list(); f.create("delayed-new"); f.create("new") },
	},
	{
		name:    "failures",
		handler: &handler.EnqueueRequestForObject{},
		first:   (*feed).list,
		later:   map[string]func(*feed){"listed-03": func(f *feed) { f.create("new") }},
		results: map[string][]result{
			"listed-00": {{err: errFailed}, {err: errFailed}, {err: errFailed}},
			"listed-02": {{err: errFailed}, {Result: reconcile.Result{RequeueAfter: 30 * time.Millisecond}}},
			"listed-04": {{Result: reconcile.Result{Priority: new(7)}, err: errFailed}},
			//lint:ignore SA1019 Reconcilers that return it are there.
			"listed-06": {{Result: reconcile.Result{Requeue: true}}, {err: reconcile.TerminalError(errFailed)}},
			"new":       {{err: errFailed}, {Result: reconcile.Result{Priority: new(-200), RequeueAfter: time.Second}}},
		},
	},
}

// run lets a controller of these options work until nothing is left to do, and
// returns what was worked on, when, and the series of its queue.
func run(t *testing.T, name string, w workload, o controller.Options) (order, series []string) {
	t.Helper()
	began, worked := time.Now(), map[string]int{}
	f := &feed{to: w.handler}
	o.SkipNameValidation = new(true)
	o.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[request](5*time.Millisecond, time.Minute)
	o.Reconciler = reconcile.Func(func(_ context.Context, r request) (reconcile.Result, error) {
		n := worked[r.Name]
		worked[r.Name]++
		order = append(order, fmt.Sprint(r.Name, " at ", time.Since(began)))
		if later := w.later[r.Name]; n == 0 && later != nil {
			later(f)
		}
		<-time.After(1013 * time.Microsecond) // no delay ends with it
		if answers := w.results[r.Name]; n < len(answers) {
			return answers[n].Result, answers[n].err
		}
		return reconcile.Result{}, nil
	})
	c, err := controller.NewUnmanaged(name, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Watch(source.Func(func(ctx context.Context, q queue) error {
		f.ctx, f.q = ctx, q
		w.first(f)
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Start(ctx) }()
	<-time.After(10*time.Second + 100*time.Microsecond)
	synctest.Wait()
	for line := range strings.Lines(scrape()) {
		if strings.HasPrefix(line, "workqueue_") && strings.Contains(line, `name="`+name+`"`) {
			series = append(series, strings.TrimSpace(strings.ReplaceAll(line, name, "the-queue")))
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return order, series
}

// compare runs a workload with stock's queue and with ours.
func compare(t *testing.T, w workload, stock, ours controller.Options) {
	synctest.Test(t, func(t *testing.T) {
		want, wantSeries := run(t, unique("stock"), w, stock)
		got, gotSeries := run(t, unique("ours"), w, ours)
		if len(want) < 6 || len(wantSeries) < 7 {
			t.Fatalf("stock works on %d requests and has %d series: the test looks in the wrong place", len(want), len(wantSeries))
		}
		if !slices.Equal(got, want) {
			t.Errorf("the order is\n%s\nin stock\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if !slices.Equal(gotSeries, wantSeries) {
			t.Errorf("the series are\n%s\nin stock\n%s", strings.Join(gotSeries, "\n"), strings.Join(wantSeries, "\n"))
		}
	})
}

// A controller with NewQueue works on its requests in the order and at the
// times of one with stock's priority queue, and shows the same series, labels
// and values.
func TestOrderAndSeriesAreThoseOfStocksPriorityQueue(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			compare(t, w, controller.Options{}, controller.Options{NewQueue: NewQueue[request]})
		})
	}
}

// The same for a controller that has switched the priority queue off: its
// queue is client-go's, and ours that of clientgo/workqueue, which finds the
// series of controller-runtime without being told.
func TestOrderAndSeriesAreThoseOfStocksPlainQueue(t *testing.T) {
	ours := func(name string, l workqueue.TypedRateLimiter[request]) queue {
		return adapter.NewTypedRateLimitingQueueWithConfig(l, adapter.TypedRateLimitingQueueConfig[request]{Name: name})
	}
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			compare(t, w, controller.Options{UsePriorityQueue: new(false)}, controller.Options{NewQueue: ours})
		})
	}
}

// A new object does not wait for the initial list, and the series are the
// eight that stock has: the depth of two priorities among them.
func TestANewObjectOvertakesTheInitialList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order, series := run(t, unique("overtakes"), workloads[0], controller.Options{NewQueue: NewQueue[request]})
		place := slices.IndexFunc(order, func(s string) bool { return strings.HasPrefix(s, "new ") }) + 1
		if place < 1 || place > 3 {
			t.Errorf("the new object is worked on as number %d of %d", place, len(order))
		}
		var names []string
		for _, line := range series {
			name, _, _ := strings.Cut(line, " ")
			if !strings.Contains(name, "_bucket") && !strings.Contains(name, "_sum") {
				names = append(names, strings.ReplaceAll(name, `controller="the-queue",name="the-queue"`, ""))
			}
		}
		want := []string{
			"workqueue_adds_total{}", `workqueue_depth{,priority="-100"}`, `workqueue_depth{,priority="0"}`,
			"workqueue_longest_running_processor_seconds{}", "workqueue_queue_duration_seconds_count{}",
			"workqueue_retries_total{}", "workqueue_unfinished_work_seconds{}", "workqueue_work_duration_seconds_count{}",
		}
		if !slices.Equal(names, want) {
			t.Errorf("the series are %q, expected %q", names, want)
		}
	})
}
