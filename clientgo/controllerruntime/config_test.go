package controllerruntime

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/reflector/apitest"
)

var (
	podsOfTest    = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Protobuf: &corev1.Pod{}}
	widgetsOfTest = apitest.Resource{Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}
)

// cacheWorld is a server with pods and widgets.
type cacheWorld struct {
	server  *apitest.Server
	pods    apitest.Collection[*corev1.Pod]
	widgets apitest.Collection[*unstructured.Unstructured]
}

func newCacheWorld(t *testing.T) *cacheWorld {
	t.Helper()
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{podsOfTest, widgetsOfTest}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	w := &cacheWorld{server, apitest.Of[*corev1.Pod](server, podsOfTest), apitest.Of[*unstructured.Unstructured](server, widgetsOfTest)}
	for _, key := range []string{"a/x", "a/y", "a/other", "b/z", "c/w"} {
		w.create(t, key)
	}
	return w
}

func (w *cacheWorld) create(t *testing.T, key string) {
	t.Helper()
	namespace, name, _ := strings.Cut(key, "/")
	about := metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": "web"}}
	if name == "other" {
		about.Labels["app"] = "db"
	}
	pod := &corev1.Pod{ObjectMeta: about, Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "main", Image: "image"}}}}
	if _, err := w.pods.Create(pod); err != nil {
		t.Fatal(err)
	}
	widget := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.io/v1", "kind": "Widget", "spec": map[string]any{"size": int64(3)}}}
	widget.SetNamespace(namespace)
	widget.SetName(name)
	widget.SetLabels(about.Labels)
	if _, err := w.widgets.Create(widget); err != nil {
		t.Fatal(err)
	}
}

func (w *cacheWorld) change(t *testing.T) {
	t.Helper()
	w.create(t, "a/new")
	if _, err := w.pods.Modify("a", "x", func(p *corev1.Pod) *corev1.Pod { p.Spec.NodeName = "n2"; return p }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.pods.Delete("b", "z"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.widgets.Delete("b", "z"); err != nil {
		t.Fatal(err)
	}
	w.create(t, "a/zzz-last")
}

func (w *cacheWorld) config(t *testing.T) *rest.Config {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &rest.Config{Host: w.server.URL, Transport: transport, QPS: -1}
}

// kindsOfObjects are the ways in which controller-runtime caches objects.
func kindsOfObjects() map[string]client.Object {
	widget := &unstructured.Unstructured{}
	widget.SetGroupVersionKind(schema.GroupVersionKind{Group: "example.io", Version: "v1", Kind: "Widget"})
	pod := &unstructured.Unstructured{}
	pod.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	about := func(kind schema.GroupVersionKind) client.Object {
		m := &metav1.PartialObjectMetadata{}
		m.SetGroupVersionKind(kind)
		return m
	}
	return map[string]client.Object{
		"typed": &corev1.Pod{}, "unstructured": pod, "unstructured, custom": widget,
		"metadata": about(pod.GroupVersionKind()), "metadata, custom": about(widget.GroupVersionKind()),
	}
}

// scopes are what a cache's options restrict.
var scopes = map[string]cache.Options{
	"all":             {},
	"namespaces":      {DefaultNamespaces: map[string]cache.Config{"a": {}, "b": {LabelSelector: labels.SelectorFromSet(labels.Set{"app": "web"})}}},
	"label selector":  {DefaultLabelSelector: labels.SelectorFromSet(labels.Set{"app": "web"})},
	"field selector":  {DefaultFieldSelector: fields.OneTermNotEqualSelector("metadata.name", "y")},
	"namespace field": {DefaultFieldSelector: fields.OneTermEqualSelector("metadata.namespace", "a")},
}

// running is a cache that runs until the end of the test.
type running struct {
	made []toolscache.SharedIndexInformer // that it asked our NewInformer for
	last chan struct{}                    // closed when the handler was told of the last change

	mu   sync.Mutex
	seen map[string][]runtime.Object // what a handler was told of each key; guarded by mu
}

func (r *running) note(obj any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := client.ObjectKeyFromObject(obj.(client.Object)).String()
	r.seen[key] = append(r.seen[key], obj.(runtime.Object).DeepCopyObject())
	if key == "a/zzz-last" {
		close(r.last)
	}
}

// of are the objects of a namespace. All of it has been seen when the last one has; what is
// still to come is of others.
func (r *running) of(t *testing.T, namespace string) map[string][]runtime.Object {
	t.Helper()
	select {
	case <-r.last:
	case <-time.After(time.Minute):
		t.Fatal("not told of all within a minute")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := maps.Clone(r.seen)
	maps.DeleteFunc(all, func(key string, _ []runtime.Object) bool { return !strings.HasPrefix(key, namespace) })
	return all
}

// runCache runs a cache of these options with a handler for objects as obj.
func runCache(t *testing.T, o manager.Options, config *rest.Config, obj client.Object) *running {
	t.Helper()
	r := &running{last: make(chan struct{}), seen: map[string][]runtime.Object{}}
	if newInformer := o.Cache.NewInformer; newInformer != nil {
		o.Cache.NewInformer = func(lw toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
			in := newInformer(lw, obj, resync, indexers)
			r.made = append(r.made, in)
			return in
		}
	}
	c, err := cache.New(config, o.Cache)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	within, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	informer, err := c.GetInformer(within, obj)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: r.note, UpdateFunc: func(_, obj any) { r.note(obj) }, DeleteFunc: r.note,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !c.WaitForCacheSync(within) {
		t.Fatal("not synced within a minute")
	}
	// The registration for several namespaces has a goroutine that waits for all of them.
	if !toolscache.WaitFor(within, "", reg.HasSyncedChecker()) {
		t.Fatal("the handler was not told of all within a minute")
	}
	return r
}

// With WithConfig a cache has the objects of stock's: typed, unstructured and metadata, with
// the namespaces and selectors of its options.
func TestObjectsOverHTTPAreThoseOfStock(t *testing.T) {
	for scope, options := range scopes {
		for kind, obj := range kindsOfObjects() {
			t.Run(scope+", "+kind, func(t *testing.T) {
				w := newCacheWorld(t)
				config := w.config(t)
				over, err := WithConfig(config)
				if err != nil {
					t.Fatal(err)
				}
				o := manager.Options{Cache: options}
				Cache(&o, Option{}, over)
				stock := runCache(t, manager.Options{Cache: options}, config, obj)
				ours := runCache(t, o, config, obj)
				w.change(t)
				// Namespaces are watched one by one: the last change of one says nothing of others.
				want, got := stock.of(t, "a/"), ours.of(t, "a/")
				if diff := cmp.Diff(want, got); diff != "" || len(got) < 4 {
					t.Errorf("%d keys; -stock +ours\n%s", len(got), diff)
				}
				for _, in := range ours.made {
					if wire := bridge.WireOf(in); wire != bridge.WireProtobuf && wire != bridge.WireJSON {
						t.Errorf("the wire is %s", wire)
					}
				}
				if len(ours.made) == 0 {
					t.Error("no informer is ours")
				}
			})
		}
	}
}

// A client that the options have stays, and that is said.
func TestWhatCannotGoOverHTTP(t *testing.T) {
	w := newCacheWorld(t)
	config := w.config(t)
	over, err := WithConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	log := captureLog(t)
	own := &http.Client{Transport: config.Transport}
	o := manager.Options{Cache: cache.Options{HTTPClient: own}}
	Cache(&o, over)
	if o.Cache.HTTPClient != own || !strings.Contains(log(), "HTTPClient is set already") {
		t.Errorf("the client is gone, or said is %q", log())
	}
	r := runCache(t, o, config, &corev1.Pod{})
	w.change(t)
	if seen := r.of(t, ""); len(seen) != 7 || len(r.made) != 1 || bridge.WireOf(r.made[0]) != bridge.WireClient {
		t.Errorf("%d pods, %d informers", len(seen), len(r.made))
	}
}

// The manager's config has to be the one that WithConfig was given: another server is an
// error of every request, since its credentials are not known.
func TestAnotherConfigIsAnError(t *testing.T) {
	w, other := newCacheWorld(t), newCacheWorld(t)
	over, err := WithConfig(other.config(t))
	if err != nil {
		t.Fatal(err)
	}
	o := manager.Options{}
	Cache(&o, over)
	if _, err := cache.New(w.config(t), o.Cache); err != nil && !strings.Contains(err.Error(), "give WithConfig the rest.Config") {
		t.Errorf("the error is %v", err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/api/v1/pods", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Cache.HTTPClient.Do(req); err == nil || !strings.Contains(err.Error(), "give WithConfig the rest.Config") {
		t.Errorf("the error is %v", err)
	}
}

// Bad input is an error that says what it is.
func TestConfigsThatCannotBe(t *testing.T) {
	if _, err := WithConfig(nil); err == nil || !strings.Contains(err.Error(), "controllerruntime: WithConfig: the rest.Config is nil") {
		t.Errorf("nil: %v", err)
	}
	refused := &rest.Config{Host: "https://example.io", TLSClientConfig: rest.TLSClientConfig{Insecure: true, CAData: []byte("x")}}
	if _, err := WithConfig(refused); err == nil || !strings.Contains(err.Error(), "insecure flag") {
		t.Errorf("refused: %v", err)
	}
}
