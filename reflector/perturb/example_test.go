package perturb_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/reflector/perturb"
)

// A controller that counts in its cache what there is, and creates what is missing, is
// right as long as the cache is quick. Behind a cache that lags it creates everything
// twice: it has to remember what it has created until the cache has that as well.
func Example() {
	server := must(apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[widget](server, widgets)
	source := perturb.NewStale(must(httpsource.New(httpsource.Config[widget]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	})))
	in := must(informer.New(source, informer.Options[widget]{}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	<-in.Synced()

	last := ""
	reconcile := func(wanted int) {
		for range wanted - len(in.Indexer().List()) {
			last = must(objects.Create(newWidget(fmt.Sprint("w-", objects.Len()), ""))).ResourceVersion
		}
	}
	reconcile(3)
	must(0, in.Indexer().WaitFor(ctx, last)) // a quick cache
	reconcile(3)
	fmt.Println("wanted 3, there are", objects.Len())

	source.Hold()
	reconcile(5)
	reconcile(5)
	source.Release()
	fmt.Println("wanted 5, there are", objects.Len())

	cancel()
	<-ended
	// Output:
	// wanted 3, there are 3
	// wanted 5, there are 7
}
