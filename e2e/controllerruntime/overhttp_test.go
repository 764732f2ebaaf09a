package controllerruntime

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/controllerruntime"
)

// sightings is what a handler is told of each object, up to the last one.
type sightings struct {
	mu      sync.Mutex
	objects map[string][]runtime.Object // guarded by mu
	last    chan struct{}
}

const lastSeen = "zzz-last"

func (s *sightings) note(obj any) {
	name := obj.(client.Object).GetName()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = append(s.objects[name], obj.(runtime.Object).DeepCopyObject())
	if name == lastSeen {
		close(s.last)
	}
}

// kinds are the three ways to cache ConfigMaps.
func kinds() map[string]client.Object {
	gvk := corev1.SchemeGroupVersion.WithKind("ConfigMap")
	free, about := &unstructured.Unstructured{}, &metav1.PartialObjectMetadata{}
	free.SetGroupVersionKind(gvk)
	about.SetGroupVersionKind(gvk)
	return map[string]client.Object{"typed": &corev1.ConfigMap{}, "unstructured": free, "metadata": about}
}

// watchedBy runs a manager and returns what handlers of its cache see of each kind, and the
// informers that are ours.
func watchedBy(ctx context.Context, t *testing.T, config *rest.Config, options manager.Options) (map[string]*sightings, *[]toolscache.SharedIndexInformer) {
	t.Helper()
	made := &[]toolscache.SharedIndexInformer{}
	if newInformer := options.Cache.NewInformer; newInformer != nil {
		options.Cache.NewInformer = func(lw toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
			in := newInformer(lw, obj, resync, indexers)
			*made = append(*made, in)
			return in
		}
	}
	mgr, err := manager.New(config, options)
	if err != nil {
		t.Fatal(err)
	}
	runs(ctx, t, mgr)
	all := map[string]*sightings{}
	for kind, obj := range kinds() {
		s := &sightings{objects: map[string][]runtime.Object{}, last: make(chan struct{})}
		informer, err := mgr.GetCache().GetInformer(ctx, obj)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc: s.note, UpdateFunc: func(_, obj any) { s.note(obj) }, DeleteFunc: s.note,
		}); err != nil {
			t.Fatal(err)
		}
		all[kind] = s
	}
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		t.Fatal("not synced")
	}
	return all, made
}

// runs runs a manager until the test has ended.
func runs(ctx context.Context, t *testing.T, mgr manager.Manager) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
}

// With WithConfig the cache of a manager has, from a real server, the objects that stock's
// has: typed, unstructured and metadata, of a namespace and with a selector.
func TestAManagersCacheOverHTTPIsThatOfStock(t *testing.T) {
	s := server.Server(t) // which may have to be built first
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ns := s.Namespace(t)
	transport := s.NewClient()
	t.Cleanup(transport.CloseIdleConnections)
	config := &rest.Config{Host: s.URL(), Transport: transport.Transport, QPS: -1}
	direct := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(ns)
	create := func(name, app string) {
		t.Helper()
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": app}}, Data: map[string]string{"a": "b"}}
		if _, err := direct.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create("x", "web")
	create("y", "web")
	create("other", "db")
	options := manager.Options{
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{
			ns: {LabelSelector: labels.SelectorFromSet(labels.Set{"app": "web"})},
		}},
	}
	overHTTP, err := controllerruntime.WithConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	wired := options
	controllerruntime.Cache(&wired, overHTTP)
	stock, _ := watchedBy(ctx, t, config, options)
	ours, made := watchedBy(ctx, t, config, wired)

	create("new", "web")
	if _, err := direct.Patch(ctx, "x", "application/merge-patch+json", []byte(`{"data":{"a":"c"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := direct.Delete(ctx, "y", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	create(lastSeen, "web")
	for kind := range kinds() {
		for _, s := range []*sightings{stock[kind], ours[kind]} {
			select {
			case <-s.last:
			case <-ctx.Done():
				t.Fatal("not told of all in time")
			}
		}
		if diff := cmp.Diff(stock[kind].objects, ours[kind].objects); diff != "" || len(ours[kind].objects) != 4 {
			t.Errorf("%s: %d objects; -stock +ours\n%s", kind, len(ours[kind].objects), diff)
		}
	}
	wires := map[bridge.Wire]int{}
	for _, in := range *made {
		wires[bridge.WireOf(in)]++
	}
	if wires[bridge.WireProtobuf] != 2 || wires[bridge.WireJSON] != 1 || len(wires) != 2 {
		t.Errorf("the wires are %v", wires)
	}
}
