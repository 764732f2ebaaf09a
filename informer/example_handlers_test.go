package informer_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/workqueue"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// given is a source of a list, and of the updates that follow it.
type given struct {
	list, updates []*metav1.PartialObjectMetadata
}

func (g given) Run(ctx context.Context, sink reflector.Sink[*metav1.PartialObjectMetadata]) error {
	err := errors.Join(sink.Begin(ctx), sink.Page(ctx, g.list), sink.Commit(ctx, "1"))
	for _, obj := range g.updates {
		err = errors.Join(err, sink.Update(ctx, obj))
	}
	<-ctx.Done()
	return cmp.Or(err, ctx.Err())
}

// at gives an object a version and a generation.
func at(obj *metav1.PartialObjectMetadata, version string, generation int64) *metav1.PartialObjectMetadata {
	obj.ResourceVersion, obj.Generation = version, generation
	return obj
}

// A controller: an informer that adds keys to a queue, and workers that look at the
// object of each key. What changed goes before what was only listed; an update that
// changes neither generation nor labels is no work.
func ExampleEnqueue() {
	in := must(informer.NewFromRunner(object.Meta[*metav1.PartialObjectMetadata](), given{
		list: []*metav1.PartialObjectMetadata{at(widget("a", "small"), "1", 1), at(widget("b", "small"), "1", 1)},
		updates: []*metav1.PartialObjectMetadata{
			at(widget("a", "small"), "2", 1), // its status alone
			at(widget("b", "large"), "3", 1), // its labels
			at(widget("c", "small"), "4", 1), // it is new
		},
	}, informer.Options[*metav1.PartialObjectMetadata]{}))
	queue := workqueue.NewRateLimiting(workqueue.Options[string]{Name: "widgets"})
	handler := must(informer.Enqueue(queue, informer.EnqueueOptions[*metav1.PartialObjectMetadata]{
		When: informer.Or(
			informer.GenerationChanged[*metav1.PartialObjectMetadata],
			informer.LabelsChanged[*metav1.PartialObjectMetadata],
		),
	}))
	all := make(chan struct{})
	must(in.AddHandler(informer.HandlerFunc[*metav1.PartialObjectMetadata](
		func(ctx context.Context, e informer.Event[*metav1.PartialObjectMetadata]) {
			if handler.OnEvent(ctx, e); e.Object.Name == "c" {
				close(all) // so that this example has one outcome: a handler alone will do
			}
		}), informer.HandlerOptions{}))

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	<-all
	widgets := in.Lister().ByNamespace("default")
	left := 3
	err := workqueue.Run(ctx, queue, 1, func(_ context.Context, key string) error {
		w, err := widgets.Get(object.CutKey(key).Name)
		if err != nil {
			return err
		}
		fmt.Println("working on", key, "at", w.ResourceVersion)
		if left--; left == 0 {
			queue.ShutDown()
		}
		return nil
	}, workqueue.RunOptions[string]{})
	cancel()
	fmt.Println(err, <-ended)
	// Output:
	// working on default/b at 3
	// working on default/c at 4
	// working on default/a at 2
	// <nil> <nil>
}

// A handler that can do many things at once is called with all that has come.
func ExampleBatched() {
	in := must(informer.NewFromRunner(object.Meta[*metav1.PartialObjectMetadata](), given{
		list: []*metav1.PartialObjectMetadata{widget("a", "small"), widget("b", "large"), widget("c", "small")},
	}, informer.Options[*metav1.PartialObjectMetadata]{}))
	done := make(chan string, 1)
	handler := must(informer.Batched(informer.BatchHandlerFunc[*metav1.PartialObjectMetadata](
		func(_ context.Context, events []informer.Event[*metav1.PartialObjectMetadata]) {
			done <- fmt.Sprint("one transaction for ", len(events), " objects")
		}), 0))
	must(in.AddHandler(handler, informer.HandlerOptions{}))
	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	fmt.Println(<-done)
	fmt.Println(in.Stop(context.Background()), <-ended)
	// Output:
	// one transaction for 3 objects
	// <nil> <nil>
}

// A handler that takes long over an object is called for several at once. One that
// panics is reported, and goes on with the next event.
func ExampleParallel() {
	in := must(informer.NewFromRunner(object.Meta[*metav1.PartialObjectMetadata](), given{
		list: []*metav1.PartialObjectMetadata{widget("a", "small"), widget("b", "large"), widget("c", "small")},
	}, informer.Options[*metav1.PartialObjectMetadata]{}))
	both := make(chan string) // is sent by one and received by the other
	handler := must(informer.Parallel(2, informer.HandlerFunc[*metav1.PartialObjectMetadata](
		func(_ context.Context, e informer.Event[*metav1.PartialObjectMetadata]) {
			switch e.Object.Name {
			case "a":
				both <- e.Key
			case "b":
				fmt.Println(<-both, "and", e.Key, "at once")
				panic("b is broken")
			}
		})))
	reg := must(in.AddHandler(handler, informer.HandlerOptions{
		Panics:  informer.PanicIsolate,
		OnPanic: func(err *informer.PanicError) { fmt.Println(err.Key, "panicked:", err.Value) },
	}))
	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	<-reg.Synced()
	fmt.Println(in.Stop(context.Background()), <-ended)
	// Output:
	// default/a and default/b at once
	// default/b panicked: b is broken
	// <nil> <nil>
}

// inCluster is an object and where it is.
type inCluster struct {
	cluster string
	*metav1.PartialObjectMetadata
}

// One store over several clusters: each has an informer, whose handler tells the store
// of its objects, under a key that begins with the name of the cluster. A lister finds
// them by label, an index by cluster.
func Example_clusters() {
	access := object.Keyed(func(obj inCluster) (string, error) {
		key, err := object.MetaKey(obj.PartialObjectMetadata)
		return obj.cluster + "/" + key, err
	}, object.Fields[inCluster]{
		Name:   func(obj inCluster) object.Name { return object.NewName(obj.Namespace, obj.Name) },
		Labels: func(obj inCluster) map[string]string { return obj.Labels },
		// No Version: those of two clusters say nothing of one another.
	})
	fleet := must(indexer.NewWithAccess(access, indexer.Options[inCluster]{Indexers: indexer.Indexers[inCluster]{
		"cluster": func(obj inCluster) ([]string, error) { return []string{obj.cluster}, nil },
	}}))
	join := func(cluster string, objects ...*metav1.PartialObjectMetadata) *informer.SharedIndexInformer[*metav1.PartialObjectMetadata] {
		in := must(informer.NewFromRunner(object.Meta[*metav1.PartialObjectMetadata](), given{list: objects}, informer.Options[*metav1.PartialObjectMetadata]{Name: cluster}))
		reg := must(in.AddHandler(informer.HandlerFunc[*metav1.PartialObjectMetadata](
			func(_ context.Context, e informer.Event[*metav1.PartialObjectMetadata]) {
				write := fleet.Update
				if e.Type == informer.EventDelete {
					write = fleet.Delete
				}
				must(0, write(inCluster{cluster, e.Object}))
			}), informer.HandlerOptions{}))
		go func() { must(0, in.Run(context.Background())) }()
		<-reg.Synced()
		return in
	}
	paris := join("paris", widget("a", "small"), widget("b", "large"))
	oslo := join("oslo", widget("a", "large"))

	a, _, err := fleet.GetByKey("oslo/default/a")
	fmt.Println("a of oslo is", a.Labels["size"], err)
	fmt.Println("paris has", len(must(fleet.ByIndex("cluster", "paris"))))
	lister := must(indexer.NewListerWithAccess(access, fleet, schema.GroupResource{Resource: "widgets"}))
	fmt.Println("large:", len(must(lister.ByNamespace("default").List(labels.SelectorFromSet(labels.Set{"size": "large"})))))
	fmt.Println(paris.Stop(context.Background()), oslo.Stop(context.Background()))
	// Output:
	// a of oslo is large <nil>
	// paris has 2
	// large: 2
	// <nil> <nil>
}
