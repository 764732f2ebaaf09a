package controllerruntime

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/clientgo/controllerruntime"
)

// engines makes what a manager asks for and keeps it, so that the test can tell
// that the manager ran on it.
type engines struct {
	mu        sync.Mutex
	informers []toolscache.SharedIndexInformer // guarded by mu
	queues    []*countedQueue                  // guarded by mu
}

// cache is controllerruntime.Cache that keeps the informers.
func (e *engines) cache(o *manager.Options) {
	controllerruntime.Cache(o)
	newInformer := o.Cache.NewInformer
	o.Cache.NewInformer = func(lw toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
		informer := newInformer(lw, obj, resync, indexers)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.informers = append(e.informers, informer)
		return informer
	}
}

// newQueue is controllerruntime.NewQueue that keeps the queues.
func (e *engines) newQueue(controller string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	queue := &countedQueue{
		PriorityQueue: controllerruntime.NewQueue(controller, limiter).(priorityqueue.PriorityQueue[reconcile.Request]),
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queues = append(e.queues, queue)
	return queue
}

// countedQueue counts what a controller takes out.
type countedQueue struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	taken atomic.Int64
}

func (q *countedQueue) GetWithPriority() (request reconcile.Request, priority int, shutdown bool) {
	request, priority, shutdown = q.PriorityQueue.GetWithPriority()
	if !shutdown {
		q.taken.Add(1)
	}
	return request, priority, shutdown
}

// check reports whether the manager runs on what was made here.
func (e *engines) check(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.informers) != 1 || len(e.queues) != 1 {
		t.Fatalf("the manager has asked for %d informers and %d queues, not for one of each", len(e.informers), len(e.queues))
	}
	informer, queue := e.informers[0], e.queues[0]
	if !madeHere(informer, "clientgo/cache") || !madeHere(queue.PriorityQueue, "clientgo/controllerruntime") {
		t.Errorf("the informer is a %T, the queue a %T", informer, queue.PriorityQueue)
	}
	if held := len(informer.GetStore().ListKeys()); !informer.HasSynced() || held <= configMaps {
		t.Errorf("the informer holds %d objects, synced: %v", held, informer.HasSynced())
	}
	if taken := queue.taken.Load(); taken <= configMaps {
		t.Errorf("%d requests came out of the queue", taken)
	}
}

// checkStopped reports whether the manager has left nothing running.
func (e *engines) checkStopped(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, informer := range e.informers {
		if !informer.IsStopped() {
			t.Error("the informer runs on")
		}
	}
	for _, queue := range e.queues {
		if !queue.ShuttingDown() || queue.Len() != 0 {
			t.Errorf("the queue is shut down: %v, and holds %d requests", queue.ShuttingDown(), queue.Len())
		}
	}
}
