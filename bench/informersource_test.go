package bench

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// feed is the server of both engines: one list, and one watch that brings what
// the benchmark sends. Both read the same channel.
type feed struct {
	pods   []*corev1.Pod
	events chan watch.Event
	stop   sync.Once
}

func newFeed(pods []*corev1.Pod) *feed {
	return &feed{pods: pods, events: make(chan watch.Event, 1024)}
}

func (f *feed) list(context.Context, metav1.ListOptions) (*corev1.PodList, error) {
	list := &corev1.PodList{Items: make([]corev1.Pod, len(f.pods))}
	list.ResourceVersion = strconv.Itoa(len(f.pods))
	for i, pod := range f.pods {
		list.Items[i] = *pod
	}
	return list, nil
}

func (f *feed) watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
	if opts.SendInitialEvents != nil {
		return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
	}
	context.AfterFunc(ctx, f.Stop) // a watch ends with its context
	return f, nil
}

// ResultChan makes a feed its own watch.
func (f *feed) ResultChan() <-chan watch.Event { return f.events }

// listWatch is the feed for client-go's interface.
func (f *feed) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			return f.list(ctx, opts)
		},
		WatchFuncWithContext: f.watch,
	}
}

// Stop is called when the benchmark has sent everything.
func (f *feed) Stop() { f.stop.Do(func() { close(f.events) }) }

// sharedInformer is an informer as the benchmarks use it. Handlers are told of
// every pod and its version, updates and initial ones alike.
type sharedInformer interface {
	// start runs the informer of f with some of podIndexers, until the end of
	// the benchmark, and returns when it has synced.
	start(tb testing.TB, f *feed, indexes ...string)
	// handle adds a handler.
	handle(tb testing.TB, told func(*corev1.Pod)) handler
	// inNamespace goes through the pods of a namespace, as a lister does, and
	// returns how many there are.
	inNamespace(tb testing.TB, namespace string) (n int)
	// handleSlow adds a handler that may stand still: with a bounded backlog,
	// where the engine has one.
	handleSlow(tb testing.TB, told func(*corev1.Pod)) handler
	// handleBatches adds a handler that is called with several pods, where the engine
	// has such handlers, and handleInLanes one that so many goroutines call at once.
	handleBatches(tb testing.TB, told func([]*corev1.Pod)) handler
	handleInLanes(tb testing.TB, lanes int, told func(*corev1.Pod)) handler
}

type handler interface {
	HasSynced() bool
	remove()
}

// startRun runs run until the end of tb.
func startRun(tb testing.TB, run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	tb.Cleanup(func() {
		cancel()
		<-done
	})
}

// ourInformer is informer.SharedIndexInformer.
type ourInformer struct {
	in *informer.SharedIndexInformer[*corev1.Pod]
}

func (o *ourInformer) start(tb testing.TB, f *feed, indexes ...string) {
	opts := informer.Options[*corev1.Pod]{Indexers: indexer.Indexers[*corev1.Pod]{}}
	for _, name := range indexes {
		opts.Indexers[name] = podIndexers[name]
	}
	var err error
	o.in, err = informer.New(&reflector.ListWatch[*corev1.Pod]{
		ListFunc: func(ctx context.Context, opts metav1.ListOptions) (reflector.List[*corev1.Pod], error) {
			list, err := f.list(ctx, opts)
			if err != nil {
				return reflector.List[*corev1.Pod]{}, err
			}
			return reflector.ListOf(list.ListMeta, list.Items), nil
		},
		WatchFunc: reflector.WatchOf[*corev1.Pod](f.watch),
	}, opts)
	if err != nil {
		tb.Fatal(err)
	}
	startRun(tb, func(ctx context.Context) {
		if err := o.in.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	if err := informer.WaitForSync(context.Background(), o.in); err != nil {
		tb.Fatal(err)
	}
}

func (o *ourInformer) handle(tb testing.TB, told func(*corev1.Pod)) handler {
	return o.handleWith(tb, told, informer.HandlerOptions{Name: "bench"})
}

func (o *ourInformer) handleSlow(tb testing.TB, told func(*corev1.Pod)) handler {
	return o.handleWith(tb, told, informer.HandlerOptions{Name: "slow", Backlog: informer.Backlog{Policy: informer.BacklogCoalesce}})
}

func (o *ourInformer) handleWith(tb testing.TB, told func(*corev1.Pod), opts informer.HandlerOptions) handler {
	r, err := o.in.AddHandler(informer.HandlerFuncs[*corev1.Pod]{
		OnAdd:    func(pod *corev1.Pod, _ bool) { told(pod) },
		OnUpdate: func(_, pod *corev1.Pod) { told(pod) },
	}, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return ourHandler{r}
}

func (o *ourInformer) handleBatches(tb testing.TB, told func([]*corev1.Pod)) handler {
	h, err := informer.Batched[*corev1.Pod](informer.BatchHandlerFunc[*corev1.Pod](
		func(_ context.Context, events []informer.Event[*corev1.Pod]) {
			pods := make([]*corev1.Pod, len(events))
			for i := range events {
				pods[i] = events[i].Object
			}
			told(pods)
		}), 0)
	return o.add(tb, h, err)
}

func (o *ourInformer) handleInLanes(tb testing.TB, lanes int, told func(*corev1.Pod)) handler {
	h, err := informer.Parallel[*corev1.Pod](lanes, informer.HandlerFunc[*corev1.Pod](
		func(_ context.Context, e informer.Event[*corev1.Pod]) { told(e.Object) }))
	return o.add(tb, h, err)
}

// add adds a handler that could be made, if err is nil.
func (o *ourInformer) add(tb testing.TB, h informer.Handler[*corev1.Pod], err error) handler {
	if err != nil {
		tb.Fatal(err)
	}
	r, err := o.in.AddHandler(h, informer.HandlerOptions{Name: "bench"})
	if err != nil {
		tb.Fatal(err)
	}
	return ourHandler{r}
}

func (o *ourInformer) inNamespace(_ testing.TB, namespace string) (n int) {
	indexer.ListByNamespace(o.in.Indexer(), namespace, labels.Everything(), podAccess, func(*corev1.Pod) { n++ })
	return n
}

var podAccess = object.Meta[*corev1.Pod]()

type ourHandler struct {
	*informer.Registration[*corev1.Pod]
}

func (h ourHandler) remove() {
	h.Remove()
	<-h.Done()
}

// clientInformer is a SharedIndexInformer of client-go's interface: client-go's
// own, or the one that clientgo/cache has under its name.
type clientInformer struct {
	make func(cache.ListerWatcher, runtime.Object, cache.SharedIndexInformerOptions) cache.SharedIndexInformer
	in   cache.SharedIndexInformer
}

func (c *clientInformer) start(tb testing.TB, f *feed, indexes ...string) {
	indexers := cache.Indexers{}
	for _, name := range indexes {
		indexers[name] = untypedPodIndexers[name]
	}
	c.in = c.make(f.listWatch(), &corev1.Pod{}, cache.SharedIndexInformerOptions{Indexers: indexers})
	startRun(tb, c.in.RunWithContext)
	if !cache.WaitFor(context.Background(), "", c.in.HasSyncedChecker()) {
		tb.Fatal("not synced")
	}
}

func (c *clientInformer) handle(tb testing.TB, told func(*corev1.Pod)) handler {
	r, err := c.in.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { told(obj.(*corev1.Pod)) },
		UpdateFunc: func(_, obj any) { told(obj.(*corev1.Pod)) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return clientHandler{r, c.in, tb}
}

func (c *clientInformer) inNamespace(tb testing.TB, namespace string) (n int) {
	if err := cache.ListAllByNamespace(c.in.GetIndexer(), namespace, labels.Everything(), func(any) { n++ }); err != nil {
		tb.Error(err)
	}
	return n
}

func (c *clientInformer) handleSlow(tb testing.TB, told func(*corev1.Pod)) handler {
	return c.handle(tb, told)
}

func (c *clientInformer) handleBatches(tb testing.TB, told func([]*corev1.Pod)) handler {
	return c.handle(tb, func(pod *corev1.Pod) { told([]*corev1.Pod{pod}) })
}

func (c *clientInformer) handleInLanes(tb testing.TB, _ int, told func(*corev1.Pod)) handler {
	return c.handle(tb, told)
}

type clientHandler struct {
	cache.ResourceEventHandlerRegistration
	in cache.SharedIndexInformer
	tb testing.TB
}

func (h clientHandler) remove() {
	if err := cache.ShutDownEventHandler(h.in, h.ResourceEventHandlerRegistration); err != nil {
		h.tb.Error(err)
	}
}
