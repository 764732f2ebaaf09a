package informerfactory_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/informerfactory"
	"github.com/informant-go/informant/reflector/apitest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
)

// One line puts another engine under a program that uses client-go's generated factory.
func ExampleWrap() {
	client := fake.NewClientset(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}})

	factory, err := informerfactory.Wrap(informers.NewSharedInformerFactory(client, 0))
	if err != nil {
		log.Fatal(err)
	}

	pods := factory.Core().V1().Pods()
	fmt.Println("engine:", bridge.EngineOf(pods.Informer()))

	ctx, cancel := context.WithCancel(context.Background())
	factory.StartWithContext(ctx)
	factory.WaitForCacheSyncWithContext(ctx)

	listed, err := pods.Lister().Pods("shop").List(labels.Everything())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("pods:", len(listed))

	cancel()
	factory.Shutdown()
	// Output:
	// engine: informant
	// pods: 1
}

// With the config of the client, the objects of a factory come over this library's own
// source: protobuf where there is any, decoded on several goroutines.
func ExampleWithConfig() {
	config, end := shop() // a kubeconfig, or rest.InClusterConfig
	defer end()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}

	overHTTP, err := informerfactory.WithConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	factory, err := informerfactory.Wrap(informers.NewSharedInformerFactory(client, 0), overHTTP)
	if err != nil {
		log.Fatal(err)
	}
	pods := factory.Core().V1().Pods().Informer()

	ctx, cancel := context.WithCancel(context.Background())
	factory.StartWithContext(ctx)
	factory.WaitForCacheSyncWithContext(ctx)
	fmt.Println(len(pods.GetStore().List()), "pod by", bridge.WireOf(pods), "on", bridge.EngineOf(pods))

	cancel()
	factory.Shutdown()
	// Output: 1 pod by protobuf on informant
}

// shop is a server with one pod.
func shop() (config *rest.Config, end func()) {
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{podResource}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := apitest.Of[*corev1.Pod](server, podResource).Create(pod("shop", "web")); err != nil {
		log.Fatal(err)
	}
	transport := &http.Transport{}
	return &rest.Config{Host: server.URL, Transport: transport}, func() {
		transport.CloseIdleConnections()
		server.Close()
	}
}
