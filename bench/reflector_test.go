package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

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
	// list runs until the first list has been taken and returns its length.
	list(pods *corev1.PodList) int
	// events runs against the server at url until n events have been taken.
	events(url string, n int)
}

// reflected is the sink of either engine. It calls synced with the length of a
// list and done when the last event has come.
type reflected struct {
	listed, left int
	synced       func(int)
	done         func()
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

func (o ourReflector) list(pods *corev1.PodList) int {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	source := &reflector.ListWatch[*corev1.Pod]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*corev1.Pod], error) {
			return reflector.ListOf(pods.ListMeta, pods.Items), nil
		},
		WatchFunc: reflector.WatchOf[*corev1.Pod](neverWatch),
	}
	o.run(ctx, source, reflected{synced: func(listed int) { n = listed; cancel() }})
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

func (r theirReflector) list(pods *corev1.PodList) int {
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

// podServer answers a list with nothing in it and a watch with n changes, of
// bytes that were encoded beforehand.
func podServer(tb testing.TB, n int) *httptest.Server {
	const distinct = 1000
	var frames [distinct][2][]byte
	for i := range frames {
		pod := Pod(i, 0)
		pod.Kind, pod.APIVersion, pod.ResourceVersion = "Pod", "v1", "VERSION"
		raw, err := json.Marshal(pod)
		if err != nil {
			tb.Fatal(err)
		}
		before, after, ok := cutBytes(raw, "VERSION")
		if !ok {
			tb.Fatal("no version in the pod")
		}
		frames[i] = [2][]byte{append([]byte(`{"type":"MODIFIED","object":`), before...), append(after, "}\n"...)}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("watch") == "" {
			fmt.Fprint(w, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`)
			return
		}
		var buf []byte
		for i := range n {
			f := frames[i%distinct]
			buf = append(buf, f[0]...)
			buf = fmt.Append(buf, i+2)
			buf = append(buf, f[1]...)
			if len(buf) > 32<<10 || i == n-1 {
				if _, err := w.Write(buf); err != nil {
					return
				}
				buf = buf[:0]
			}
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	tb.Cleanup(server.Close)
	return server
}

func cutBytes(b []byte, sep string) (before, after []byte, found bool) {
	for i := 0; i+len(sep) <= len(b); i++ {
		if string(b[i:i+len(sep)]) == sep {
			return b[:i:i], b[i+len(sep):], true
		}
	}
	return b, nil, false
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
	Run(b, engines, []Case[reflecting]{
		{Name: "list", Run: func(b *testing.B, r reflecting) {
			if pods == nil {
				pods = podList(listed)
			}
			for b.Loop() {
				if n := r.list(pods); n != listed {
					b.Fatalf("%d pods were listed, want %d", n, listed)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/listed, "ns/object")
		}},
		{Name: "watch-http", Run: func(b *testing.B, r reflecting) {
			server := podServer(b, b.N)
			b.ResetTimer()
			r.events(server.URL, b.N)
		}},
	})
}
