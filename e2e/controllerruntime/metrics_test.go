package controllerruntime

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// A process on our engines serves the series of one on stock: names, labels and
// their values. What they count is compared in clientgo/controllerruntime.
func TestTheSeriesOfAProcessAreTheSame(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		w := newWorld(x, nil)
		stdout, stderr, err := w.inChild("metrics")
		if err != nil {
			x.Fatalf("%v: %s", err, stderr)
		}
		series := strings.Fields(stdout)
		if len(series) < 100 {
			x.Fatalf("only %d series: %s", len(series), stdout)
		}
		for _, prefix := range []string{"workqueue_depth", "controller_runtime_reconcile_total", "rest_client_requests_total"} {
			if !slices.ContainsFunc(series, func(s string) bool { return strings.HasPrefix(s, prefix) }) {
				x.Errorf("there is no %s", prefix)
			}
		}
		for i, s := range series {
			x.saw(fmt.Sprint("series ", i), timeless(s))
		}
	})
}

// printSeries is the task of that process: two controllers, with a priority queue
// and without, whose reconcilers give each answer that there is.
func printSeries(ctx context.Context, c *child) error {
	port, release, err := reservePort()
	if err != nil {
		return err
	}
	defer release()
	address := fmt.Sprint("127.0.0.1:", port)
	mgr, err := c.manager(address)
	if err != nil {
		return err
	}
	var reconciled [2]journal
	queues := []newQueue{c.engine.priorityQueue, c.engine.plainQueue}
	for i, name := range []string{"with", "without"} {
		if err := builder.ControllerManagedBy(mgr).Named(name).For(&corev1.ConfigMap{}).
			WithOptions(controller.Options{UsePriorityQueue: new(i == 0), NewQueue: queues[i]}).
			Complete(answering(&reconciled[i])); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	// One object is in the initial list, and those that follow are not.
	if err := c.create(ctx, "first"); err != nil {
		return err
	}
	go func() { ended <- mgr.Start(ctx) }()
	for _, step := range []struct {
		requests int // in all
		create   []string
	}{{1, []string{"succeeds", "fails", "terminal", "later", "panics"}}, {9, nil}} {
		for i := range reconciled {
			if err := reconciled[i].awaitOr(ended, step.requests); err != nil {
				return err
			}
		}
		if err := c.create(ctx, step.create...); err != nil {
			return err
		}
	}
	if err := printWhenStill(ctx, address); err != nil {
		return err
	}
	cancel()
	return <-ended
}

// awaitOr waits for n lines, or for the end of the manager.
func (j *journal) awaitOr(ended <-chan error, n int) error {
	for {
		lines, changed := j.now()
		if len(lines) >= n {
			return nil
		}
		select {
		case <-changed:
		case err := <-ended:
			return fmt.Errorf("the manager ended: %v", err)
		}
	}
}

// create makes a ConfigMap of each name.
func (c *child) create(ctx context.Context, names ...string) error {
	for _, name := range names {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: c.ns, Name: name}}
		if err := c.direct.Create(ctx, cm); err != nil {
			return err
		}
	}
	return nil
}

// answering is a reconciler that answers a first request as its name says.
func answering(j *journal) reconcile.Reconciler {
	return reconcile.Func(func(_ context.Context, r request) (reconcile.Result, error) {
		first := count(j.all(), r.Name) == 0
		j.note("%s", r.Name)
		switch {
		case !first:
			return reconcile.Result{}, nil
		case r.Name == "fails":
			return reconcile.Result{}, errors.New("it fails")
		case r.Name == "terminal":
			return reconcile.Result{}, reconcile.TerminalError(errors.New("it fails for good"))
		case r.Name == "later":
			return reconcile.Result{RequeueAfter: time.Millisecond}, nil
		case r.Name == "panics":
			panic("it panics")
		default:
			return reconcile.Result{}, nil
		}
	})
}

// printWhenStill prints the series once two looks at them give the same.
func printWhenStill(ctx context.Context, address string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for before := ""; ; {
		status, body, err := fetch(ctx, "http://"+address+"/metrics")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("the metrics: status %d, %w", status, err)
		}
		now := seriesOf(body)
		if now == before {
			fmt.Println(now)
			return nil
		}
		before = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// seriesOf leaves the values out, and what the Go runtime tells of itself.
func seriesOf(body string) string {
	var series []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "go_") || strings.HasPrefix(line, "process_") {
			continue
		}
		if i := strings.LastIndex(line, " "); i >= 0 {
			series = append(series, strings.ReplaceAll(line[:i], " ", "_"))
		}
	}
	slices.Sort(series)
	return strings.Join(series, "\n")
}
