// Command shop is a program as there are many: an informer with an index, a work
// queue, and a generated factory beside it. Which engine is behind them is a
// matter of its imports.
package main

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

func main() {
	client := fake.NewClientset(pod("db"), pod("web"), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1"}})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	pods := podInformer(client)
	handler, err := pods.AddEventHandler(enqueue(queue))
	if err != nil {
		panic(err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	nodes := factory.Core().V1().Nodes().Lister()
	go pods.RunWithContext(ctx)
	factory.StartWithContext(ctx)
	factory.WaitForCacheSync(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), handler.HasSynced) {
		panic("the informer has not synced")
	}

	fmt.Println(work(queue))
	onNode, err := pods.GetIndexer().ByIndex("node", "node-1")
	fmt.Println(len(onNode), "pods on node-1", err)
	all, err := nodes.List(labels.Everything())
	fmt.Println(len(all), "nodes", err)
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
	}
}

func podInformer(client kubernetes.Interface) cache.SharedIndexInformer {
	pods := client.CoreV1().Pods(metav1.NamespaceAll)
	return cache.NewSharedIndexInformer(
		cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return pods.List(ctx, o)
			},
			WatchFuncWithContext: pods.Watch,
		}, client),
		&corev1.Pod{}, 0,
		cache.Indexers{"node": func(obj any) ([]string, error) { return []string{obj.(*corev1.Pod).Spec.NodeName}, nil }},
	)
}

func enqueue(queue workqueue.TypedInterface[string]) cache.ResourceEventHandler {
	add := func(obj any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
			queue.Add(key)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, obj any) { add(obj) }, DeleteFunc: add}
}

// work returns what it was given to do until nothing was left.
func work(queue workqueue.TypedRateLimitingInterface[string]) (done []string) {
	queue.ShutDown()
	for {
		key, shutdown := queue.Get()
		if shutdown {
			slices.Sort(done)
			return done
		}
		done = append(done, key)
		queue.Forget(key)
		queue.Done(key)
	}
}
