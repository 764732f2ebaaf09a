package bench

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	dropincache "github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// controllers make a Controller of client-go's interface and the queue that it
// pops.
type controllers struct {
	queue      func(cache.RealFIFOOptions) cache.Queue
	controller func(*cache.Config) cache.Controller
}

var controllerEngines = []Engine[controllers]{
	{dropIn, func(testing.TB) controllers {
		return controllers{
			queue:      func(o cache.RealFIFOOptions) cache.Queue { return dropincache.NewRealFIFOWithOptions(o) },
			controller: dropincache.New,
		}
	}},
	{ClientGo, func(testing.TB) controllers {
		return controllers{
			queue:      func(o cache.RealFIFOOptions) cache.Queue { return cache.NewRealFIFOWithOptions(o) },
			controller: cache.New,
		}
	}},
}

// BenchmarkController adds objects to the queue of a Controller whose handler is
// slow, which client-go's benchmarks do too: with a queue that is locked while
// the handler runs, and with one that is not.
func BenchmarkController(b *testing.B) {
	Run(b, controllerEngines, []Case[controllers]{
		{"slow-handler/locked", nil, func(b *testing.B, c controllers) {
			slowHandling(b, c, cache.RealFIFOOptions{KnownObjects: cache.NewStore(cache.MetaNamespaceKeyFunc)})
		}},
		{"slow-handler/unlocked", nil, func(b *testing.B, c controllers) {
			slowHandling(b, c, cache.RealFIFOOptions{AtomicEvents: true, UnlockWhileProcessing: true})
		}},
	})
}

// slowHandling measures what it costs to add an object while the handler is slow
// over those that were added before. It is given the states of one object, of
// which no two are handled in one batch. When the measurement is over the handler
// is fast, and it must have been given all of them.
func slowHandling(b *testing.B, c controllers, opts cache.RealFIFOOptions) {
	h, queue := newSlowHandler(), c.queue(opts)
	controller := c.controller(&cache.Config{
		Queue: queue, ListerWatcher: newFeed(nil).listWatch(), ObjectType: &corev1.Pod{},
		Process:      func(obj any, _ bool) error { return h.handle(obj.(cache.Deltas)) },
		ProcessBatch: func(deltas []cache.Delta, _ bool) error { return h.handle(deltas) },
	})
	startRun(b, controller.RunWithContext)
	if !cache.WaitFor(context.Background(), "", controller.HasSyncedChecker()) {
		b.Fatal("not synced")
	}
	n := 0
	for b.Loop() {
		if err := queue.Add(h.pods[n%burst]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	h.fast.Store(true)
	if err := queue.Add(h.last); err != nil {
		b.Fatal(err)
	}
	<-h.ended
	h.finish(b, n)
}

// slowHandler sleeps a millisecond over each object until it is to be fast.
type slowHandler struct {
	check
	last  *corev1.Pod
	fast  atomic.Bool
	ended chan struct{}
}

func newSlowHandler() *slowHandler {
	h := &slowHandler{last: Pod(1, 1), ended: make(chan struct{})}
	for version := range burst {
		h.pods = append(h.pods, Pod(0, uint64(version)+1))
	}
	return h
}

func (h *slowHandler) handle(deltas []cache.Delta) error {
	for i := range deltas {
		pod, isPod := deltas[i].Object.(*corev1.Pod)
		switch {
		case !isPod: // the list, in which there is nothing
		case pod == h.last:
			close(h.ended)
		default:
			if !h.fast.Load() {
				time.Sleep(time.Millisecond)
			}
			h.each(pod)
		}
	}
	return nil
}
