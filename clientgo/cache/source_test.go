//lint:file-ignore SA1019 what is deprecated has to work too

package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// scripted is a source whose answers a test writes. It is asked for lists in
// pages only.
type scripted struct {
	*cache.ListWatch
}

func (scripted) IsWatchListSemanticsUnSupported() bool { return true }

func emptyList() *corev1.PodList {
	return &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
}

// lists answers every list with list, and every watch with a stream that stays
// open and is returned.
func lists(list runtime.Object) (scripted, *watch.FakeWatcher) {
	w := watch.NewFake()
	return scripted{&cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) { return list, nil },
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			return w, nil
		},
	}}, w
}

// errorsOf notes what an informer's watch error handler is told.
type errorsOf struct {
	mu         sync.Mutex
	errs       []error
	reflectors map[string]string
}

func watchErrors(informer upstream.SharedInformer) *errorsOf {
	e := &errorsOf{reflectors: map[string]string{}}
	err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, r *upstream.Reflector, err error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.errs = append(e.errs, err)
		e.reflectors[r.Name()] = r.TypeDescription()
		upstream.DefaultWatchErrorHandler(context.Background(), r, err) // the inert reflector is good enough for it
	})
	must(err)
	return e
}

func (e *errorsOf) all() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.errs)
}

// first returns the first error, for a test that expects some.
func (e *errorsOf) first(t *testing.T) error {
	t.Helper()
	all := e.all()
	if len(all) == 0 {
		t.Fatal("the watch error handler was told nothing")
	}
	return all[0]
}

func TestANilListerWatcherIsReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var none *cache.ListWatch
		for _, lw := range []cache.ListerWatcher{nil, none} {
			informer := cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)
			told := watchErrors(informer)
			run(t, informer.RunWithContext)
			if err := told.first(t); !strings.Contains(err.Error(), "ListerWatcher is nil") {
				t.Errorf("told of %v", err)
			}
			if informer.HasSynced() {
				t.Error("an informer without a source has synced")
			}
		}
	})
}

// A lister without a context may hang for ever; stopping the informer does not.
func TestAListerThatHangsDoesNotKeepTheInformer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		lw := &cache.ListWatch{ListFunc: func(metav1.ListOptions) (runtime.Object, error) {
			<-release
			return emptyList(), nil
		}}
		informer := cache.NewSharedInformer(scripted{lw}, &corev1.Pod{}, 0)
		stop := run(t, informer.RunWithContext)
		stop()
		if !informer.IsStopped() {
			t.Error("not stopped")
		}
	})
}

// R1, R4: an event that cannot be used is not stored, and is answered with a
// list, which has the state that it should have brought. client-go skips it.
func TestUnusableEventsAreAnsweredWithAList(t *testing.T) {
	pod := versioned(newPod("ns", "p", "n1"), 7)
	configMap := unstructuredObject("v1", "ConfigMap", "p")
	for name, c := range map[string]struct {
		example runtime.Object
		event   watch.Event
		state   runtime.Object
	}{
		"another Go type":  {&corev1.Pod{}, watch.Event{Type: watch.Added, Object: &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}}, podList(pod)},
		"no object":        {&corev1.Pod{}, watch.Event{Type: watch.Modified}, podList(pod)},
		"no metadata":      {nil, watch.Event{Type: watch.Added, Object: &metav1.Status{}}, podList(pod)},
		"an unknown event": {&corev1.Pod{}, watch.Event{Type: "CHANGED", Object: pod}, podList(pod)},
		"a table":          {nil, watch.Event{Type: watch.Added, Object: unstructuredObject("meta.k8s.io/v1", "Table", "p")}, podList(pod)},
		"another kind": {configMap, watch.Event{Type: watch.Added, Object: unstructuredObject("v1", "Secret", "p")},
			&unstructured.UnstructuredList{Object: map[string]any{"metadata": map[string]any{"resourceVersion": "7"}}, Items: []unstructured.Unstructured{*configMap}}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lw := newTurns(emptyList(), c.state)
				informer := cache.NewSharedIndexInformer(lw, c.example, 0, nil)
				run(t, informer.RunWithContext)
				lw.event(c.event)
				pass(relist)
				if keys := informer.GetStore().ListKeys(); !slices.Equal(keys, []string{"ns/p"}) {
					t.Errorf("stored %v", keys)
				}
				if lists := lw.asked(); lists != 2 {
					t.Errorf("%d lists", lists)
				}
			})
		})
	}
}

// A bookmark has no state that could be missed: one that cannot be used costs
// no list.
func TestAnUnusableBookmarkIsSkipped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lw := newTurns(emptyList())
		informer := cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)
		run(t, informer.RunWithContext)
		lw.event(watch.Event{Type: watch.Bookmark, Object: &corev1.Node{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "8"}}})
		lw.event(watch.Event{Type: watch.Added, Object: versioned(newPod("ns", "p", "n1"), 9)})
		pass(relist)
		if keys, lists := informer.GetStore().ListKeys(), lw.asked(); !slices.Equal(keys, []string{"ns/p"}) || lists != 1 {
			t.Errorf("stored %v after %d lists", keys, lists)
		}
	})
}

// turns is a source that answers each list with the next one, the last one for
// good, and gives each watch a stream of its own.
type turns struct {
	scripted
	mu    sync.Mutex
	n     int // lists asked for
	watch *watch.FakeWatcher
}

func newTurns(lists ...runtime.Object) *turns {
	s := &turns{}
	s.ListWatch = &cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.n++
			return lists[min(s.n, len(lists))-1], nil
		},
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.watch = watch.NewFake()
			return s.watch, nil
		},
	}
	return s
}

func (s *turns) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// event sends an event over the watch that is open.
func (s *turns) event(e watch.Event) {
	settle()
	s.mu.Lock()
	w := s.watch
	s.mu.Unlock()
	w.Action(e.Type, e.Object)
	settle()
}

func podList(pods ...*corev1.Pod) *corev1.PodList {
	list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}
	for _, pod := range pods {
		list.Items = append(list.Items, *pod)
	}
	return list
}

func unstructuredObject(apiVersion, kind, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	u.SetNamespace("ns")
	u.SetName(name)
	u.SetResourceVersion("7")
	return u
}

func TestUnusableListsAreReported(t *testing.T) {
	table := &unstructured.UnstructuredList{}
	table.SetAPIVersion("meta.k8s.io/v1")
	table.SetKind("Table")
	odd := "failed to list *v1.Pod: returned object must be a list: "
	for name, c := range map[string]struct {
		list runtime.Object
		want string
	}{
		"a table":                   {table, "failed to list *v1.Pod: unsupported list gvk: meta.k8s.io/v1, Kind=Table, type: *v1.Pod"},
		"an object that is no list": {&corev1.Pod{}, odd},
		"nothing":                   {nil, odd},
	} {
		for _, engine := range engines {
			t.Run(name+"/"+engine.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					lw, _ := lists(c.list)
					informer := engine.make(lw, noOptions())
					told := watchErrors(informer)
					run(t, informer.RunWithContext)
					if err := told.first(t); !strings.HasPrefix(err.Error(), c.want) {
						t.Errorf("told of %v", err)
					}
					if informer.HasSynced() {
						t.Error("the informer has synced")
					}
				})
			})
		}
	}
}

// S5's version and R2: bookmarks move the store's version.
func TestBookmarksReachTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lw, w := lists(emptyList())
		informer := cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)
		run(t, informer.RunWithContext)
		w.Action(watch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "9"}})
		settle()
		if a, b := informer.GetStore().LastStoreSyncResourceVersion(), informer.LastSyncResourceVersion(); a != "9" || b != "9" {
			t.Errorf("the store is at %q, the reflector at %q", a, b)
		}
	})
}

// A source that streams is asked for a stream, and one that says that it cannot
// is not.
func TestTheWatchListOptOutIsHonoured(t *testing.T) {
	for name, c := range map[string]struct {
		optOut bool
		want   []string
	}{
		"streams":   {false, []string{"watch streamed=true"}},
		"opted out": {true, []string{"list streamed=false", "watch streamed=false"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lw, asked := streamingSource()
				var source cache.ListerWatcher = lw
				if c.optOut {
					source = scripted{lw}
				}
				informer := cache.NewSharedIndexInformer(source, &corev1.Pod{}, 0, nil)
				run(t, informer.RunWithContext)
				if !informer.HasSynced() {
					t.Error("not synced")
				}
				if !slices.Equal(asked(), c.want) {
					t.Errorf("asked for %v, not %v", asked(), c.want)
				}
			})
		})
	}
}

// streamingSource is a source that sends a list as a stream, if it is asked to,
// and tells what it was asked for.
func streamingSource() (lw *cache.ListWatch, asked func() []string) {
	var mu sync.Mutex
	var requests []string
	note := func(what string, opts metav1.ListOptions) {
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, fmt.Sprintf("%s streamed=%v", what, opts.SendInitialEvents != nil))
	}
	lw = &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			note("list", opts)
			return emptyList(), nil
		},
		WatchFuncWithContext: func(_ context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			note("watch", opts)
			return streamedPods(opts, newPod("ns", "p", "n1")), nil
		},
	}
	return lw, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(requests)
	}
}

// podsOf lists and watches all pods.
func podsOf(client kubernetes.Interface) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			return client.CoreV1().Pods("").List(ctx, opts)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			return client.CoreV1().Pods("").Watch(ctx, opts)
		},
	}
}

// streamedPods is a watch that begins with pods, if opts ask for that.
func streamedPods(opts metav1.ListOptions, pods ...*corev1.Pod) watch.Interface {
	w := watch.NewFakeWithChanSize(len(pods)+1, false)
	if opts.SendInitialEvents != nil {
		for _, pod := range pods {
			w.Add(versioned(pod, 5))
		}
		w.Action(watch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			ResourceVersion: "5", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"},
		}})
	}
	return w
}

// client-go's FakeControllerSource does not say that it has no streamed lists;
// its plain error tells.
func TestASourceThatIsNoServerIsListedInPages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := fcache.NewFakeControllerSource()
		t.Cleanup(source.Shutdown)
		source.Add(newPod("ns", "p", "n1"))
		informer := cache.NewSharedIndexInformer(source, &corev1.Pod{}, 0, nil)
		told := watchErrors(informer)
		run(t, informer.RunWithContext)
		if !informer.HasSynced() || len(informer.GetStore().ListKeys()) != 1 {
			t.Errorf("synced %v, %v", informer.HasSynced(), informer.GetStore().ListKeys())
		}
		if all := told.all(); len(all) > 0 {
			t.Errorf("told of %v", all)
		}
	})
}

// Fake clientsets give out whatever versions a test has written, in any order.
func TestAFakeClientsetFeedsOurInformer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		client := fake.NewClientset(versioned(newPod("ns", "p", "n1"), 900))
		lw := cache.ToListWatcherWithWatchListSemantics(podsOf(client), client)
		informer := cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)
		r := &recorder{byKey: map[string][]string{}}
		if _, err := informer.AddEventHandler(r); err != nil {
			t.Fatal(err)
		}
		run(t, informer.RunWithContext)
		pods := client.CoreV1().Pods("ns")
		for _, version := range []int{500, 20, 700} {
			pod := versioned(newPod("ns", fmt.Sprint("v", version), "n1"), version)
			if _, err := pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			pod.Spec.NodeName = "n2"
			if _, err := pods.Update(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := pods.Delete(t.Context(), "v20", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		settle()
		if keys := sorted(informer.GetStore().ListKeys()); !slices.Equal(keys, []string{"ns/p", "ns/v500", "ns/v700"}) {
			t.Errorf("stored %v", keys)
		}
		for _, key := range []string{"ns/v500", "ns/v700"} {
			if events := r.events()[key]; len(events) != 2 {
				t.Errorf("%s: told %v", key, events)
			}
		}
		if events := r.events()["ns/v20"]; len(events) != 3 || !strings.HasPrefix(events[2], "delete") {
			t.Errorf("ns/v20: told %v", events)
		}
	})
}
