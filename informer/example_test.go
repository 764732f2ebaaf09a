package informer_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/debug"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// widgets is the resource of the examples.
var widgets = apitest.Resource{Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}

func widget(name, size string) *metav1.PartialObjectMetadata {
	w := &metav1.PartialObjectMetadata{}
	w.SetGroupVersionKind(widgets.GroupVersionKind())
	w.Namespace, w.Name, w.Labels = "default", name, map[string]string{"size": size}
	return w
}

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An informer over HTTP, with an index and a handler.
func Example() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[*metav1.PartialObjectMetadata](server, widgets)
	must(objects.Create(widget("a", "large")))
	must(objects.Create(widget("b", "small")))

	source := must(httpsource.New(httpsource.Config[*metav1.PartialObjectMetadata]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	}))
	in := must(informer.New(source, informer.Options[*metav1.PartialObjectMetadata]{
		Indexers: indexer.Indexers[*metav1.PartialObjectMetadata]{
			"size": func(w *metav1.PartialObjectMetadata) ([]string, error) { return []string{w.Labels["size"]}, nil },
		},
	}))
	deleted := make(chan string, 1)
	handler := must(in.AddHandler(informer.HandlerFuncs[*metav1.PartialObjectMetadata]{
		OnDelete: func(d object.Deleted[*metav1.PartialObjectMetadata]) { deleted <- d.Key },
	}, informer.HandlerOptions{}))

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	if err := informer.WaitForSync(ctx, in, handler); err != nil {
		panic(err)
	}
	large := must(in.Indexer().ByIndex("size", "large"))
	fmt.Println("large:", len(large), large[0].Name)

	must(objects.Delete("default", "b"))
	fmt.Println("deleted:", <-deleted)

	cancel()
	fmt.Println("Run returned", <-done)
	// Output:
	// large: 1 a
	// deleted: default/b
	// Run returned <nil>
}

// counter is a source of one's own: it needs no server.
type counter struct{ n int }

// Run hands over what there is, and waits for the end.
func (c *counter) Run(ctx context.Context, sink reflector.Sink[int]) error {
	for i := range c.n {
		if err := sink.Add(ctx, i); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// Anything that can fill a Sink stands in for the reflector, and the objects
// can be of any type.
func ExampleNewFromRunner() {
	access := object.Keyed(func(i int) (string, error) { return fmt.Sprint("number-", i), nil }, object.Fields[int]{})
	in := must(informer.NewFromRunner(access, &counter{n: 3}, informer.Options[int]{Name: "numbers"}))
	seen := make(chan string)
	must(in.AddHandler(informer.HandlerFunc[int](func(ctx context.Context, e informer.Event[int]) {
		select {
		case seen <- fmt.Sprint(e.Type, " ", e.Key):
		case <-ctx.Done():
		}
	}), informer.HandlerOptions{}))

	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	for range 3 {
		fmt.Println(<-seen)
	}
	fmt.Println(in.Stop(context.Background()), <-ended)
	// Output:
	// Add number-0
	// Add number-1
	// Add number-2
	// <nil> <nil>
}

// A filter shows a handler the objects that pass: what begins to pass is an
// Add, what ceases to pass a Delete.
func ExampleFilteringHandler() {
	even := informer.FilteringHandler[int]{
		Filter: func(i int) bool { return i%2 == 0 },
		Handler: informer.HandlerFunc[int](func(_ context.Context, e informer.Event[int]) {
			fmt.Println(e.Type, e.Old, e.Object)
		}),
	}
	ctx := context.Background()
	even.OnEvent(ctx, informer.Event[int]{Type: informer.EventUpdate, Old: 1, Object: 2})
	even.OnEvent(ctx, informer.Event[int]{Type: informer.EventUpdate, Old: 2, Object: 4})
	even.OnEvent(ctx, informer.Event[int]{Type: informer.EventUpdate, Old: 4, Object: 5})
	even.OnEvent(ctx, informer.Event[int]{Type: informer.EventDelete, Old: 5, Object: 5})
	// Output:
	// Add 0 2
	// Update 2 4
	// Delete 4 4
}

// The debug page shows informers of any types of objects.
func ExampleSharedIndexInformer_Status() {
	in := must(informer.NewFromRunner(object.Keyed(
		func(i int) (string, error) { return fmt.Sprint(i), nil }, object.Fields[int]{},
	), &counter{}, informer.Options[int]{Name: "numbers"}))
	page := httptest.NewRecorder()
	debug.Handler(in).ServeHTTP(page, httptest.NewRequest("GET", "/?format=json", nil))
	fmt.Print(strings.TrimSpace(page.Body.String()))
	// Output: [{"Name":"numbers","Running":false,"Synced":false,"Objects":0,"ResourceVersion":"","Indexes":[],"QueueDepth":0,"Resyncs":0,"Handlers":[]}]
}

// A handler that is slower than the changes is told of the latest state of each
// object, and of nothing that came and went meanwhile.
func ExampleBacklog() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[*metav1.PartialObjectMetadata](server, widgets)
	must(objects.Create(widget("a", "small")))
	in := must(informer.New(must(httpsource.New(httpsource.Config[*metav1.PartialObjectMetadata]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	})), informer.Options[*metav1.PartialObjectMetadata]{}))

	coalesce := informer.Backlog{Policy: informer.BacklogCoalesce}
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	slow := must(in.AddHandler(informer.HandlerFunc[*metav1.PartialObjectMetadata](
		func(_ context.Context, e informer.Event[*metav1.PartialObjectMetadata]) {
			fmt.Println(e.Type, e.Key, e.Object.Labels["size"])
			entered <- struct{}{}
			<-leave
		}), informer.HandlerOptions{Backlog: coalesce}))
	reached := make(chan struct{})
	must(in.AddHandler(informer.HandlerFunc[*metav1.PartialObjectMetadata](
		func(_ context.Context, e informer.Event[*metav1.PartialObjectMetadata]) {
			if e.Key == "default/c" {
				close(reached)
			}
		}), informer.HandlerOptions{Backlog: coalesce}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()

	<-entered // the slow one is in its first callback
	for _, size := range []string{"medium", "large"} {
		must(objects.Modify("default", "a", func(w *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
			w.Labels["size"] = size
			return w
		}))
	}
	must(objects.Create(widget("b", "small")))
	must(objects.Delete("default", "b"))
	must(objects.Create(widget("c", "small")))
	<-reached
	fmt.Println("waiting:", slow.Status().Depth)
	slow.Drain() // and no more after that
	leave <- struct{}{}
	<-entered
	leave <- struct{}{}
	<-entered
	leave <- struct{}{}
	<-slow.Done()
	cancel()
	if err := <-done; err != nil {
		fmt.Println(err)
	}
	// Output:
	// Add default/a small
	// waiting: 2
	// Update default/a large
	// Add default/c small
}
