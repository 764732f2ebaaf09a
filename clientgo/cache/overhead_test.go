package cache_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	objects "github.com/informant-go/informant/object"
	upstream "k8s.io/client-go/tools/cache"
)

// Behind client-go's interface the engine is the same and takes no more memory:
// no map of a list, no copy of a transaction, no change on the heap.
func TestAStoreAddsNothingToTheEngine(t *testing.T) {
	const n = 1_000
	list := make([]any, n)
	keys := make(map[any]string, n)
	for i := range list {
		list[i] = newPod("ns", fmt.Sprint("p", i), fmt.Sprint("n", i%10))
		keys[list[i]] = fmt.Sprint("ns/p", i)
	}
	keyOf := func(obj any) (string, error) { return keys[obj], nil }
	store := cache.NewIndexer(keyOf, upstream.Indexers{"node": byNode})
	engine, err := indexer.NewWithAccess(objects.Keyed(keyOf, objects.Fields[any]{}),
		indexer.Options[any]{Indexers: indexer.Indexers[any]{"node": byNode}, Renew: true})
	must(err)

	for _, op := range []struct {
		name          string
		store, engine func()
	}{
		{"Replace", func() { must(store.Replace(list, "1")) }, func() { must(engine.Replace(list, "1")) }},
		{"Update", func() {
			for _, obj := range list {
				must(store.Update(obj))
			}
		}, func() {
			for _, obj := range list {
				must(engine.Update(obj))
			}
		}},
		{"Transaction", func() {
			txns := make([]upstream.Transaction, n)
			for i, obj := range list {
				txns[i] = upstream.Transaction{Object: obj, Type: upstream.TransactionTypeUpdate}
			}
			if err := store.(upstream.TransactionStore).Transaction(txns...); err != nil {
				t.Fatal(err)
			}
		}, func() {
			txns := make([]indexer.Transaction[any], n)
			for i, obj := range list {
				txns[i] = indexer.Transaction[any]{Object: obj, Type: indexer.TransactionUpdate}
			}
			if err := engine.Transaction(txns...); err != nil {
				t.Fatal(err)
			}
		}},
		{"List", func() { store.List() }, func() { engine.List() }},
		{"ByIndex", func() { _, _ = store.ByIndex("node", "n3") }, func() { _, _ = engine.ByIndex("node", "n3") }},
		{"Get", func() { _, _, _ = store.Get(list[7]) }, func() { _, _, _ = engine.Get(list[7]) }},
	} {
		ours, bare := allocated(op.store), allocated(op.engine)
		if ours > bare+bare/20+2<<10 {
			t.Errorf("%s takes %d bytes, the engine alone %d", op.name, ours, bare)
		}
	}
	if a, b := len(store.List()), len(engine.List()); a != n || b != n {
		t.Errorf("%d and %d objects, want %d", a, b, n)
	}
}

// allocated returns how many bytes of memory are taken for do at least: under
// the race detector a sync.Pool forgets things by chance.
func allocated(do func()) uint64 {
	least := ^uint64(0)
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}
