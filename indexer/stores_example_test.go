package indexer_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/labels"
	testclock "k8s.io/utils/clock/testing"
)

func ExampleCache_Watch() {
	machines := indexer.New(indexer.Options[*Machine]{
		Indexers: indexer.Indexers[*Machine]{"rack": byRack},
	})
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
	machines := indexer.New(indexer.Options[*Machine]{})
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

func ExampleNewExpiringStore() {
	clock := testclock.NewFakeClock(time.Now())
	leases, err := indexer.NewExpiringStore(indexer.ExpiringOptions[*Machine]{
		Policy:    indexer.TTL[*Machine](time.Minute, clock),
		Clock:     clock,
		OnExpired: func(key string) { fmt.Println("expired:", key) },
	}, object.Meta[*Machine]())
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = leases.Add(machine("m1", "1", "r1"))
	clock.Step(time.Hour)
	_ = leases.Add(machine("m2", "2", "r1"))
	fmt.Println(leases.ListKeys())
	// Output:
	// expired: lab/m1
	// [lab/m2]
}

func ExampleNewLister() {
	store := indexer.New(indexer.Options[*Machine]{Indexers: indexer.Indexers[*Machine]{
		indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*Machine],
	}})
	spare := machine("m1", "1", "r1")
	spare.Labels = map[string]string{"use": "spare"}
	_ = store.Add(spare)
	_ = store.Add(machine("m2", "2", "r1"))

	lister := indexer.NewLister(store, machines)
	found, _ := lister.ByNamespace("lab").List(labels.SelectorFromSet(labels.Set{"use": "spare"}))
	fmt.Println(len(found), found[0].Name)
	_, err := lister.ByNamespace("lab").Get("m3")
	fmt.Println(err)
	// Output:
	// 1 m1
	// machines.lab "m3" not found
}

func ExampleNewHeap() {
	byName := func(a, b *Machine) bool { return a.Name < b.Name }
	next, err := indexer.NewHeap(byName, object.Meta[*Machine]())
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = next.Add(machine("m2", "1", "r1"), machine("m1", "2", "r1"))
	_ = next.Add(machine("m1", "3", "r7")) // takes the place of the other m1
	next.Close()
	for {
		m, err := next.Pop(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Name, m.Rack)
	}
	// Output:
	// m1 r7
	// m2 r1
	// indexer: the queue is closed
}

func ExampleNewFIFO() {
	queue, err := indexer.NewFIFO(object.Meta[*Machine]())
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = queue.Add(machine("m2", "1", "r1"))
	_ = queue.Add(machine("m1", "2", "r1"))
	_ = queue.Update(machine("m2", "3", "r5")) // keeps its turn
	for range 2 {
		_ = queue.Pop(context.Background(), func(m *Machine, _ bool) error {
			fmt.Println(m.Name, m.Rack)
			return nil
		})
	}
	// Output:
	// m2 r5
	// m1 r1
}

func ExampleNewMutationDetector() {
	detector := indexer.NewMutationDetector(indexer.DetectorOptions[*Machine]{
		Name:       "machines",
		Copy:       (*Machine).deepCopy,
		Sample:     1, // all of them; in production one in many is enough
		OnMutation: func(m indexer.Mutation) { fmt.Println("told of", m.Key, m.Path) },
	})
	shared := machine("m1", "1", "r1")
	detector.Observe("lab/m1", shared) // informer.Options.Detector has an informer do this

	shared.Rack = "r2" // somebody forgets that it is not his
	for _, m := range detector.Check() {
		fmt.Println(m)
	}
	// Output:
	// told of lab/m1 .Rack
	// indexer: machines: the shared object "lab/m1" was changed in place: .Rack changed from r1 to r2: copy it before changing it
}

func (m *Machine) deepCopy() *Machine {
	c := &Machine{Rack: m.Rack}
	m.DeepCopyInto(&c.ObjectMeta)
	return c
}

func ExampleNewMutationCache() {
	store := indexer.New(indexer.Options[*Machine]{})
	_ = store.Add(machine("m1", "5", "r1"))
	own, err := indexer.NewMutationCache(store, indexer.MutationCacheOptions[*Machine]{}, object.Meta[*Machine]())
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = own.Mutation(machine("m1", "7", "r2")) // what the API server answered a write with
	m, _, _ := own.GetByKey("lab/m1")
	fmt.Println("own write:", m.Rack)

	_ = store.Update(machine("m1", "9", "r3")) // the watch has brought that write and a later one
	m, _, _ = own.GetByKey("lab/m1")
	fmt.Println("newer:", m.Rack)
	// Output:
	// own write: r2
	// newer: r3
}

func ExampleNewUndeltaStore() {
	push := func(all []*Machine) {
		names := []string{}
		for _, m := range all {
			names = append(names, m.Name)
		}
		slices.Sort(names)
		fmt.Println(names)
	}
	store := indexer.NewUndeltaStore(indexer.New(indexer.Options[*Machine]{}), push)
	_ = store.Add(machine("m1", "1", "r1"))
	_ = store.Add(machine("m2", "2", "r1"))
	_ = store.Delete(machine("m1", "3", "r1"))
	// Output:
	// [m1]
	// [m1 m2]
	// [m2]
}
