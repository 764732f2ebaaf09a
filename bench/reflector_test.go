package bench

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/informant-go/informant/bench/objects"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// reflecting runs a reflector, on a sink that only counts.
type reflecting interface {
	// list runs until the first list has been taken, all of which is kept until then
	// if keep says so, and returns its length.
	list(pods *corev1.PodList, keep bool) int
	// events runs against the server at url until n events have been taken.
	events(url string, n int)
	// sync runs against the server at url until the first list has been taken, all
	// of which is kept until then, and returns its length.
	sync(url string, how syncing) int
	// decode asks once and returns how many objects there were.
	decode(client *http.Client, what decoding) int
}

// reflected is the sink of either engine. It calls synced with the length of a
// list and done when the last event has come. What keep is set for keeps the objects of
// the list, as a store would.
type reflected struct {
	listed, left int
	synced       func(int)
	done         func()
	keep         bool
	kept         []*corev1.Pod
}

func (c *reflected) event() {
	if c.left--; c.left == 0 {
		c.done()
	}
}

// ourReflector is this library's.
type ourReflector struct{}

type ourSink struct{ reflected }

func (s *ourSink) Begin(context.Context) error { s.listed = 0; return nil }
func (s *ourSink) Abort()                      {}
func (s *ourSink) Page(_ context.Context, pods []*corev1.Pod) error {
	s.listed += len(pods)
	if s.keep {
		s.kept = append(s.kept, pods...)
	}
	return nil
}
func (s *ourSink) Commit(context.Context, string) error           { s.synced(s.listed); return nil }
func (s *ourSink) Add(context.Context, *corev1.Pod) error         { s.event(); return nil }
func (s *ourSink) Update(context.Context, *corev1.Pod) error      { s.event(); return nil }
func (s *ourSink) Delete(context.Context, *corev1.Pod) error      { s.event(); return nil }
func (s *ourSink) Bookmark(context.Context, string) error         { return nil }
func (ourReflector) options() reflector.Options                   { return reflector.Options{DisableStreaming: true} }
func (ourReflector) sink(c reflected) reflector.Sink[*corev1.Pod] { return &ourSink{c} }

func (o ourReflector) run(ctx context.Context, source reflector.ListerWatcher[*corev1.Pod], c reflected) {
	r, err := reflector.New(source, o.options())
	if err != nil {
		panic(err)
	}
	_ = r.Run(ctx, o.sink(c))
}

func (o ourReflector) list(pods *corev1.PodList, keep bool) int {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	source := &reflector.ListWatch[*corev1.Pod]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*corev1.Pod], error) {
			return reflector.ListOf(pods.ListMeta, pods.Items), nil
		},
		WatchFunc: reflector.WatchOf[*corev1.Pod](neverWatch),
	}
	o.run(ctx, source, reflected{keep: keep, synced: func(listed int) { n = listed; cancel() }})
	return n
}

func (o ourReflector) events(url string, n int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	source, err := httpsource.New(httpsource.Config[*corev1.Pod]{BaseURL: url, Version: "v1", Resource: "pods"})
	if err != nil {
		panic(err)
	}
	o.run(ctx, source, reflected{left: n, synced: func(int) {}, done: cancel})
}

// neverWatch opens a watch on which nothing happens.
func neverWatch(context.Context, metav1.ListOptions) (watch.Interface, error) {
	return watch.NewFake(), nil
}

// theirReflector is client-go's.
type theirReflector struct{}

type theirStore struct{ reflected }

func (s *theirStore) Add(any) error                      { s.event(); return nil }
func (s *theirStore) Update(any) error                   { s.event(); return nil }
func (s *theirStore) Delete(any) error                   { s.event(); return nil }
func (s *theirStore) Replace(objs []any, _ string) error { s.synced(len(objs)); return nil }
func (s *theirStore) Resync() error                      { return nil }

// inPages is a ListWatch that is asked for pages, as ours is.
type inPages struct{ *cache.ListWatch }

func (inPages) IsWatchListSemanticsUnSupported() bool { return true }

func (theirReflector) run(lw *cache.ListWatch, ctx context.Context, c reflected) {
	cache.NewReflectorWithOptions(inPages{lw}, &corev1.Pod{}, &theirStore{c}, cache.ReflectorOptions{}).RunWithContext(ctx)
}

// list keeps the objects until the list has been taken in any case: this reflector hands
// them on at once.
func (r theirReflector) list(pods *corev1.PodList, _ bool) int {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	r.run(&cache.ListWatch{
		ListWithContextFunc:  func(context.Context, metav1.ListOptions) (runtime.Object, error) { return pods, nil },
		WatchFuncWithContext: neverWatch,
	}, ctx, reflected{synced: func(listed int) { n = listed; cancel() }})
	return n
}

func (r theirReflector) events(url string, n int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	config := &rest.Config{Host: url, QPS: -1}
	config.ContentType = "application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		panic(err)
	}
	lw := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "pods", "", fields.Everything())
	r.run(lw, ctx, reflected{left: n, synced: func(int) {}, done: cancel})
}

func podList(n int) *corev1.PodList {
	list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "1000000"}, Items: make([]corev1.Pod, n)}
	for i := range list.Items {
		list.Items[i] = *Pod(i, uint64(i+1))
	}
	return list
}

func BenchmarkReflector(b *testing.B) {
	engines := []Engine[reflecting]{
		{Name: Informant, New: func(testing.TB) reflecting { return ourReflector{} }},
		{Name: ClientGo, New: func(testing.TB) reflecting { return theirReflector{} }},
	}
	const listed = 100_000
	var pods *corev1.PodList
	lists := func(keep bool) func(*testing.B, reflecting) {
		return func(b *testing.B, r reflecting) {
			if pods == nil {
				pods = podList(listed)
			}
			for b.Loop() {
				if n := r.list(pods, keep); n != listed {
					b.Fatalf("%d pods were listed, want %d", n, listed)
				}
			}
			perObject(b, listed)
		}
	}
	Run(b, engines, append([]Case[reflecting]{
		{Name: "list", Run: lists(false)},
		{Name: "list-kept", Run: lists(true)},
		{Name: "watch-http", Run: func(b *testing.B, r reflecting) {
			watchEvents(b, r, objects.Small)
		}},
		{Name: "watch-http/10KB", Run: func(b *testing.B, r reflecting) {
			watchEvents(b, r, objects.Large)
		}},
	}, append(syncCases(), decodeCases()...)...))
	Run(b, []Engine[cached]{
		{Name: Informant, New: func(testing.TB) cached { return &ourCache{} }},
		{Name: ClientGo, New: func(testing.TB) cached { return &theirCache{} }},
		{Name: control, New: func(testing.TB) cached { return &droppingCache{} }},
	}, memoryCases())
	Run(b, []Engine[struct{}]{{Name: Informant, New: func(testing.TB) (none struct{}) { return none }}}, append(oneCoreCases(), restCases()...))
}

// watchEvents has b.N changes of pods of a size come in a watch.
func watchEvents(b *testing.B, r reflecting, size objects.Size) {
	server := startRemote(b, served{Objects: atMost(1000), Size: size})
	b.ResetTimer()
	r.events(fmt.Sprintf("%s/events=%d", server.url, b.N), b.N)
}

// atMost is n, or as few as will do where benchmarks are only to be seen to work.
func atMost(n int) int {
	if testing.Short() {
		return min(n, 60)
	}
	return n
}
