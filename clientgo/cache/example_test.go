package cache_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

// Code for client-go's informers runs as it is: only the import line of cache
// is another.
func ExampleNewSharedIndexInformer() {
	web := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", ResourceVersion: "1"},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
	}
	client := fake.NewClientset(web)
	pods := client.CoreV1().Pods(metav1.NamespaceAll)

	informer := cache.NewSharedIndexInformer(
		cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
				return pods.List(ctx, opts)
			},
			WatchFuncWithContext: pods.Watch,
		}, client),
		&corev1.Pod{}, 0,
		cache.Indexers{"node": func(obj any) ([]string, error) { return []string{obj.(*corev1.Pod).Spec.NodeName}, nil }},
	)
	handler, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { fmt.Println("added", obj.(*corev1.Pod).Name) },
	})
	if err != nil {
		panic(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); informer.RunWithContext(ctx) }()
	cache.WaitForCacheSync(ctx.Done(), handler.HasSynced)

	onNode, err := informer.GetIndexer().ByIndex("node", "node-1")
	fmt.Println(len(onNode), "pod on node-1,", err)
	cancel()
	<-done
	// Output:
	// added web
	// 1 pod on node-1, <nil>
}

// A store is filled and read as client-go's is.
func ExampleNewIndexer() {
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{
		cache.NamespaceIndex: cache.MetaNamespaceIndexFunc,
	})
	for _, name := range []string{"web", "db"} {
		if err := store.Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}); err != nil {
			panic(err)
		}
	}
	keys, err := store.IndexKeys(cache.NamespaceIndex, "shop")
	fmt.Println(keys, err)
	// Output: [shop/db shop/web] <nil>
}

// What happens to a key is gathered until somebody asks for it.
func ExampleNewDeltaFIFOWithOptions() {
	queue := cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{})
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	for _, report := range []func(any) error{queue.Add, queue.Update, queue.Delete} {
		if err := report(pod); err != nil {
			panic(err)
		}
	}
	_, err := queue.Pop(func(obj any, isInInitialList bool) error {
		for _, delta := range obj.(cache.Deltas) {
			fmt.Println(delta.Type)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// Added
	// Updated
	// Deleted
	// <nil>
}
