package controllerruntime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// noted makes a queue that notes what is added to it and at which priority.
func (j *journal) noted(inner newQueue) newQueue {
	return func(name string, l limiter) queue {
		q := inner(name, l)
		if p, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
			return notedPriorityQueue{p, j}
		}
		return notedQueue{q, j}
	}
}

type notedPriorityQueue struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	journal *journal
}

func (q notedPriorityQueue) AddWithOpts(o priorityqueue.AddOpts, requests ...reconcile.Request) {
	priority := 0
	if o.Priority != nil {
		priority = *o.Priority
	}
	q.PriorityQueue.AddWithOpts(o, requests...)
	for _, r := range requests {
		q.journal.note("%s %d", r.Name, priority)
	}
}

func (q notedPriorityQueue) Add(r reconcile.Request) {
	q.PriorityQueue.Add(r)
	q.journal.note("%s", r.Name)
}

type notedQueue struct {
	queue
	journal *journal
}

func (q notedQueue) Add(r reconcile.Request) {
	q.queue.Add(r)
	q.journal.note("%s", r.Name)
}

// gate is a reconciler that notes each request, and keeps the first one in hand
// until it is opened.
type gate struct {
	journal
	opened chan struct{}
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

func (g *gate) Reconcile(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	g.note("%s", r.Name)
	select {
	case <-g.opened:
	case <-ctx.Done():
	}
	return reconcile.Result{}, nil
}

func (w *world) configMapEvents(mgr manager.Manager) source.Source {
	return source.Kind(mgr.GetCache(), client.Object(&corev1.ConfigMap{}), handler.EventHandler(&handler.EnqueueRequestForObject{}))
}

// A controller has a priority queue, unless it does not want one: a new object is
// worked on before the rest of the initial list.
func TestANewObjectIsWorkedOnBeforeTheInitialList(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		const listed = 12
		for i := range listed {
			w.create(w.configMap(name(i)))
		}
		var added journal
		g := newGate()
		w.controller(mgr, "priorities", controller.Options{Reconciler: g, NewQueue: added.noted(x.engine.priorityQueue)}, w.configMapEvents(mgr))
		w.start(mgr)
		g.awaitCount(x, 1)
		added.awaitCount(x, listed)
		w.create(w.configMap("new"))
		added.awaitLine(x, "new 0")
		close(g.opened)
		order := g.awaitCount(x, listed+1)
		x.saw("the second", order[1])
		x.saw("all", sorted(order))
		x.saw("priorities", sorted(added.all()))
	})
}

func TestAPlainQueueWorksInOrder(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var added journal
		g := newGate()
		w.controller(mgr, "plain", controller.Options{
			Reconciler: g, UsePriorityQueue: new(false), NewQueue: added.noted(x.engine.plainQueue),
		}, w.configMapEvents(mgr))
		w.start(mgr)
		for _, name := range []string{"d", "b", "c", "a", "b2"} {
			w.create(w.configMap(name))
			added.awaitLine(x, name)
		}
		w.patch(w.configMap("c"), `{"data":{"n":"1"}}`)
		added.awaitCount(x, 6)
		close(g.opened)
		x.saw("order", g.awaitCount(x, 5))
		x.saw("added", added.all())
	})
}

// A resync tells each object again, at a low priority.
func TestAResyncHasALowPriority(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(func(o *manager.Options) { o.Cache.SyncPeriod = new(time.Second) })
		var added, events journal
		w.controller(mgr, "resync", controller.Options{NewQueue: added.noted(x.engine.priorityQueue)}, w.configMapEvents(mgr),
			source.Kind(mgr.GetCache(), client.Object(&corev1.ConfigMap{}), handler.EventHandler(handler.Funcs{
				UpdateFunc: func(_ context.Context, e event.UpdateEvent, _ queue) {
					events.note("%s %v", e.ObjectNew.GetName(), e.ObjectOld.GetResourceVersion() == e.ObjectNew.GetResourceVersion())
				},
			})))
		w.create(w.configMap("a"), w.configMap("b"))
		w.start(mgr)
		again := func(line string, n int) func([]string) bool {
			return func(lines []string) bool {
				return count(lines, line) >= n
			}
		}
		for _, name := range []string{"a", "b"} {
			events.await(x, "resyncs of "+name, again(name+" true", 3))
			// The initial list and the resyncs are all low.
			added.await(x, "additions of "+name, again(name+" -100", 4))
		}
		x.saw("anything else", slices.ContainsFunc(append(added.all(), events.all()...), func(line string) bool {
			return !strings.HasSuffix(line, "-100") && !strings.HasSuffix(line, "true")
		}))
	})
}

func count(lines []string, line string) int {
	n := 0
	for _, l := range lines {
		if l == line {
			n++
		}
	}
	return n
}

// What a reconciler answers decides when, and at which priority, a request comes
// again.
func TestAnswersOfAReconcilerDecideWhatComesAgain(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var added, worked journal
		failed := errors.New("failed")
		answers := map[string][]func() (reconcile.Result, error){
			"fails":    {func() (reconcile.Result, error) { return reconcile.Result{}, failed }, func() (reconcile.Result, error) { return reconcile.Result{}, failed }},
			"later":    {func() (reconcile.Result, error) { return reconcile.Result{RequeueAfter: 10 * time.Millisecond}, nil }},
			"matters":  {func() (reconcile.Result, error) { return reconcile.Result{Priority: new(7)}, failed }},
			"terminal": {func() (reconcile.Result, error) { return reconcile.Result{}, reconcile.TerminalError(failed) }},
		}
		r := reconcile.Func(func(_ context.Context, r reconcile.Request) (reconcile.Result, error) {
			left := answers[r.Name]
			worked.note("%s", r.Name)
			if len(left) == 0 {
				return reconcile.Result{}, nil
			}
			answers[r.Name] = left[1:]
			return left[0]()
		})
		w.controller(mgr, "answers", controller.Options{Reconciler: r, NewQueue: added.noted(x.engine.priorityQueue)}, w.configMapEvents(mgr))
		w.start(mgr)
		for name, times := range map[string]int{"fails": 3, "later": 2, "matters": 2, "terminal": 1} {
			w.create(w.configMap(name))
			worked.await(x, fmt.Sprint(times, " times ", name), func(lines []string) bool { return count(lines, name) == times })
		}
		w.create(w.configMap("last"))
		worked.awaitLine(x, "last")
		added.awaitLine(x, "last 0")
		x.saw("worked on", sorted(worked.all()))
		x.saw("added", sorted(added.all()))
	})
}
