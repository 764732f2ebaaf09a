package indexer_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/indexer"
	"k8s.io/apimachinery/pkg/labels"
)

func ExampleCache_Watch() {
	machines := must(indexer.New(indexer.Options[*Machine]{
		Indexers: indexer.Indexers[*Machine]{"rack": byRack},
	}))
	watch := machines.WatchIndex("rack", "r1") // first watch, then read, then wait
	defer watch.Stop()
	inRack, _ := machines.IndexKeys("rack", "r1")
	fmt.Println("before:", inRack)

	_ = machines.Add(machine("m1", "1", "r2")) // closes nothing
	_ = machines.Add(machine("m2", "2", "r1"))
	<-watch.Done()
	inRack, _ = machines.IndexKeys("rack", "r1")
	fmt.Println("after:", inRack)
	// Output:
	// before: []
	// after: [lab/m2]
}

func ExampleCache_WaitForKey() {
	machines := must(indexer.New(indexer.Options[*Machine]{}))
	written := machine("m1", "7", "r1") // what the API server answered a write with
	go func() { _ = machines.Add(written) }()

	// Needs no bookmark, and is not held up by what else the watch brings.
	if err := machines.WaitForKey(context.Background(), "lab/m1", written.ResourceVersion); err != nil {
		fmt.Println(err)
	}
	m, _, _ := machines.GetByKey("lab/m1")
	fmt.Println(m.Rack)
	// Output: r1
}

func ExampleNewLister() {
	store := must(indexer.New(indexer.Options[*Machine]{Indexers: indexer.Indexers[*Machine]{
		indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*Machine],
	}}))
	spare := machine("m1", "1", "r1")
	spare.Labels = map[string]string{"use": "spare"}
	_ = store.Add(spare)
	_ = store.Add(machine("m2", "2", "r1"))

	lister := must(indexer.NewLister(store, machines))
	found, _ := lister.ByNamespace("lab").List(labels.SelectorFromSet(labels.Set{"use": "spare"}))
	fmt.Println(len(found), found[0].Name)
	_, err := lister.ByNamespace("lab").Get("m3")
	fmt.Println(err)
	// Output:
	// 1 m1
	// machines.lab "m3" not found
}
