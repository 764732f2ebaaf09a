package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	upstream "k8s.io/client-go/tools/cache"
)

func pod(namespace, name string, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels}}
}

func podsOf(client kubernetes.Interface) cache.ListerWatcher {
	return upstream.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			return client.CoreV1().Pods("").List(ctx, opts)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			return client.CoreV1().Pods("").Watch(ctx, opts)
		},
	}, client)
}

// start runs an informer of lw until the test ends.
func start[T metav1.Object](t *testing.T, lw cache.ListerWatcher, opts informer.Options[T]) *informer.SharedIndexInformer[T] {
	t.Helper()
	source, err := bridge.SourceOf[T](lw)
	if err != nil {
		t.Fatal(err)
	}
	opts.Reflector = bridge.SourceOptions(lw)
	in, err := informer.New(source, opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-in.Synced():
	case <-time.After(time.Minute):
		t.Fatal("not synced after a minute")
	}
	return in
}

// A typed informer over a clientset, read by a generated lister.
func TestAGeneratedListerReadsATypedInformer(t *testing.T) {
	client := fake.NewClientset(pod("a", "x", map[string]string{"app": "web"}), pod("a", "y", nil), pod("b", "x", map[string]string{"app": "web"}))
	for _, indexers := range []indexer.Indexers[*corev1.Pod]{nil, {cache.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*corev1.Pod]}} {
		t.Run(fmt.Sprint(len(indexers), " indexes"), func(t *testing.T) {
			in := start(t, podsOf(client), informer.Options[*corev1.Pod]{Indexers: indexers})
			pods := corelisters.NewPodLister(bridge.IndexerOf(in))
			web := labels.SelectorFromSet(labels.Set{"app": "web"})
			all, err := pods.List(web)
			if err != nil || len(all) != 2 {
				t.Errorf("listed %d pods, %v", len(all), err)
			}
			some, err := pods.Pods("a").List(web)
			if err != nil || len(some) != 1 || some[0].Name != "x" {
				t.Errorf("listed %v of a namespace, %v", some, err)
			}
			one, err := pods.Pods("b").Get("x")
			if err != nil || one.Namespace != "b" {
				t.Errorf("got %v, %v", one, err)
			}
			if stored, _, _ := in.Indexer().GetByKey("b/x"); stored != one {
				t.Error("the lister has a copy")
			}
			if _, err := pods.Pods("b").Get("none"); err == nil {
				t.Error("got a pod that is not there")
			}
		})
	}
}

// A typed informer over a dynamic client, which follows what changes.
func TestASourceFollowsADynamicClient(t *testing.T) {
	resource := schema.GroupVersionResource{Group: "example.io", Version: "v1", Resource: "widgets"}
	widget := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.io/v1", "kind": "Widget", "metadata": map[string]any{"namespace": "a", "name": "x"},
	}}
	client := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{resource: "WidgetList"}, widget)
	watching := make(chan struct{}) // a fake's watch tells of what comes after it alone
	once := sync.OnceFunc(func() { close(watching) })
	lw := upstream.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			return client.Resource(resource).List(ctx, opts)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			defer once()
			return client.Resource(resource).Watch(ctx, opts)
		},
	}, client)
	in := start(t, lw, informer.Options[*unstructured.Unstructured]{})
	changes := make(chan string, 10)
	if _, err := in.AddHandler(informer.HandlerFunc[*unstructured.Unstructured](func(_ context.Context, e informer.Event[*unstructured.Unstructured]) {
		changes <- fmt.Sprint(e.Type, " ", e.Key)
	}), informer.HandlerOptions{}); err != nil {
		t.Fatal(err)
	}
	expect(t, changes, "Add a/x")
	<-watching
	if err := client.Resource(resource).Namespace("a").Delete(t.Context(), "x", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expect(t, changes, "Delete a/x")
}

func expect(t *testing.T, changes <-chan string, want string) {
	t.Helper()
	select {
	case got := <-changes:
		if got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Errorf("not told %q within a minute", want)
	}
}

// R4: of a list an object of another type is refused by itself; the parts are small, and
// an error of the receiver ends the list.
func TestAListOfSeveralTypes(t *testing.T) {
	list := &corev1.List{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}
	for i := range 1000 {
		list.Items = append(list.Items, runtime.RawExtension{Object: pod("a", fmt.Sprint(i), nil)})
	}
	list.Items[3].Object = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", ResourceVersion: "5"}}
	var answer runtime.Object = list
	lw := &cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) { return answer, nil },
	}
	source, err := bridge.SourceOf[*corev1.Pod](lw)
	if err != nil {
		t.Fatal(err)
	}
	items, parts := 0, 0
	var refused []error
	about, err := source.List(t.Context(), metav1.ListOptions{}, func(p reflector.Part[*corev1.Pod]) error {
		items, parts = items+len(p.Items), parts+1
		refused = append(refused, p.Refused...)
		return nil
	})
	var decode *reflector.DecodeError
	if err != nil || items != 999 || parts != 2 || about.ResourceVersion != "7" {
		t.Errorf("%d items in %d parts at %q, %v", items, parts, about.ResourceVersion, err)
	}
	if len(refused) != 1 || !errors.As(refused[0], &decode) || decode.Key != "n" || decode.ResourceVersion != "5" || decode.Type != "*v1.Pod" {
		t.Errorf("refused: %v", refused)
	}
	bad := errors.New("enough")
	if _, err := source.List(t.Context(), metav1.ListOptions{}, func(reflector.Part[*corev1.Pod]) error { return bad }); err != bad {
		t.Errorf("the error is %v", err)
	}
	answer = &corev1.Pod{}
	if _, err := source.List(t.Context(), metav1.ListOptions{}, nil); err == nil || !strings.Contains(err.Error(), "*v1.Pod, which is no list") {
		t.Errorf("the error is %v", err)
	}
}

// A fake's lists are asked for in pages, and its versions are not compared.
func TestAFakeIsNoServer(t *testing.T) {
	client := fake.NewClientset()
	lw := podsOf(client)
	source, err := bridge.SourceOf[*corev1.Pod](lw)
	if err != nil {
		t.Fatal(err)
	}
	stream := true
	if _, err := source.Watch(t.Context(), metav1.ListOptions{SendInitialEvents: &stream}); !errors.Is(err, reflector.ErrNoStreamedList) {
		t.Errorf("the error is %v", err)
	}
	if opts := bridge.SourceOptions(lw); !opts.UnorderedVersions || !opts.DisableStreaming {
		t.Errorf("the options are %+v", opts)
	}
	real, err := kubernetes.NewForConfig(&rest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if opts := bridge.SourceOptions(podsOf(real)); opts.UnorderedVersions || opts.DisableStreaming {
		t.Errorf("the options of a server are %+v", opts)
	}
	for _, lw := range []cache.ListerWatcher{nil, (*cache.ListWatch)(nil)} {
		if _, err := bridge.SourceOf[*corev1.Pod](lw); !errors.Is(err, bridge.ErrNoSource) {
			t.Errorf("the error is %v", err)
		}
		bridge.SourceOptions(lw)
	}
}

// An Indexer of IndexerOf answers as client-go's does, and changes nothing.
func TestAnIndexerOnlyReads(t *testing.T) {
	objs := []*corev1.Pod{pod("a", "x", nil), pod("b", "y", nil)}
	in := start(t, podsOf(fake.NewClientset(objs[0], objs[1])), informer.Options[*corev1.Pod]{})
	ours := bridge.IndexerOf(in)
	theirs := upstream.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, obj := range objs {
		if err := theirs.Add(obj); err != nil {
			t.Fatal(err)
		}
	}
	byName := cache.Indexers{"name": func(obj any) ([]string, error) { return []string{obj.(*corev1.Pod).Name}, nil }}
	for _, x := range []cache.Indexer{ours, theirs} {
		if err := x.AddIndexers(byName); err != nil {
			t.Error(err)
		}
		if err := x.AddIndexers(byName); err == nil {
			t.Error("an index was added twice")
		}
	}
	if err := ours.AddIndexers(cache.Indexers{"nil": nil}); err == nil {
		t.Error("a nil index function was added")
	}
	answers := func(x cache.Indexer) []string {
		var all []string
		note := func(answer ...any) { all = append(all, fmt.Sprint(answer...)) }
		names := func(objs []any, err error) string {
			var names []string
			for _, obj := range objs {
				names = append(names, obj.(*corev1.Pod).Name)
			}
			return fmt.Sprint(slices.Sorted(slices.Values(names)), err != nil)
		}
		note(names(x.List(), nil), slices.Sorted(slices.Values(x.ListKeys())))
		for _, key := range []string{"a/x", "none"} {
			obj, exists, err := x.GetByKey(key)
			note(obj != nil, exists, err)
		}
		obj, exists, err := x.Get(objs[0])
		note(obj != nil, exists, err)
		note(names(x.ByIndex("name", "y")), names(x.ByIndex("none", "y")), names(x.Index("name", objs[1])), names(x.Index("none", objs[1])))
		note(names(x.Index(cache.NamespaceIndex, &metav1.ObjectMeta{Namespace: "a"}))) // which is not there
		keys, err := x.IndexKeys("name", "x")
		note(keys, err, x.ListIndexFuncValues("none"), slices.Sorted(slices.Values(x.ListIndexFuncValues("name"))))
		values, err := x.GetIndexers()["name"](objs[0])
		note(len(x.GetIndexers()), values, err, x.Resync())
		return all
	}
	if got, want := answers(ours), answers(theirs); !slices.Equal(got, want) {
		t.Errorf("it answers\n%q, client-go's\n%q", got, want)
	}
	for what, err := range map[string]error{
		"Add": ours.Add(objs[0]), "Update": ours.Update(objs[0]), "Delete": ours.Delete(objs[0]), "Replace": ours.Replace(nil, "9"),
	} {
		if !errors.Is(err, bridge.ErrReadOnly) {
			t.Errorf("%s: the error is %v", what, err)
		}
	}
	version := ours.LastStoreSyncResourceVersion()
	ours.Bookmark("99")
	if _, _, err := ours.Get(&corev1.Node{}); err == nil || !strings.Contains(err.Error(), "*v1.Node was given") {
		t.Errorf("Get of another type: %v", err)
	}
	if _, err := ours.Index("name", &corev1.Node{}); err == nil {
		t.Error("Index of another type is no error")
	}
	if _, err := ours.GetIndexers()["name"](&corev1.Node{}); err == nil {
		t.Error("an index function of another type is no error")
	}
	if len(ours.List()) != 2 || ours.LastStoreSyncResourceVersion() != version {
		t.Error("something has changed")
	}
}

func TestEngineOf(t *testing.T) {
	lw, example := &cache.ListWatch{}, &corev1.Pod{}
	stock, ours := upstream.NewSharedIndexInformer(lw, example, 0, nil), cache.NewSharedIndexInformer(lw, example, 0, nil)
	for name, c := range map[string]struct {
		informer cache.SharedInformer
		want     bridge.Engine
	}{
		"client-go's":        {stock, bridge.EngineClientGo},
		"client-go's, typed": {upstream.NewTypedSharedIndexInformer[*corev1.Pod](stock), bridge.EngineClientGo},
		"ours":               {ours, bridge.EngineInformant},
		"ours, typed":        {cache.NewTypedSharedIndexInformer[*corev1.Pod](ours), bridge.EngineInformant},
		"of a factory":       {informers.NewSharedInformerFactory(fake.NewClientset(), 0).Core().V1().Pods().Informer(), bridge.EngineClientGo},
		"nil":                {nil, bridge.EngineUnknown},
		"a fake":             {struct{ cache.SharedIndexInformer }{stock}, bridge.EngineUnknown},
	} {
		if got := bridge.EngineOf(c.informer); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
