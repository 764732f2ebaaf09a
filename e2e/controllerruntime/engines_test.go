package controllerruntime

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	clientworkqueue "k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/workqueue"
)

// engines makes what a manager asks for and keeps it, so that the test can tell
// that the manager ran on it.
type engines struct {
	mu        sync.Mutex
	informers []toolscache.SharedIndexInformer // guarded by mu
	queues    []*countedQueue                  // guarded by mu
}

// newInformer is for cache.Options.NewInformer.
func (e *engines) newInformer(lw toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
	informer := cache.NewSharedIndexInformer(lw, obj, resync, indexers)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.informers = append(e.informers, informer)
	return informer
}

// newQueue is for controller.Options.NewQueue.
func (e *engines) newQueue(controller string, limiter clientworkqueue.TypedRateLimiter[reconcile.Request]) clientworkqueue.TypedRateLimitingInterface[reconcile.Request] {
	queue := &countedQueue{TypedRateLimitingInterface: workqueue.NewTypedRateLimitingQueueWithConfig(limiter,
		workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{Name: controller})}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queues = append(e.queues, queue)
	return queue
}

// countedQueue counts what a controller takes out.
type countedQueue struct {
	clientworkqueue.TypedRateLimitingInterface[reconcile.Request]
	taken atomic.Int64
}

func (q *countedQueue) Get() (reconcile.Request, bool) {
	request, shutdown := q.TypedRateLimitingInterface.Get()
	if !shutdown {
		q.taken.Add(1)
	}
	return request, shutdown
}

// check tells whether the manager runs on what was made here.
func (e *engines) check(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.informers) != 1 || len(e.queues) != 1 {
		t.Fatalf("the manager has asked for %d informers and %d queues, not for one of each", len(e.informers), len(e.queues))
	}
	informer, queue := e.informers[0], e.queues[0]
	if !madeHere(informer, "clientgo/cache") || !madeHere(queue.TypedRateLimitingInterface, "workqueue") {
		t.Errorf("the informer is a %T, the queue a %T", informer, queue.TypedRateLimitingInterface)
	}
	if held := len(informer.GetStore().ListKeys()); !informer.HasSynced() || held <= configMaps {
		t.Errorf("the informer holds %d objects, synced: %v", held, informer.HasSynced())
	}
	if taken := queue.taken.Load(); taken <= configMaps {
		t.Errorf("%d requests came out of the queue", taken)
	}
}

// checkStopped tells whether the manager has left nothing running.
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
