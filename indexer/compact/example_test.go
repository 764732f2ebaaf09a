package compact_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/compact"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type widget = metav1.PartialObjectMetadata

var widgets = apitest.Resource{Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An informer whose store keeps bytes. With Compressor: s2dict.New(), of a module of
// its own, they are compressed. The queue is told of no known objects, since it would
// decode each of them to compare a list with it.
func Example() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	w := &widget{}
	w.SetGroupVersionKind(widgets.GroupVersionKind())
	w.Namespace, w.Name, w.Labels = "default", "a", map[string]string{"size": "large"}
	must(apitest.Of[*widget](server, widgets).Create(w))

	cache := must(compact.New(compact.Protobuf[widget](), compact.Options[*widget]{
		Store: indexer.Options[*widget]{Name: "widgets", Indexers: indexer.Indexers[*widget]{
			indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*widget],
		}},
	}))
	in := must(informer.New(must(httpsource.New(httpsource.Config[*widget]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	})), informer.Options[*widget]{
		Name:    "widgets",
		Indexer: cache,
		NewQueue: func(a object.Access[*widget], o deltafifo.Options[*widget]) (deltafifo.Queue[*widget], error) {
			o.KnownObjects = nil
			return deltafifo.NewInOrderWithAccess(a, o)
		},
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	must(0, informer.WaitForSync(ctx, in))

	first, _, err := cache.GetByKey("default/a")
	second, _, _ := cache.GetByKey("default/a")
	fmt.Println(first.Labels, err, "the same object:", first == second)
	fmt.Println("kept decoded:", cache.Stats().Decoded)
	cancel()
	<-done
	// Output:
	// map[size:large] <nil> the same object: false
	// kept decoded: 0
}
