package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// started is an informer of ours that runs, over a source with these pods.
func started(t *testing.T, pods ...*corev1.Pod) (upstream.SharedIndexInformer, *fcache.FakeControllerSource) {
	t.Helper()
	source := fcache.NewFakeControllerSource()
	for _, pod := range pods {
		source.Add(pod)
	}
	informer := cache.NewSharedIndexInformer(fakeSource{source}, &corev1.Pod{}, 0, cache.Indexers{})
	t.Cleanup(source.Shutdown) // after the informer's end: it blocks who comes later
	run(t, informer.RunWithContext)
	return informer, source
}

// run runs something until the returned function is called, or the test ends.
func run(t *testing.T, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		f(ctx)
	}()
	stop = func() {
		cancel()
		<-over
	}
	t.Cleanup(stop)
	settle()
	return stop
}

// I9 as client-go has it: once stopped, stopped for good.
func TestAStoppedInformerIsNotRunAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := fcache.NewFakeControllerSource()
		t.Cleanup(source.Shutdown)
		informer := cache.NewSharedInformer(fakeSource{source}, &corev1.Pod{}, 0).(upstream.SharedIndexInformer)
		if informer.IsStopped() || informer.HasSynced() || informer.LastSyncResourceVersion() != "" {
			t.Error("an informer that never ran is stopped, or has synced")
		}
		stopCh := make(chan struct{})
		over := make(chan struct{})
		go func() {
			defer close(over)
			informer.Run(stopCh)
		}()
		settle()
		if !informer.HasSynced() {
			t.Error("the informer has not synced")
		}
		informer.Run(nil) // would never return if it ran

		close(stopCh)
		<-over
		if !informer.IsStopped() {
			t.Error("the informer is not stopped")
		}
		informer.Run(nil)

		if _, err := informer.AddEventHandler(&recorder{}); err == nil {
			t.Error("a handler was added to a stopped informer")
		}
		if err := informer.AddIndexers(cache.Indexers{"node": byNode}); err == nil {
			t.Error("an index was added to a stopped informer")
		}
	})
}

func TestARunningInformerKeepsItsSettings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, _ := started(t, newPod("ns", "p", "n1"))
		for what, err := range map[string]error{
			"transform":           informer.SetTransform(func(obj any) (any, error) { return obj, nil }),
			"watch error handler": informer.SetWatchErrorHandler(func(*upstream.Reflector, error) {}),
		} {
			if err == nil || !strings.Contains(err.Error(), "*v1.Pod") || !strings.Contains(err.Error(), "already started") {
				t.Errorf("%s set on a running informer: %v", what, err)
			}
		}
		if err := informer.AddIndexers(cache.Indexers{"node": byNode}); err != nil {
			t.Errorf("an index was not added: %v", err)
		}
		if keys, err := informer.GetIndexer().IndexKeys("node", "n1"); err != nil || !slices.Equal(keys, []string{"ns/p"}) {
			t.Errorf("the new index has %v, %v", keys, err)
		}
		// What GetController returns does not run the informer.
		informer.GetController().Run(nil)
		informer.GetController().RunWithContext(t.Context())
		if !informer.GetController().HasSynced() || !upstream.IsDone(informer.GetController().HasSyncedChecker()) {
			t.Error("the controller has not synced")
		}
	})
}

func TestTheTransformSeesWhatIsStored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := fcache.NewFakeControllerSource()
		t.Cleanup(source.Shutdown)
		source.Add(newPod("ns", "p", "n1"))
		informer := cache.NewSharedIndexInformer(fakeSource{source}, &corev1.Pod{}, 0, nil)
		r := &recorder{byKey: map[string][]string{}}
		if _, err := informer.AddEventHandler(r); err != nil {
			t.Fatal(err)
		}
		if err := informer.SetTransform(func(obj any) (any, error) {
			pod := obj.(*corev1.Pod)
			pod.Spec.NodeName = strings.ToUpper(pod.Spec.NodeName)
			return pod, nil
		}); err != nil {
			t.Fatal(err)
		}
		run(t, informer.RunWithContext)
		source.Add(newPod("ns", "q", "n2"))
		settle()
		if got := contents(informer.GetStore()); !slices.Equal(got, []string{"ns/p@1[N1]", "ns/q@2[N2]"}) {
			t.Errorf("stored %v", got)
		}
		if got := r.events()["ns/q"]; !slices.Equal(got, []string{"add ns/q@2[N2] initial=false"}) {
			t.Errorf("told %v", got)
		}
	})
}

// I5
func TestHandlersAreRemovedWithoutAndWithAWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, source := started(t, newPod("ns", "p", "n1"))
		inside, release := make(chan struct{}), make(chan struct{})
		var calls int
		reg, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) {
			calls++
			close(inside)
			<-release
		}})
		if err != nil {
			t.Fatal(err)
		}
		<-inside
		source.Add(newPod("ns", "q", "n1"))
		for range 2 {
			if err := informer.RemoveEventHandler(reg); err != nil {
				t.Fatal(err)
			}
		}
		shut := make(chan error, 1)
		go func() { shut <- upstream.ShutDownEventHandler(informer, reg) }()
		settle()
		select {
		case err := <-shut:
			t.Errorf("ShutDownEventHandler did not wait for the callback: %v", err)
		default:
		}
		close(release)
		if err := <-shut; err != nil {
			t.Error(err)
		}
		settle()
		if calls != 1 {
			t.Errorf("%d callbacks, one before the removal", calls)
		}
		if reg.HasSynced() {
			t.Error("a handler that was removed in its first callback has synced")
		}
	})
}

func TestOnlyTheInformersOwnHandlersAreRemoved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, source := started(t)
		other, _ := started(t)
		r := &recorder{byKey: map[string][]string{}}
		reg, err := informer.AddEventHandler(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.RemoveEventHandler(reg); err != nil {
			t.Errorf("removing another informer's handler: %v", err)
		}
		if err := informer.RemoveEventHandler(foreign{}); err == nil || !strings.Contains(err.Error(), "foreign") {
			t.Errorf("removing what is no handler of ours: %v", err)
		}
		source.Add(newPod("ns", "p", "n1"))
		settle()
		if len(r.events()) != 1 {
			t.Error("the handler was removed by someone else")
		}
	})
}

type foreign struct {
	upstream.ResourceEventHandlerRegistration
}

func TestANilHandlerIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, _ := started(t)
		var typedNil *recorder
		for _, handler := range []upstream.ResourceEventHandler{nil, typedNil} {
			if reg, err := informer.AddEventHandler(handler); err == nil || reg != nil || !strings.Contains(err.Error(), "nil handler") {
				t.Errorf("AddEventHandler(%T): %v, %v", handler, reg, err)
			}
		}
	})
}

// I6: a handler has synced when it was told of the whole first list, which is
// after the informer has.
func TestAHandlerSyncsAfterItsCallbacks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, _ := started(t, newPod("ns", "p", "n1"))
		release := make(chan struct{})
		handler := cache.ResourceEventHandlerDetailedFuncs{AddFunc: func(_ any, initial bool) {
			if !initial {
				t.Error("an object that was there is no part of the initial list")
			}
			<-release
		}}
		reg, err := informer.AddEventHandler(handler)
		if err != nil {
			t.Fatal(err)
		}
		settle()
		if !informer.HasSynced() || reg.HasSynced() {
			t.Errorf("informer synced: %v, handler inside its first callback synced: %v", informer.HasSynced(), reg.HasSynced())
		}
		close(release)
		if !upstream.WaitFor(t.Context(), "", informer.HasSyncedChecker(), reg.HasSyncedChecker()) {
			t.Error("the wait was given up")
		}
		name := reg.HasSyncedChecker().Name()
		for _, part := range []string{"SharedIndexInformer *v1.Pod", "event handler", "clientgo/cache_test"} {
			if !strings.Contains(name, part) {
				t.Errorf("the handler's name %q lacks %q", name, part)
			}
		}
	})
}

// I2: a handler finds in the store what it is told of, or something newer.
func TestAHandlerFindsInTheStoreWhatItIsToldOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, source := started(t)
		var mu sync.Mutex
		var missing []string
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(obj any) {
			mu.Lock()
			defer mu.Unlock()
			if _, exists, _ := informer.GetStore().Get(obj); !exists {
				missing = append(missing, describe(obj))
			}
		}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"p", "q", "r", "s"} {
			source.Add(newPod("ns", name, "n1"))
		}
		settle()
		mu.Lock()
		defer mu.Unlock()
		if len(missing) > 0 {
			t.Errorf("not in the store: %v", missing)
		}
	})
}

func TestTypedInformersWrapOurs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer, source := started(t, newPod("ns", "p", "n1"))
		typed := cache.NewTypedSharedIndexInformer[*corev1.Pod](informer)
		if err := typed.AddTypedIndexers(cache.TypedIndexers[*corev1.Pod]{"node": func(pod *corev1.Pod) ([]string, error) {
			return []string{pod.Spec.NodeName}, nil
		}}); err != nil {
			t.Fatal(err)
		}
		gone := make(chan cache.DeletedObject[*corev1.Pod], 1)
		if _, err := typed.AddTypedEventHandler(cache.TypedResourceEventHandlerFuncs[*corev1.Pod]{
			DeleteFunc: func(obj cache.DeletedObject[*corev1.Pod]) { gone <- obj },
		}); err != nil {
			t.Fatal(err)
		}
		pods, err := typed.GetTypedIndexer().ByTypedIndex("node", "n1")
		if err != nil || len(pods) != 1 || pods[0].Name != "p" {
			t.Errorf("ByTypedIndex: %v, %v", pods, err)
		}
		source.DeleteDropWatch(newPod("ns", "p", "n1"))
		source.ResetWatch()
		pass(relist)
		if obj := <-gone; obj.FinalStateUnknown == nil || obj.GetKey() != "ns/p" || obj.OptionalObj == nil {
			t.Errorf("a missed deletion came as %+v", obj)
		}
	})
}

// newSource is client-go's fake source with pods.
func newSource(t *testing.T, pods ...*corev1.Pod) *fcache.FakeControllerSource {
	source := fcache.NewFakeControllerSource()
	for _, pod := range pods {
		source.Add(pod)
	}
	t.Cleanup(source.Shutdown)
	return source
}

func TestHandlersAreShutDownAtTheEnd(t *testing.T) {
	var got [2]string
	for i, engine := range engines {
		bubble(t, func(t *testing.T) {
			source := newSource(t, newPod("ns", "p", "n1"))
			informer := engine.make(fakeSource{source}, noOptions())
			reg, err := informer.AddEventHandler(upstream.ResourceEventHandlerFuncs{})
			must(err)
			never, err := informer.AddEventHandler(upstream.ResourceEventHandlerFuncs{})
			must(err)
			must(informer.RemoveEventHandler(never))
			stop := run(t, informer.RunWithContext)
			late, err := informer.AddEventHandler(upstream.ResourceEventHandlerFuncs{})
			must(err)
			settle()
			stop()
			var b strings.Builder
			for _, r := range []upstream.ResourceEventHandlerRegistration{reg, never, late} {
				select {
				case <-r.(interface{ ShutdownChan() <-chan struct{} }).ShutdownChan():
					fmt.Fprint(&b, " shut")
				default:
					fmt.Fprint(&b, " open")
				}
				fmt.Fprint(&b, r.HasSynced(), informer.RemoveEventHandler(r))
			}
			got[i] = b.String()
		})
	}
	if got[0] != got[1] {
		t.Errorf("client-go %q, informant %q", got[0], got[1])
	}
}

// A panic that the process survives, wherever it is, does not end the informer.
func TestPanicsThatAreSurvivedEndNoInformer(t *testing.T) {
	type made struct {
		run    func(context.Context)
		synced func() bool
		store  upstream.Store
	}
	type parts struct {
		lw        upstream.ListerWatcher
		transform upstream.TransformFunc
		onError   upstream.WatchErrorHandlerWithContext
		should    func() bool
		handler   upstream.ResourceEventHandler
	}
	shared := func(i int) func(p parts) made {
		return func(p parts) made {
			informer := engines[i].make(p.lw, upstream.SharedIndexInformerOptions{ResyncPeriod: 10 * time.Second})
			if p.transform != nil {
				must(informer.SetTransform(p.transform))
			}
			must(informer.SetWatchErrorHandlerWithContext(p.onError))
			_, err := informer.AddEventHandler(p.handler)
			must(err)
			return made{informer.RunWithContext, informer.HasSynced, informer.GetStore()}
		}
	}
	low := func(newController func(*upstream.Config) upstream.Controller) func(p parts) made {
		return func(p parts) made {
			store := upstream.NewStore(upstream.MetaNamespaceKeyFunc)
			q := upstream.NewRealFIFOWithOptions(upstream.RealFIFOOptions{KnownObjects: store, Transformer: p.transform})
			c := newController(&upstream.Config{Queue: q, ListerWatcher: p.lw, ObjectType: &corev1.Pod{}, FullResyncPeriod: 10 * time.Second,
				ShouldResync: p.should, WatchErrorHandlerWithContext: p.onError,
				Process: func(obj any, initial bool) error {
					for _, d := range obj.(upstream.Deltas) {
						must(store.Add(d.Object))
						p.handler.OnAdd(d.Object, initial)
					}
					return nil
				}})
			return made{c.RunWithContext, c.HasSynced, store}
		}
	}
	plain := func(i int) func(p parts) made {
		return func(p parts) made {
			store, c := plains[i].make(upstream.InformerOptions{ListerWatcher: p.lw, ObjectType: &corev1.Pod{}, Transform: p.transform, Handler: p.handler})
			return made{c.RunWithContext, c.HasSynced, store}
		}
	}
	for kind, makers := range map[string][2]func(parts) made{
		"shared":     {shared(0), shared(1)},
		"controller": {low(upstream.New), low(cache.New)},
		"plain":      {plain(0), plain(1)},
	} {
		for _, where := range []string{"list", "watch", "transform", "error handler", "handler"} {
			if where == "transform" && kind != "controller" {
				continue // it refuses the object, see doc.go
			}
			t.Run(kind+" "+where, func(t *testing.T) {
				survive(t)
				var got [2]string
				for i, maker := range makers {
					bubble(t, func(t *testing.T) {
						var panicked atomic.Bool
						boom := func(at string) {
							if at == where && panicked.CompareAndSwap(false, true) {
								panic("boom at " + at)
							}
						}
						var listed, watched, told atomic.Int64
						lw := scripted{&upstream.ListWatch{
							ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
								boom("list")
								if where == "error handler" && listed.Add(1) == 1 {
									return nil, errNoName
								}
								return podList(versioned(newPod("ns", "p", "n1"), 7)), nil
							},
							WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
								boom("watch")
								watched.Add(1)
								w := watch.NewFakeWithChanSize(10, false)
								w.Add(versioned(newPod("ns", "q", "n1"), int(9+watched.Load())))
								return w, nil
							},
						}}
						m := maker(parts{lw: lw,
							transform: func(o any) (any, error) { boom("transform"); return o, nil },
							onError:   func(context.Context, *upstream.Reflector, error) { boom("error handler") },
							should:    func() bool { boom("should resync"); return true },
							handler:   upstream.ResourceEventHandlerFuncs{AddFunc: func(any) { boom("handler"); told.Add(1) }},
						})
						run(t, m.run)
						pass(3 * time.Minute)
						keys := m.store.ListKeys()
						slices.Sort(keys)
						got[i] = fmt.Sprint(m.synced(), keys)
					})
				}
				if got[0] != got[1] {
					t.Errorf("%s: client-go %v, informant %v", t.Name(), got[0], got[1])
				}
			})
		}
	}
}
