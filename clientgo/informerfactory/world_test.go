package informerfactory_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/reflector/apitest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// The resources of a world: one that is built in, and a custom one.
var (
	podResource    = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Protobuf: &corev1.Pod{}}
	widgetResource = apitest.Resource{Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}
)

// world is a server, and the requests that came to it by each config.
type world struct {
	server *apitest.Server
	pods   apitest.Collection[*corev1.Pod]
	custom apitest.Collection[*unstructured.Unstructured]
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{podResource, widgetResource}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	w := &world{server, apitest.Of[*corev1.Pod](server, podResource), apitest.Of[*unstructured.Unstructured](server, widgetResource)}
	for _, key := range []string{"a/x", "a/y", "b/z"} {
		w.create(t, key, "web")
	}
	w.create(t, "a/other", "db")
	return w
}

// create creates a pod and a widget of that key.
func (w *world) create(t *testing.T, key, app string) {
	t.Helper()
	namespace, name, _ := strings.Cut(key, "/")
	labels := map[string]string{"app": app, "a-label-that-is-long-enough": "to-be-shared-among-objects"}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels, Annotations: map[string]string{"for": "people"}},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "main", Image: "image", Args: []string{"-v", "2"}}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1"},
	}
	if _, err := w.pods.Create(pod); err != nil {
		t.Fatal(err)
	}
	widget := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.io/v1", "kind": "Widget",
		"spec": map[string]any{"size": int64(3), "names": []any{"one", "two"}, "ratio": 0.5, "on": true},
	}}
	widget.SetNamespace(namespace)
	widget.SetName(name)
	widget.SetLabels(labels)
	if _, err := w.custom.Create(widget); err != nil {
		t.Fatal(err)
	}
}

// change does one of everything to what is there.
func (w *world) change(t *testing.T) {
	t.Helper()
	w.create(t, "a/new", "web")
	if _, err := w.pods.Modify("a", "x", func(pod *corev1.Pod) *corev1.Pod { pod.Status.PodIP = "10.0.0.2"; return pod }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.custom.Modify("a", "x", func(u *unstructured.Unstructured) *unstructured.Unstructured {
		u.SetAnnotations(map[string]string{"changed": "yes"})
		return u
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.pods.Delete("a", "y"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.custom.Delete("a", "y"); err != nil {
		t.Fatal(err)
	}
	w.create(t, lastKey, "web")
}

// lastKey is that of the last change.
const lastKey = "a/zzz-last"

// config is one for the server, of which sent has the requests. Its connections end with
// the test.
func (w *world) config(t *testing.T, change func(*rest.Config)) (config *rest.Config, sent *requestLog) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	sent = &requestLog{}
	config = &rest.Config{
		Host: w.server.URL, Transport: transport,
		WrapTransport: func(next http.RoundTripper) http.RoundTripper { return &logging{next, sent} },
	}
	if change != nil {
		change(config)
	}
	return config, sent
}

// requestLog has requests as they are sent.
type requestLog struct {
	mu       sync.Mutex
	requests []*http.Request // guarded by mu
}

func (l *requestLog) all() []*http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*http.Request(nil), l.requests...)
}

// queries are what was asked for, without what is chance.
func (l *requestLog) queries() (all []string) {
	for _, r := range l.all() {
		query := r.URL.Query()
		query.Del("timeoutSeconds")
		query.Del("timeout")
		all = append(all, r.Method+" "+r.URL.Path+"?"+query.Encode())
	}
	return all
}

type logging struct {
	next http.RoundTripper
	log  *requestLog
}

func (l *logging) RoundTrip(req *http.Request) (*http.Response, error) {
	l.log.mu.Lock()
	l.log.requests = append(l.log.requests, req)
	l.log.mu.Unlock()
	return l.next.RoundTrip(req)
}

// told is what a handler was told of each key.
type told struct {
	mu     sync.Mutex
	events map[string][]event // guarded by mu
	last   chan struct{}      // closed when lastKey was added
}

type event struct {
	Type   string
	Object runtime.Object
}

func (o *told) tell(what string, obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	key, err := cache.MetaNamespaceKeyFunc(obj)
	if err != nil {
		panic(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events[key] = append(o.events[key], event{what, obj.(runtime.Object).DeepCopyObject()})
	if key == lastKey && what == "add" {
		close(o.last)
	}
}

// follow tells of what an informer says.
func follow(t *testing.T, informer cache.SharedIndexInformer) *told {
	t.Helper()
	o := &told{events: map[string][]event{}, last: make(chan struct{})}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { o.tell("add", obj) },
		UpdateFunc: func(_, obj any) { o.tell("update", obj) },
		DeleteFunc: func(obj any) { o.tell("delete", obj) },
	}); err != nil {
		t.Fatal(err)
	}
	return o
}

// lifecycle is what all factories have.
type lifecycle interface {
	Start(stopCh <-chan struct{})
	Shutdown()
}

// begin starts a factory until the end of the test or a call of stop.
func begin(t *testing.T, factory lifecycle) (stop func()) {
	t.Helper()
	end := make(chan struct{})
	factory.Start(end)
	stop = sync.OnceFunc(func() {
		close(end)
		factory.Shutdown()
	})
	t.Cleanup(stop)
	return stop
}

func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("not within a minute: %s", what)
	}
}

func synced(t *testing.T, informer cache.SharedIndexInformer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		t.Fatal("not synced within a minute")
	}
}

// logged returns what is logged until the end of the test.
func logged(t *testing.T) func() string {
	t.Helper()
	var mu sync.Mutex
	var log bytes.Buffer
	klog.LogToStderr(false)
	klog.SetOutput(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(p)
	}))
	t.Cleanup(func() {
		klog.SetOutput(io.Discard)
		klog.LogToStderr(true)
	})
	return func() string {
		klog.Flush()
		mu.Lock()
		defer mu.Unlock()
		return log.String()
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// stored are the objects of an informer by their keys.
func stored(informer cache.SharedIndexInformer) map[string]any {
	all := map[string]any{}
	for _, obj := range informer.GetStore().List() {
		about, err := meta.Accessor(obj)
		if err != nil {
			panic(fmt.Sprintf("%T: %v", obj, err))
		}
		all[about.GetNamespace()+"/"+about.GetName()] = obj
	}
	return all
}
