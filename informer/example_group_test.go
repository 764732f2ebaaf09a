package informer_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Two parts of a program want the same widgets, and a third one some of them: there is
// one list and one watch.
func ExampleGroup() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[*metav1.PartialObjectMetadata](server, widgets)
	must(objects.Create(widget("a", "large")))
	must(objects.Create(widget("b", "small")))

	all := informer.Query[*metav1.PartialObjectMetadata]{
		Resource: widgets.GroupVersionResource(),
		Source: func(namespace string, s informer.Selector) (reflector.ListerWatcher[*metav1.PartialObjectMetadata], error) {
			return httpsource.New(httpsource.Config[*metav1.PartialObjectMetadata]{
				Client: server.Client(), BaseURL: server.URL,
				Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
				Namespace: namespace, LabelSelector: s.Labels, FieldSelector: s.Fields,
			})
		},
	}
	large := all
	large.Selectors = []informer.Selector{{Labels: "size=large"}}

	group := must(informer.NewGroup(informer.GroupOptions{MaxLists: 4}))
	one, two, some := must(informer.Get(group, all)), must(informer.Get(group, all)), must(informer.Get(group, large))
	ended := make(chan error, 1)
	go func() { ended <- group.Run(context.Background()) }()
	if err := group.WaitForSync(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println("shared:", one.Informer() == two.Informer())
	fmt.Println("large:", some.Informer().Indexer().ListKeys())
	fmt.Println("ready:", group.Ready(context.Background()) == nil)
	for _, status := range group.Statuses() {
		fmt.Printf("%s has %d objects and %d leases\n", status.Name, status.Objects, len(status.Leases))
	}
	fmt.Println(group.Shutdown(context.Background()), <-ended)
	fmt.Println(server.Count(apitest.VerbWatch, "widgets"), "watch")
	// Output:
	// shared: true
	// large: [default/a]
	// ready: true
	// widgets.v1.example.io has 2 objects and 3 leases
	// widgets.v1.example.io where size=large has 1 objects and 1 leases
	// <nil> <nil>
	// 1 watch
}

// The namespaces of a private query change while it runs.
func ExampleLease_SetNamespaces() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[*metav1.PartialObjectMetadata](server, widgets)
	for _, tenant := range []string{"ada", "bob"} {
		w := widget("w", "small")
		w.Namespace = tenant
		must(objects.Create(w))
	}
	group := must(informer.NewGroup(informer.GroupOptions{}))
	tenants := must(informer.Get(group, informer.Query[*metav1.PartialObjectMetadata]{
		Resource:   widgets.GroupVersionResource(),
		Namespaces: []string{"ada"},
		Private:    true,
		Source: func(namespace string, s informer.Selector) (reflector.ListerWatcher[*metav1.PartialObjectMetadata], error) {
			return httpsource.New(httpsource.Config[*metav1.PartialObjectMetadata]{
				Client: server.Client(), BaseURL: server.URL,
				Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
				Namespace: namespace, LabelSelector: s.Labels, FieldSelector: s.Fields,
			})
		},
	}))
	seen := make(chan string)
	must(tenants.Informer().AddHandler(informer.HandlerFuncs[*metav1.PartialObjectMetadata]{
		OnAdd:    func(w *metav1.PartialObjectMetadata, _ bool) { seen <- "added " + w.Namespace },
		OnDelete: func(d object.Deleted[*metav1.PartialObjectMetadata]) { seen <- "deleted " + d.Key },
	}, informer.HandlerOptions{}))
	ended := make(chan error, 1)
	go func() { ended <- group.Run(context.Background()) }()
	fmt.Println(<-seen)
	if err := tenants.SetNamespaces("bob"); err != nil {
		fmt.Println(err)
	}
	came, gone := <-seen, <-seen
	if came > gone { // whichever was first
		came, gone = gone, came
	}
	fmt.Println(came, "and", gone)
	fmt.Println(group.Shutdown(context.Background()), <-ended)
	// Output:
	// added ada
	// added bob and deleted ada/w
	// <nil> <nil>
}
