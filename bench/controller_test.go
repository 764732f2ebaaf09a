package bench

import (
	"context"
	"testing"
	"time"

	dropincache "github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
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

// slowHandling measures what it costs to add an object while there is always an
// event of another one that the handler is slow over, or that waits for it.
func slowHandling(b *testing.B, c controllers, opts cache.RealFIFOOptions) {
	f, h, queue := newFeed(nil), newSlowHandler(), c.queue(opts)
	controller := c.controller(&cache.Config{
		Queue: queue, ListerWatcher: f.listWatch(), ObjectType: &corev1.Pod{},
		Process:      func(obj any, _ bool) error { return h.handle(obj.(cache.Deltas)) },
		ProcessBatch: func(deltas []cache.Delta, _ bool) error { return h.handle(deltas) },
	})
	startRun(b, controller.RunWithContext)
	if !cache.WaitFor(context.Background(), "", controller.HasSyncedChecker()) {
		b.Fatal("not synced")
	}
	startRun(b, func(ctx context.Context) { h.feed(ctx, f) })
	<-h.began
	pods, n := Pods(burst, 1), 0
	for b.Loop() {
		if err := queue.Add(pods[n%burst]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := queue.Add(h.last); err != nil {
		b.Fatal(err)
	}
	<-h.ended
	if h.handled != n {
		b.Fatalf("%d of %d objects came to the handler", h.handled, n)
	}
}

// slowHandler sleeps a millisecond over the events of one pod, after each of
// which there is another one, and counts those of the others until it is given
// the last one.
type slowHandler struct {
	slow, last   *corev1.Pod
	handled      int
	again        chan struct{}
	began, ended chan struct{}
}

func newSlowHandler() *slowHandler {
	return &slowHandler{
		slow: Pod(burst, 1), last: Pod(burst+1, 1),
		again: make(chan struct{}, 1), began: make(chan struct{}), ended: make(chan struct{}),
	}
}

func (h *slowHandler) handle(deltas []cache.Delta) error {
	for i := range deltas {
		pod, isPod := deltas[i].Object.(*corev1.Pod)
		switch {
		case !isPod: // the list, in which there is nothing
		case pod.Name == h.slow.Name:
			time.Sleep(time.Millisecond)
			h.again <- struct{}{}
		case pod.Name == h.last.Name:
			close(h.ended)
		default:
			h.handled++
		}
	}
	return nil
}

// feed sends the slow pod, and again whenever it was handled, until ctx ends.
func (h *slowHandler) feed(ctx context.Context, f *feed) {
	for version := 1; ; version++ {
		f.events <- watch.Event{Type: watch.Modified, Object: newState(h.slow, version)}
		select {
		case <-ctx.Done():
			return
		case <-h.again:
		}
		if version == 1 {
			close(h.began)
		}
	}
}
