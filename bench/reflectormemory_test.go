package bench

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"testing"

	"github.com/informant-go/informant/bench/objects"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// cached is an informer of what a server has, with its index by namespace.
type cached interface {
	// start runs the informer until the end of tb, or until stop is called, which
	// waits for it. told is told of each pod and of each change.
	start(tb testing.TB, url string, how syncing, told func(*corev1.Pod)) (stop func())
	// size is how many objects are in the store.
	size() int
}

type ourCache struct {
	in *informer.SharedIndexInformer[*corev1.Pod]
}

func (c *ourCache) start(tb testing.TB, url string, how syncing, told func(*corev1.Pod)) func() {
	from := source[*corev1.Pod](url, how)
	var err error
	c.in, err = informer.New(from, informer.Options[*corev1.Pod]{
		Indexers:  indexer.Indexers[*corev1.Pod]{"namespace": ByNamespace},
		Reflector: reflector.Options{DisableStreaming: !how.streamed},
	})
	if err != nil {
		tb.Fatal(err)
	}
	_, err = c.in.AddHandler(informer.HandlerFuncs[*corev1.Pod]{
		OnAdd:    func(pod *corev1.Pod, _ bool) { told(pod) },
		OnUpdate: func(_, pod *corev1.Pod) { told(pod) },
	}, informer.HandlerOptions{Name: "bench"})
	if err != nil {
		tb.Fatal(err)
	}
	stop := running(tb, func(ctx context.Context) {
		if err := c.in.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	return func() {
		stop()
		from.CloseIdleConnections()
	}
}

func (c *ourCache) size() int { return len(c.in.Indexer().ListKeys()) }

type theirCache struct{ in cache.SharedIndexInformer }

func (c *theirCache) start(tb testing.TB, url string, how syncing, told func(*corev1.Pod)) func() {
	c.in = cache.NewSharedIndexInformerWithOptions(listerWatcher(url, how), &corev1.Pod{}, cache.SharedIndexInformerOptions{
		Indexers: cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
	})
	_, err := c.in.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { told(obj.(*corev1.Pod)) },
		UpdateFunc: func(_, obj any) { told(obj.(*corev1.Pod)) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return running(tb, c.in.RunWithContext)
}

func (c *theirCache) size() int { return len(c.in.GetStore().ListKeys()) }

// droppingCache is the control of relists: an informer keeps the pods and is stopped
// before the list, which a reflector then takes of which nothing keeps anything. What a
// collection finds above the pods is what was made while it marked, which it takes for
// alive, and what is under way from the wire.
type droppingCache struct {
	ourCache
	url  string
	how  syncing
	stop func()
}

func (c *droppingCache) start(tb testing.TB, url string, how syncing, told func(*corev1.Pod)) func() {
	c.url, c.how = url, how
	c.stop = c.ourCache.start(tb, url, how, told)
	return c.stop
}

// drop takes the list and closes the channel that it returns.
func (c *droppingCache) drop() <-chan struct{} {
	c.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		ourReflector{}.syncInto(c.url, c.how, false)
	}()
	return done
}

// running is startRun for what may have to end before tb does.
func running(tb testing.TB, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	tb.Cleanup(stop)
	return stop
}

// collectedHeap is how many bytes a collection has just found alive.
func collectedHeap() uint64 {
	runtime.GC()
	return heapAlive()
}

func heapAlive() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// settledHeap is collectedHeap once what has finalizers, and what is in pools, is gone too.
func settledHeap() uint64 {
	runtime.GC()
	runtime.GC()
	return collectedHeap()
}

// peak is the most that collections, one after another, find alive until done closes.
func peak(done <-chan struct{}) (most uint64) {
	for {
		most = max(most, collectedHeap())
		select {
		case <-done:
			return most
		default:
		}
	}
}

// toldOf returns what to give as told, and for each version a channel that is closed once
// that is told of the pod which has it. The last pod of each list has the list's.
func toldOf(versions ...int) (told func(*corev1.Pod), done []chan struct{}) {
	waited := map[string]func(){}
	for _, version := range versions {
		c := make(chan struct{})
		done = append(done, c)
		waited[strconv.Itoa(version)] = sync.OnceFunc(func() { close(c) })
	}
	return func(pod *corev1.Pod) {
		if tell := waited[pod.ResourceVersion]; tell != nil {
			tell()
		}
	}, done
}

// memory is what an informer needs for a list, and for another one.
type memory struct{ steady, first, again float64 }

// remember measures the memory of an informer that lists n pods, and those once more if
// relists is set.
func remember(b *testing.B, c cached, how syncing, n int, relists bool) (m memory) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // collections are forced
	server := startRemote(b, served{Objects: n, Size: how.size})
	told, done := toldOf(firstVersion, firstVersion+1)
	base := float64(settledHeap())
	stop := c.start(b, server.url, how, told)
	defer stop()
	first := float64(peak(done[0])) - base
	steady := float64(settledHeap()) - base
	if got := c.size(); got != n {
		b.Fatalf("%d pods are stored, want %d", got, n)
	}
	m.steady, m.first = steady/float64(n), first/steady
	if relists {
		again := (<-chan struct{})(done[1])
		if control, ok := c.(*droppingCache); ok {
			again = control.drop()
		} else {
			server.expire()
		}
		m.again = (float64(peak(again)) - base) / steady
		if got := c.size(); got != n {
			b.Fatalf("%d pods are stored after another list, want %d", got, n)
		}
	}
	runtime.KeepAlive(c)
	return m
}

// memoryObjects is how many objects there are where memory is measured: about 64 MB of
// them, beside which what does not grow with them is small.
func memoryObjects(size objects.Size) int {
	switch size {
	case objects.Small:
		return 27_000
	case objects.Medium:
		return 12_500
	}
	return 4_000
}

// memoryCases are the peaks of the heap, over what it is afterwards, and what it is
// afterwards.
func memoryCases() (cases []Case[cached]) {
	add := func(name string, how syncing, relists bool, report func(*testing.B, memory)) {
		c := Case[cached]{Name: name + how.name(), Run: func(b *testing.B, c cached) {
			for b.Loop() {
				report(b, remember(b, c, how, atMost(memoryObjects(how.size)), relists))
			}
		}}
		if !relists {
			c.Skip = skipped{control: "the control is that of a list which changes nothing"}
		}
		cases = append(cases, c)
	}
	firstPeak := func(b *testing.B, m memory) { b.ReportMetric(m.first, "peak/steady") }
	for _, how := range []syncing{
		{size: objects.Medium}, {size: objects.Medium, streamed: true},
		{size: objects.Large}, {size: objects.Large, streamed: true},
		{size: objects.Large, protobuf: true}, {size: objects.Large, protobuf: true, streamed: true},
	} {
		add("first-peak/", how, false, firstPeak)
	}
	for _, how := range []syncing{{size: objects.Large}, {size: objects.Large, streamed: true}, {size: objects.Large, protobuf: true}} {
		add("relist-peak/", how, true, func(b *testing.B, m memory) { b.ReportMetric(m.again, "peak/steady") })
	}
	for _, size := range []objects.Size{objects.Small, objects.Medium, objects.Large} {
		add("at-rest/", syncing{size: size}, false, func(b *testing.B, m memory) { b.ReportMetric(m.steady, "B/object") })
	}
	return cases
}
