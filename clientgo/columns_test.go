package clientgo_test

import (
	"context"
	"fmt"
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// These examples use client-go alone: they are one column of the page "From
// client-go" in docs/. The other column is in docs/example_test.go.

var web = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", ResourceVersion: "2"}}

// byNode is an index function.
func byNode(obj any) ([]string, error) { return []string{obj.(*corev1.Pod).Spec.NodeName}, nil }

func Example_stockInformer() {
	client := fake.NewClientset(web)

	queue := workqueue.NewTypedRateLimitingQueue(
		workqueue.DefaultTypedControllerRateLimiter[string]())
	factory := informers.NewSharedInformerFactory(client, 0)
	in := factory.Core().V1().Pods().Informer()
	_ = in.AddIndexers(cache.Indexers{"node": byNode})
	add := func(obj any) {
		key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
		if err == nil {
			queue.Add(key)
		}
	}
	handler, _ := in.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, obj any) { add(obj) },
		DeleteFunc: add,
	})

	ctx, cancel := context.WithCancel(context.Background())
	factory.StartWithContext(ctx)
	fmt.Println(cache.WaitForCacheSync(ctx.Done(), handler.HasSynced))
	fmt.Println(queue.Len(), "key waits")
	cancel()
	factory.Shutdown()
	queue.ShutDown()
	// Output:
	// true
	// 1 key waits
}

// reconcile is what a controller does with a pod.
func reconcile(p *corev1.Pod) error {
	fmt.Println("reconciled", p.Name)
	return nil
}

func Example_stockWorker() {
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	_ = store.Add(web)
	queue := workqueue.NewTypedRateLimitingQueue(
		workqueue.DefaultTypedControllerRateLimiter[string]())
	queue.Add("shop/web")
	queue.ShutDown()

	for {
		key, shutdown := queue.Get()
		if shutdown {
			return
		}
		obj, exists, err := store.GetByKey(key)
		if err == nil && exists {
			err = reconcile(obj.(*corev1.Pod))
		}
		if err != nil {
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
	// Output: reconciled web
}

func Example_stockDelete() {
	gone := cache.DeletedFinalStateUnknown{Key: "shop/web", Obj: web}

	onDelete := func(obj any) {
		stale := false
		if t, ok := obj.(cache.DeletedFinalStateUnknown); ok {
			obj, stale = t.Obj, true
		}
		pod, ok := obj.(*corev1.Pod)
		if !ok {
			return
		}
		key, _ := cache.MetaNamespaceKeyFunc(pod)
		fmt.Println(key, pod.Name, stale)
	}

	onDelete(gone)
	// Output: shop/web web true
}
