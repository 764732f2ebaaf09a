package bridge_test

import (
	"context"
	"fmt"
	"log"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/informer"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// A typed informer reads what a clientset lists and watches.
func ExampleSourceOf() {
	lw := podsOf(fake.NewClientset(pod("shop", "web", nil))) // any ListerWatcher of client-go

	source, err := bridge.SourceOf[*corev1.Pod](lw)
	if err != nil {
		log.Fatal(err)
	}
	pods, err := informer.New(source, informer.Options[*corev1.Pod]{Reflector: bridge.SourceOptions(lw)})
	if err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- pods.Run(ctx) }()
	<-pods.Synced()
	fmt.Println(pods.Indexer().ListKeys())
	cancel()
	fmt.Println(<-ended)
	// Output:
	// [shop/web]
	// <nil>
}

// A generated lister reads the store of a typed informer.
func ExampleIndexerOf() {
	lw := podsOf(fake.NewClientset(pod("shop", "web", nil)))
	source, err := bridge.SourceOf[*corev1.Pod](lw)
	if err != nil {
		log.Fatal(err)
	}
	in, err := informer.New(source, informer.Options[*corev1.Pod]{Reflector: bridge.SourceOptions(lw)})
	if err != nil {
		log.Fatal(err)
	}
	pods := corelisters.NewPodLister(bridge.IndexerOf(in))

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- in.Run(ctx) }()
	<-in.Synced()
	web, err := pods.Pods("shop").Get("web")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(web.Name)
	cancel()
	fmt.Println(<-ended)
	// Output:
	// web
	// <nil>
}

// EngineOf shows that a swap has worked.
func ExampleEngineOf() {
	lw := &cache.ListWatch{}
	fmt.Println(bridge.EngineOf(upstream.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)))
	fmt.Println(bridge.EngineOf(cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)))
	// Output:
	// client-go
	// informant
}
