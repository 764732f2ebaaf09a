package bench

import (
	"cmp"
	"context"
	"strconv"
	"sync/atomic"
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

// slowHandling measures what it costs to add an object while the handler is slow
// over those that were added before, and over another one of which the watch
// brings an event every millisecond. What is added are states of one object, of
// which no two are handled in one batch. They are made on the clock: whoever adds
// objects does something between them. When the measurement is over the handler
// is fast, and it must be given all of them, in order.
func slowHandling(b *testing.B, c controllers, opts cache.RealFIFOOptions) {
	f, queue := newFeed(nil), c.queue(opts)
	h := &slowHandler{other: Pod(2, 1), last: Pod(1, 1), ended: make(chan struct{})}
	controller := c.controller(&cache.Config{
		Queue: queue, ListerWatcher: f.listWatch(), ObjectType: &corev1.Pod{},
		Process:      func(obj any, _ bool) error { return h.handle(obj.(cache.Deltas)) },
		ProcessBatch: func(deltas []cache.Delta, _ bool) error { return h.handle(deltas) },
	})
	startRun(b, controller.RunWithContext)
	if !cache.WaitFor(context.Background(), "", controller.HasSyncedChecker()) {
		b.Fatal("not synced")
	}
	startRun(b, func(ctx context.Context) { everyMillisecond(ctx, f, h.other) })
	pod, n := Pod(0, 1), 0
	for b.Loop() {
		n++
		if err := queue.Add(newState(pod, n)); err != nil {
			b.Fatal(err)
		}
	}
	h.fast.Store(true)
	if err := queue.Add(h.last); err != nil {
		b.Fatal(err)
	}
	<-h.ended
	if h.handled != n || h.wrong != "" {
		b.Fatalf("%d of %d states came to the handler; out of order: %s", h.handled, n, cmp.Or(h.wrong, "none"))
	}
}

// everyMillisecond has the feed bring an event of pod, until ctx ends. What does
// not fit into the feed is left out.
func everyMillisecond(ctx context.Context, f *feed, pod *corev1.Pod) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for version := 1; ctx.Err() == nil; version++ {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			select {
			case f.events <- watch.Event{Type: watch.Modified, Object: newState(pod, version)}:
			default:
			}
		}
	}
}

// slowHandler sleeps a millisecond over each object until it is to be fast.
type slowHandler struct {
	other   *corev1.Pod // of which the watch brings events
	last    *corev1.Pod
	handled int    // without those of the other one
	wrong   string // the first version that came out of order
	fast    atomic.Bool
	ended   chan struct{}
}

func (h *slowHandler) handle(deltas []cache.Delta) error {
	for i := range deltas {
		if pod, isPod := deltas[i].Object.(*corev1.Pod); isPod { // the list, in which there is nothing, is none
			h.told(pod)
		}
	}
	return nil
}

func (h *slowHandler) told(pod *corev1.Pod) {
	if pod == h.last {
		close(h.ended)
		return
	}
	if !h.fast.Load() {
		time.Sleep(time.Millisecond)
	}
	if pod.Name == h.other.Name {
		return
	}
	h.handled++
	if pod.ResourceVersion != strconv.Itoa(h.handled) && h.wrong == "" {
		h.wrong = pod.ResourceVersion
	}
}
