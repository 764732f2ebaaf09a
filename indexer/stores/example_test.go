package stores_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/stores"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
)

// Machine is a small API object.
type Machine struct {
	metav1.ObjectMeta
	Rack string
}

func machine(name, version, rack string) *Machine {
	return &Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "lab", Name: name, ResourceVersion: version}, Rack: rack}
}

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleNewFIFO() {
	queue, err := stores.NewFIFO[*Machine](stores.FIFOOptions{})
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

func ExampleNewHeap() {
	byName := func(a, b *Machine) bool { return a.Name < b.Name }
	next, err := stores.NewHeap(byName)
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
	// stores: the queue is closed
}

func ExampleNewExpiringStore() {
	clock := testclock.NewFakeClock(time.Now())
	leases, err := stores.NewExpiringStore(stores.ExpiringOptions[*Machine]{
		Policy:    stores.TTL[*Machine](time.Minute, clock),
		Clock:     clock,
		OnExpired: func(key string) { fmt.Println("expired:", key) },
	})
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

func ExampleNewMutationCache() {
	store := must(indexer.New(indexer.Options[*Machine]{}))
	_ = store.Add(machine("m1", "5", "r1"))
	own, err := stores.NewMutationCache(store, stores.MutationCacheOptions[*Machine]{})
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
	store, err := stores.NewUndeltaStore(must(indexer.New(indexer.Options[*Machine]{})), push)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = store.Add(machine("m1", "1", "r1"))
	_ = store.Add(machine("m2", "2", "r1"))
	_ = store.Delete(machine("m1", "3", "r1"))
	// Output:
	// [m1]
	// [m1 m2]
	// [m2]
}
