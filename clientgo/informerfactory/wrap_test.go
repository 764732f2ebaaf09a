package informerfactory_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/informerfactory"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/core"
	corev1informers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/informers/internalinterfaces"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	upstream "k8s.io/client-go/tools/cache"
)

func pod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// run starts a factory and waits for its informers.
func run(t *testing.T, f informers.SharedInformerFactory) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	f.StartWithContext(ctx)
	within, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	if result := f.WaitForCacheSyncWithContext(within); result.Err != nil {
		t.Error(result.AsError())
	}
	for typ, synced := range f.WaitForCacheSync(ctx.Done()) {
		if !synced {
			t.Errorf("the informer of %v is not synced", typ)
		}
	}
	return sync.OnceFunc(func() {
		cancel()
		f.Shutdown()
	})
}

func wrap(t *testing.T, f informers.SharedInformerFactory) informers.SharedInformerFactory {
	t.Helper()
	wrapped, err := informerfactory.Wrap(f)
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

// same reports whether two informers are one, each perhaps under a type of its own.
func same(a, b cache.SharedIndexInformer) bool { return a.GetStore() == b.GetStore() }

// Promise 1: every informer of every group and version of client-go's factory is ours,
// and ForResource has the same.
func TestEveryInformerIsOurs(t *testing.T) {
	factory := wrap(t, informers.NewSharedInformerFactory(fake.NewClientset(), 0))
	versions := 0
	count := 0
	for group, constructor := range reflect.ValueOf(factory).Methods() {
		if group.Type.NumIn() != 1 || group.Type.NumOut() != 1 || group.Type.Out(0).Name() != "Interface" {
			continue // no group
		}
		for version, of := range constructor.Call(nil)[0].Methods() {
			versions++
			for resource, informers := range of.Call(nil)[0].Methods() {
				made := informers.Call(nil)[0].MethodByName("Informer").Call(nil)[0].Interface().(cache.SharedIndexInformer)
				if got := bridge.EngineOf(made); got != bridge.EngineInformant {
					t.Errorf("%s.%s.%s is on the engine %s", group.Name, version.Name, resource.Name, got)
				}
				count++
			}
		}
	}
	if versions < 40 || count < 100 {
		t.Errorf("only %d informers in %d versions were found", count, versions)
	}
	t.Logf("%d informers in %d versions", count, versions)
	for resource, want := range map[string]cache.SharedIndexInformer{
		"pods":  factory.Core().V1().Pods().Informer(),
		"nodes": factory.Core().V1().Nodes().Informer(),
	} {
		generic, err := factory.ForResource(corev1.SchemeGroupVersion.WithResource(resource))
		if err != nil || !same(generic.Informer(), want) {
			t.Errorf("ForResource of %s has another informer: %v", resource, err)
		}
	}
}

// Promise 2: ForResource makes ours too, which the typed methods and the factory that
// was wrapped then have.
func TestForResourceFirst(t *testing.T) {
	stock := informers.NewSharedInformerFactory(fake.NewClientset(pod("a", "x")), 0)
	factory := wrap(t, stock)
	generic, err := factory.ForResource(corev1.SchemeGroupVersion.WithResource("pods"))
	if err != nil {
		t.Fatal(err)
	}
	if bridge.EngineOf(generic.Informer()) != bridge.EngineInformant {
		t.Error("ForResource has client-go's informer")
	}
	if !same(factory.Core().V1().Pods().Informer(), generic.Informer()) || !same(stock.Core().V1().Pods().Informer(), generic.Informer()) {
		t.Error("there is more than one informer of pods")
	}
	defer run(t, factory)()
	if obj, err := generic.Lister().ByNamespace("a").Get("x"); err != nil || obj.(*corev1.Pod).Name != "x" {
		t.Errorf("got %v, %v", obj, err)
	}
	_, want := stock.ForResource(schema.GroupVersionResource{Resource: "none"})
	if _, err := factory.ForResource(schema.GroupVersionResource{Resource: "none"}); err == nil || err.Error() != want.Error() {
		t.Errorf("an unknown resource: %v, want %v", err, want)
	}
}

// What a factory was made with counts as ever: namespace, list options, resync periods,
// a transform and the name. Handlers and listers see the same with both engines.
func TestTheOptionsCount(t *testing.T) {
	seen := map[bridge.Engine]string{}
	for _, wrapped := range []bool{false, true} {
		client := fake.NewClientset(pod("a", "x"), pod("a", "y"), pod("b", "z"))
		var tweaked sync.Map
		name, err := cache.NewInformerName(fmt.Sprint("options-", wrapped))
		if err != nil {
			t.Fatal(err)
		}
		stock := informers.NewSharedInformerFactoryWithOptions(client, time.Hour,
			informers.WithNamespace("a"),
			informers.WithTweakListOptions(func(o *metav1.ListOptions) {
				tweaked.Store(true, true)
				o.FieldSelector = "spec.nodeName!=none"
			}),
			informers.WithTransform(func(obj any) (any, error) {
				obj.(metav1.Object).SetLabels(map[string]string{"seen": "yes"})
				return obj, nil
			}),
			informers.WithCustomResyncConfig(map[metav1.Object]time.Duration{&corev1.Pod{}: 50 * time.Millisecond}),
			informers.WithInformerName(name))
		factory := stock
		if wrapped {
			factory = wrap(t, stock)
		}
		if factory.(internalinterfaces.SharedInformerFactory).InformerName() != name {
			t.Error("the name is lost")
		}
		pods := factory.Core().V1().Pods()
		var mu sync.Mutex
		repeated := make(chan struct{})
		repeats := 0
		var events []string
		if _, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
			AddFunc: func(obj any, initial bool) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, fmt.Sprint("add ", obj.(*corev1.Pod).Name, initial, obj.(*corev1.Pod).Labels))
			},
			UpdateFunc: func(_, obj any) {
				mu.Lock()
				defer mu.Unlock()
				if repeats++; repeats == 2 {
					close(repeated)
				}
			},
		}); err != nil {
			t.Fatal(err)
		}
		stop := run(t, factory)
		select {
		case <-repeated:
		case <-time.After(time.Minute):
			t.Error("no resync within a minute")
		}
		listed, err := pods.Lister().Pods("a").List(labels.SelectorFromSet(labels.Set{"seen": "yes"}))
		all, _ := pods.Lister().List(labels.Everything())
		stop()
		slices.Sort(events)
		_, asked := tweaked.Load(true)
		seen[bridge.EngineOf(pods.Informer())] = fmt.Sprint(events, len(listed), len(all), err, asked)
	}
	if len(seen) != 2 || seen[bridge.EngineInformant] != seen[bridge.EngineClientGo] || !strings.Contains(seen[bridge.EngineClientGo], "2 2 <nil> true") {
		t.Errorf("seen: %v", seen)
	}
}

// foos is an informer as other generated clients have it.
type foos struct {
	factory interface {
		InformerFor(runtime.Object, internalinterfaces.NewInformerFunc) cache.SharedIndexInformer
	}
	made func(kubernetes.Interface, time.Duration) cache.SharedIndexInformer
}

func (f foos) Informer() cache.SharedIndexInformer {
	return f.factory.InformerFor(&corev1.Pod{}, f.made)
}

// The group constructors of any generated package take a Wrapped.
func TestGroupConstructorsTakeTheWrapper(t *testing.T) {
	stock := informers.NewSharedInformerFactory(fake.NewClientset(pod("a", "x"), pod("b", "y")), 0)
	wrapped, err := informerfactory.WrapGenerated[kubernetes.Interface, internalinterfaces.NewInformerFunc](stock)
	if err != nil {
		t.Fatal(err)
	}
	pods := core.New(wrapped, "a", nil).V1().Pods()
	if got := bridge.EngineOf(pods.Informer()); got != bridge.EngineInformant {
		t.Errorf("the engine is %s", got)
	}
	stop := make(chan struct{})
	wrapped.Start(stop)
	for typ, synced := range stock.WaitForCacheSync(stop) {
		if !synced {
			t.Errorf("the informer of %v is not synced", typ)
		}
	}
	if listed, err := pods.Lister().List(labels.Everything()); err != nil || len(listed) != 1 {
		t.Errorf("%d pods, %v", len(listed), err)
	}
	close(stop)
	stock.Shutdown()
}

// Promise 1: what cannot be ours stays as it was made; what is ours already stays too.
func TestWhatCannotBeOurs(t *testing.T) {
	ours := cache.NewSharedIndexInformer(&cache.ListWatch{}, &corev1.Pod{}, 0, nil)
	fake := struct{ cache.SharedIndexInformer }{ours}
	started := upstream.NewSharedIndexInformer(&cache.ListWatch{}, &corev1.Pod{}, 0, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	started.RunWithContext(ctx)
	for name, made := range map[string]cache.SharedIndexInformer{"ours": ours, "a fake": fake, "one that was started": started} {
		f, err := informerfactory.WrapGenerated[kubernetes.Interface, internalinterfaces.NewInformerFunc](informers.NewSharedInformerFactory(nil, 0))
		if err != nil {
			t.Fatal(err)
		}
		if got := (foos{f, func(kubernetes.Interface, time.Duration) cache.SharedIndexInformer { return made }}).Informer(); got != made {
			t.Errorf("%s: it is a %T now", name, got)
		}
	}
}

// A factory that informers have been asked of, and what is none, are refused.
func TestWhatCannotBeWrapped(t *testing.T) {
	used := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	used.Core().V1().Pods().Lister()
	odd := struct {
		informers.SharedInformerFactory
	}{used}
	var typedNil *struct {
		informers.SharedInformerFactory
	}
	for name, c := range map[string]struct {
		factory informers.SharedInformerFactory
		want    error
		text    string
	}{
		"used":         {used, informerfactory.ErrUsed, "wrap it before the first Informer()"},
		"nil":          {nil, informerfactory.ErrNoFactory, "no pointer to a struct"},
		"a nil inside": {typedNil, informerfactory.ErrNoFactory, "no pointer to a struct"},
		"a struct":     {odd, informerfactory.ErrNoFactory, "no pointer to a struct"},
		"another":      {&odd, informerfactory.ErrNoFactory, `it has no map "informers"`},
	} {
		if _, err := informerfactory.Wrap(c.factory); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// A function that is given to InformerFor may add handlers to what it makes.
func TestHandlersOfAFunctionGivenToInformerForAreTold(t *testing.T) {
	for _, engine := range []string{"client-go", "informant"} {
		t.Run(engine, func(t *testing.T) {
			factory := informers.NewSharedInformerFactory(fake.NewClientset(pod("a", "x")), 0)
			if engine == "informant" {
				var err error
				if factory, err = informerfactory.Wrap(factory); err != nil {
					t.Fatal(err)
				}
			}
			var told atomic.Int64
			var early cache.ResourceEventHandlerRegistration
			informer := factory.InformerFor(&corev1.Pod{}, func(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
				theirs := corev1informers.NewPodInformer(client, "", resync, cache.Indexers{})
				var err error
				if early, err = theirs.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) { told.Add(1) }}); err != nil {
					t.Fatal(err)
				}
				return theirs
			})
			late, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			factory.StartWithContext(ctx)
			cache.WaitFor(ctx, "", informer.HasSyncedChecker(), early.HasSyncedChecker(), late.HasSyncedChecker())
			if told.Load() != 1 {
				t.Errorf("the handler was told of %d pods, not of 1; the engine is %s", told.Load(), bridge.EngineOf(informer))
			}
			cancel()
			factory.Shutdown()
		})
	}
}

// counted is an informer that somebody has wrapped.
type counted struct {
	cache.SharedIndexInformer
	handlers atomic.Int64
}

func (c *counted) AddEventHandler(h cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	c.handlers.Add(1)
	return c.SharedIndexInformer.AddEventHandler(h)
}

// A function that is given to InformerFor may wrap what it makes.
func TestAnInformerThatSomebodyHasWrappedStaysWrapped(t *testing.T) {
	for _, engine := range []string{"client-go", "informant"} {
		t.Run(engine, func(t *testing.T) {
			factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
			if engine == "informant" {
				var err error
				if factory, err = informerfactory.Wrap(factory); err != nil {
					t.Fatal(err)
				}
			}
			var wrapper counted
			informer := factory.InformerFor(&corev1.Pod{}, func(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
				wrapper.SharedIndexInformer = corev1informers.NewPodInformer(client, "", resync, cache.Indexers{})
				return &wrapper
			})
			if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{}); err != nil {
				t.Fatal(err)
			}
			if wrapper.handlers.Load() != 1 || informer != cache.SharedIndexInformer(&wrapper) {
				t.Errorf("the wrapper has heard of %d handlers; the informer is a %T", wrapper.handlers.Load(), informer)
			}
		})
	}
}
