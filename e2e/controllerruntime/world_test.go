package controllerruntime

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// world is a namespace of the server, and what it takes to run managers in it.
type world struct {
	*trial
	ns     string
	scheme *runtime.Scheme
	direct client.Client // the test's own, past every cache and wire
	wire   *wire         // between the managers and the server

	sources map[manager.Manager][]*watchedSource // of the controllers that controller has made
}

// newWorld makes a namespace for a trial. scheme is that of its clients and
// managers; nil means client-go's.
func newWorld(x *trial, scheme *runtime.Scheme) *world {
	x.Helper()
	if scheme == nil {
		scheme = clientscheme.Scheme
	}
	s := server.Server(x)
	own, managers := s.NewClient(), s.NewClient()
	w := &world{trial: x, ns: s.Namespace(x), scheme: scheme, wire: newWire(managers.Transport), sources: map[manager.Manager][]*watchedSource{}}
	x.Cleanup(func() {
		own.CloseIdleConnections()
		managers.CloseIdleConnections()
	})
	var err error
	w.direct, err = client.New(&rest.Config{Host: s.URL(), Transport: own.Transport, QPS: -1}, client.Options{Scheme: scheme})
	x.must(err)
	return w
}

// config is for managers.
func (w *world) config() *rest.Config {
	return &rest.Config{Host: server.Server(w).URL(), Transport: w.wire, QPS: -1}
}

// manager makes a manager on the trial's engine, whose cache holds the namespace,
// unless a change of its options says otherwise.
func (w *world) manager(changes ...func(*manager.Options)) manager.Manager {
	w.Helper()
	mgr, err := w.tryManager(changes...)
	w.must(err)
	return mgr
}

func (w *world) tryManager(changes ...func(*manager.Options)) (manager.Manager, error) {
	o := manager.Options{
		Scheme:     w.scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{w.ns: {}}},
		// No test waits for it, and none may hang for ever.
		GracefulShutdownTimeout: new(time.Minute),
	}
	for _, change := range changes {
		change(&o)
	}
	w.engine.set(&o)
	w.made.record(&o)
	return manager.New(w.config(), o)
}

// oneInformer makes the cache hold the namespace by one informer for each kind,
// which the cache gives out as it is.
func (w *world) oneInformer(o *manager.Options) {
	o.Cache.DefaultNamespaces = nil
	o.Cache.DefaultFieldSelector = fields.OneTermEqualSelector("metadata.namespace", w.ns)
}

// controller adds a controller with these sources to mgr.
func (w *world) controller(mgr manager.Manager, name string, o controller.Options, sources ...source.Source) controller.Controller {
	w.Helper()
	if o.NewQueue == nil {
		o.NewQueue = w.engine.queue
	}
	if o.Reconciler == nil {
		o.Reconciler = idle
	}
	c, err := controller.New(name, mgr, o)
	w.must(err)
	for _, s := range sources {
		if syncing, ok := s.(source.SyncingSource); ok {
			watched := newWatchedSource(syncing)
			w.sources[mgr] = append(w.sources[mgr], watched)
			s = watched
		}
		w.must(c.Watch(s))
	}
	return c
}

// start runs mgr until the function that it returns is called, or the trial ends,
// as it does if the manager ends with an error. It returns when the caches and the
// controllers' sources have synced.
func (w *world) start(mgr manager.Manager) (stop func()) {
	w.Helper()
	stop = w.begin(mgr)
	w.synced(mgr)
	for _, s := range w.sources[mgr] {
		w.wait(s.String(), s.synced)
	}
	return stop
}

// begin is start for a manager whose caches, or controllers, cannot sync yet.
func (w *world) begin(mgr manager.Manager) (stop func()) {
	w.Helper()
	run := w.run(mgr)
	go func() {
		if err := run.wait(); err != nil {
			w.cancel(fmt.Errorf("the manager ended: %w", err))
		}
	}()
	stop = sync.OnceFunc(func() {
		if err := run.stop(); err != nil {
			w.Errorf("the manager ended: %v", err)
		}
	})
	w.Cleanup(stop)
	return stop
}

// run is start for a manager that may end with an error.
func (w *world) run(mgr manager.Manager) *running {
	ctx, cancel := context.WithCancel(w.ctx)
	r := &running{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = mgr.Start(ctx)
	}()
	w.Cleanup(func() { _ = r.stop() })
	return r
}

// running is a manager that runs.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // after done
}

// stop ends the manager and returns what Start has returned.
func (r *running) stop() error {
	r.cancel()
	return r.wait()
}

// wait returns what Start returns.
func (r *running) wait() error {
	<-r.done
	return r.err
}

// synced waits until the caches of a running manager have synced.
func (w *world) synced(mgr manager.Manager) {
	w.Helper()
	if !mgr.GetCache().WaitForCacheSync(w.ctx) {
		w.Fatalf("the caches have not synced: %v", context.Cause(w.ctx))
	}
}

// configMap is one in the namespace, with data by pairs.
func (w *world) configMap(name string, data ...string) *corev1.ConfigMap {
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: name, Labels: map[string]string{"world": w.ns}},
		Data:       map[string]string{},
	}
	for i := 0; i < len(data); i += 2 {
		cm.Data[data[i]] = data[i+1]
	}
	return cm
}

// labelled adds labels by pairs.
func labelled(cm *corev1.ConfigMap, labels ...string) *corev1.ConfigMap {
	for i := 0; i < len(labels); i += 2 {
		cm.Labels[labels[i]] = labels[i+1]
	}
	return cm
}

// create, patch and remove write past every cache.
func (w *world) create(objects ...client.Object) {
	w.Helper()
	for _, o := range objects {
		w.must(w.direct.Create(w.ctx, o))
	}
}

func (w *world) patch(o client.Object, merge string) {
	w.Helper()
	w.must(w.direct.Patch(w.ctx, o, client.RawPatch("application/merge-patch+json", []byte(merge))))
}

func (w *world) remove(objects ...client.Object) {
	w.Helper()
	for _, o := range objects {
		w.must(w.direct.Delete(w.ctx, o))
	}
}

// key is that of a name in the namespace.
func (w *world) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.ns, Name: name}
}

// names lists ConfigMaps and returns their names, sorted, or the error.
func (w *world) names(from client.Reader, options ...client.ListOption) string {
	var list corev1.ConfigMapList
	if err := from.List(w.ctx, &list, options...); err != nil {
		return timeless(err.Error())
	}
	return namesOf(&list)
}

// awaitNames waits until a list of names is the wanted one.
func (w *world) awaitNames(what, want string, list func() string) {
	w.Helper()
	w.eventually(what, func() error {
		if got := list(); got != want {
			return fmt.Errorf("%s, not %s", got, want)
		}
		return nil
	})
}

func namesOf(list *corev1.ConfigMapList) string {
	var names []string
	for _, cm := range list.Items {
		names = append(names, cm.Name)
	}
	slices.Sort(names)
	return timeless(fmt.Sprint(names))
}

// pairs prints a map in the order of its keys.
func pairs(m map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k+"="+m[k])
	}
	return fmt.Sprint(all)
}
