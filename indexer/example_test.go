package indexer_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/informant-go/informant/indexer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Machine is a small API object.
type Machine struct {
	metav1.ObjectMeta
	Rack string
}

func machine(name, version, rack string) *Machine {
	return &Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "lab", Name: name, ResourceVersion: version}, Rack: rack}
}

func byRack(m *Machine) ([]string, error) { return []string{m.Rack}, nil }

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func Example() {
	machines := must(indexer.New(indexer.Options[*Machine]{
		Indexers: indexer.Indexers[*Machine]{"rack": byRack},
	}))
	for _, m := range []*Machine{machine("m1", "1", "r1"), machine("m2", "2", "r1"), machine("m3", "3", "r2")} {
		if err := machines.Add(m); err != nil {
			fmt.Println(err)
		}
	}
	m, exists, _ := machines.GetByKey("lab/m3")
	fmt.Println(m.Rack, exists)
	keys, _ := machines.IndexKeys("rack", "r1")
	fmt.Println(slices.Sorted(slices.Values(keys)))
	// Output:
	// r2 true
	// [lab/m1 lab/m2]
}

func ExampleCache_Snapshot() {
	machines := must(indexer.New(indexer.Options[*Machine]{}))
	_ = machines.Add(machine("m1", "1", "r1"))

	before := machines.Snapshot()
	_ = machines.Update(machine("m1", "2", "r9"))

	for key, m := range before.All() {
		fmt.Println("before:", key, m.Rack)
	}
	for key, m := range machines.All() {
		fmt.Println("now:", key, m.Rack)
	}
	// Output:
	// before: lab/m1 r1
	// now: lab/m1 r9
}

func ExampleCache_WaitFor() {
	machines := must(indexer.New(indexer.Options[*Machine]{}))
	written := "7" // the resource version that the API server answered a write with
	go func() { _ = machines.Add(machine("m1", written, "r1")) }()

	if err := machines.WaitFor(context.Background(), written); err != nil {
		fmt.Println(err)
	}
	m, _, _ := machines.GetByKey("lab/m1")
	fmt.Println(m.Rack)
	// Output: r1
}

func ExampleCache_IndexErrors() {
	machines := must(indexer.New(indexer.Options[*Machine]{
		Name: "machines",
		Indexers: indexer.Indexers[*Machine]{"rack": func(m *Machine) ([]string, error) {
			if m.Rack == "" {
				return nil, fmt.Errorf("it stands in no rack")
			}
			return byRack(m)
		}},
		OnIndexError: func(err *indexer.IndexError) { fmt.Println("told of", err.Key) },
	}))
	_ = machines.Add(machine("m1", "1", ""))
	for _, err := range machines.IndexErrors() {
		fmt.Println(err)
	}
	// Output:
	// told of lab/m1
	// unable to calculate an index entry for key "lab/m1" on index "rack": it stands in no rack (the object, a *indexer_test.Machine, is stored in machines without that entry)
}
