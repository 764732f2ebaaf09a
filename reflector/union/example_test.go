package union_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/reflector/union"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type widget = *metav1.PartialObjectMetadata

var widgets = apitest.Resource{Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// One informer with one store for the widgets of two namespaces; a third one is added
// while it runs, and one is left.
func Example() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[widget](server, widgets)
	for _, namespace := range []string{"a", "b", "c", "d"} {
		w := &metav1.PartialObjectMetadata{}
		w.SetGroupVersionKind(widgets.GroupVersionKind())
		w.Namespace, w.Name = namespace, "w"
		must(objects.Create(w))
	}
	query := func(namespace string) union.Query[widget] {
		return union.Query[widget]{Name: "namespace " + namespace, Source: must(httpsource.New(httpsource.Config[widget]{
			Client: server.Client(), BaseURL: server.URL, Namespace: namespace,
			Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
		}))}
	}

	runner := must(union.New(union.Options{Name: "widgets"}, query("a"), query("b")))
	in := must(informer.NewFromRunner(object.Meta[widget](), reflector.Runner[widget](runner), informer.Options[widget]{
		Name: "widgets", SourceStatus: runner.Status, VersionsByBookmark: true,
	}))
	told := make(chan string, 10)
	must(in.AddHandler(informer.HandlerFunc[widget](func(_ context.Context, e informer.Event[widget]) {
		told <- e.Type.String() + " " + e.Key
	}), informer.HandlerOptions{}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	fmt.Println(<-told)
	fmt.Println(<-told)

	must(0, runner.Set(query("a"), query("b"), query("c")))
	fmt.Println(<-told)
	must(0, runner.Set(query("b"), query("c")))
	fmt.Println(<-told)

	cancel()
	<-ended
	// Unordered output:
	// Add a/w
	// Add b/w
	// Add c/w
	// Delete a/w
}
