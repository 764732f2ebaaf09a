package informer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/go-logr/logr"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// followed starts a server and an informer of its widgets, until end is called.
func followed() (objects apitest.Collection[*metav1.PartialObjectMetadata], in *informer.SharedIndexInformer[*metav1.PartialObjectMetadata], end func()) {
	server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets}}))
	source := must(httpsource.New(httpsource.Config[*metav1.PartialObjectMetadata]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	}))
	in = must(informer.New(source, informer.Options[*metav1.PartialObjectMetadata]{Name: "widgets"}))
	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	if err := informer.WaitForSync(context.Background(), in); err != nil {
		panic(err)
	}
	return apitest.Of[*metav1.PartialObjectMetadata](server, widgets), in, func() {
		if err := errors.Join(in.Stop(context.Background()), <-ended); err != nil {
			panic(err)
		}
		server.Close()
	}
}

// A test of a handler: when Quiesce returns, it has been called for everything that the
// informer was told, and so for the write that the store is known to have.
func ExampleSharedIndexInformer_Quiesce() {
	objects, in, end := followed()
	defer end()
	names := []string{} // is written by the handler alone, until it rests
	must(in.AddHandler(informer.HandlerFunc[*metav1.PartialObjectMetadata](
		func(_ context.Context, e informer.Event[*metav1.PartialObjectMetadata]) {
			names = append(names, e.Type.String()+" "+e.Object.Name)
		}), informer.HandlerOptions{}))

	must(objects.Create(widget("a", "small")))
	last := must(objects.Create(widget("b", "small")))

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(in.Indexer().WaitFor(ctx, last.ResourceVersion)) // the informer was told
	fmt.Println(in.Quiesce(ctx), names)
	// Output:
	// <nil>
	// <nil> [Add a Add b]
}

// A controller that sees to it that there are two widgets. It does not count before its
// store shows what it has created.
func ExampleWrites() {
	objects, in, end := followed()
	defer end()
	resource := schema.GroupResource{Group: "example.io", Resource: "widgets"}
	writes := must(informer.NewWrites(map[schema.GroupResource]informer.VersionedStore{resource: in.Indexer()}))

	const owner, uid = "default/pair", "4711" // of what the widgets belong to
	sync := func(ctx context.Context) error {
		if err := writes.WaitReady(ctx, owner); err != nil {
			return err // or EnsureReady, and workqueue.After(10*time.Millisecond, nil)
		}
		for n := len(in.Indexer().ListKeys()); n < 2; n++ {
			created, err := objects.Create(widget(fmt.Sprint("widget-", n), "small"))
			if err != nil {
				return err
			}
			if err := writes.WroteAt(owner, uid, resource, created.ResourceVersion); err != nil {
				return err
			}
		}
		return nil
	}
	for range 10 {
		if err := sync(context.Background()); err != nil {
			panic(err)
		}
	}
	fmt.Println(objects.Len(), "widgets")
	// Output: 2 widgets
}

// Gauge is a kind that not every gauge on the server fits.
type Gauge struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Bar               int `json:"bar"`
}

// What cannot be returned is logged by a logr.Logger, which any slog.Handler can be: an
// informer is given one in its options, or with the context of Run, by klog.NewContext. An
// error has slog's level Error, and V(2) its level -2.
func ExampleOptions_slog() {
	gauges := apitest.Resource{Group: "example.io", Version: "v1", Resource: "gauges", Kind: "Gauge"}
	server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{gauges}}))
	defer server.Close()
	odd := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.io/v1", "kind": "Gauge", "bar": "high"}}
	odd.SetName("boiler")
	must(apitest.Of[*unstructured.Unstructured](server, gauges).Create(odd))
	must(apitest.Of[*Gauge](server, gauges).Create(&Gauge{ObjectMeta: metav1.ObjectMeta{Name: "pump"}}))

	source := must(httpsource.New(httpsource.Config[*Gauge]{
		Client: server.Client(), BaseURL: server.URL, Group: "example.io", Version: "v1", Resource: "gauges",
	}))
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: briefly})
	in := must(informer.New(source, informer.Options[*Gauge]{Name: "gauges", Logger: logr.FromSlogHandler(handler)}))

	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	fmt.Println(informer.WaitForSync(context.Background(), in), in.Status().Source.Refusals)
	fmt.Println(in.Stop(context.Background()), <-ended)
	// Unordered output:
	// level=ERROR msg="The reflector met an error"
	// level=ERROR msg="The cache is not in step with the server" reflector=gauges type=*informer_test.Gauge source=/apis/example.io/v1/gauges
	// <nil> map[not decodable:1]
	// <nil> <nil>
}

// briefly leaves times and long texts out of a log.
func briefly(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "lastContact" || a.Key == "err" {
		return slog.Attr{}
	}
	return a
}
