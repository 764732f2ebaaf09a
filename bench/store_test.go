package bench

import (
	"fmt"
	"maps"
	"testing"

	dropincache "github.com/informant-go/informant/clientgo/cache"
	"k8s.io/client-go/tools/cache"
)

// The engines of the store's benchmarks besides informant and client-go.
const (
	// dropIn is the store that a program has when it changes its import line
	// to clientgo/cache: client-go's interface, T = any.
	dropIn = "drop-in"
	// floor is what is measured when there is no store: the harness, and
	// what no store can do without. Ratios are to be judged by what is left
	// of both engines when it is taken away.
	floor = "floor"
	// control has readers that do not touch the store that is written. It
	// shows what the machine does to readers and writers that share it.
	control = "control"
)

// BenchmarkStore compares the Cache of this library, alone and behind
// client-go's interface, with client-go's indexer and, where they do the same
// work, with stores of other libraries.
func BenchmarkStore(b *testing.B) { Run(b, storeEngines(), storeCases()) }

// BenchmarkStaticIndex updates strings whose index values never change: the
// scenario of client-go's own benchmark of its indexer.
func BenchmarkStaticIndex(b *testing.B) {
	byItself := func() cache.Indexers {
		return cache.Indexers{"itself": func(obj any) ([]string, error) { return []string{obj.(string)}, nil }}
	}
	Run(b, []Engine[cache.ThreadSafeStore]{
		{dropIn, func(testing.TB) cache.ThreadSafeStore {
			return dropincache.NewThreadSafeStore(byItself(), cache.Indices{})
		}},
		{ClientGo, func(testing.TB) cache.ThreadSafeStore { return cache.NewThreadSafeStore(byItself(), cache.Indices{}) }},
	}, []Case[cache.ThreadSafeStore]{{"update", nil, updateStrings}})
}

func updateStrings(b *testing.B, s cache.ThreadSafeStore) {
	keys := make([]string, 5_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("cluster-node-%d", i)
		s.Add(keys[i], keys[i])
	}
	i := 0
	for b.Loop() {
		s.Update(keys[i], keys[i])
		if i++; i == len(keys) {
			i = 0
		}
	}
	for _, key := range keys {
		if found, err := s.ByIndex("itself", key); err != nil || len(found) != 1 || found[0] != key {
			b.Fatalf("%q is indexed as %v, %v", key, found, err)
		}
	}
}

func storeEngines() []Engine[*stock] {
	shared := new(corpus)
	return []Engine[*stock]{
		stocking(Informant, shared, newOurStore),
		stocking(dropIn, shared, newDropInStore),
		stocking(ClientGo, shared, newClientGoStore),
		stocking(stateDB, shared, newTableStore),
		stocking(xsyncMap, shared, newMapStore),
		stocking(floor, shared, newFloorStore),
		stocking(control, shared, newControlStore),
	}
}

// stocking is the engine whose stock lasts as long as the table of engines.
func stocking(name string, shared *corpus, empty func() podStore) Engine[*stock] {
	kept := &stock{empty: empty, corpus: shared}
	return Engine[*stock]{name, func(testing.TB) *stock { return kept }}
}

// Which engines a case is for: the values say why the others are left out.
var (
	notControl = skipped{control: "nobody reads what another writes"}
	notFloor   = skipped{floor: "nothing but a store does this"}
	notMap     = skipped{xsyncMap: "a map has no indexes, transactions or snapshots"}
	notOthers  = skipped{
		stateDB: "compared are keyed reads, batches, iteration and indexes", xsyncMap: "compared are keyed reads and iteration",
	}

	onlyStores  = except(notOthers, notFloor, notControl)
	withFloor   = except(notOthers, notControl)
	withControl = except(notOthers, skipped{floor: "the control says more"})
	keyedReads  = notControl
	withTables  = except(notMap, notControl)
	iterations  = except(notControl, skipped{dropIn: "client-go's interface has a list only"})
	snapshots   = except(onlyStores, skipped{
		ClientGo: "client-go has no snapshots", dropIn: "client-go's interface has no snapshots",
	})
)

// skipped names engines that a case is not for, with the reason.
type skipped = map[string]string

func except(all ...skipped) skipped {
	sum := skipped{}
	for _, s := range all {
		maps.Copy(sum, s)
	}
	return sum
}

// small leaves statedb out where it would take gigabytes.
func small(n int, s skipped) skipped {
	if n <= 100_000 {
		return s
	}
	return except(s, skipped{stateDB: "a million pods in five trees take gigabytes, which all engines' collections of garbage would have to read"})
}

// sizes are the numbers of objects at which stores are compared, and tableSize
// is that of the cases which name no number. They are small with -short, which
// only shows that the benchmarks work.
func sizes() []int {
	if testing.Short() {
		return []int{1_000}
	}
	return []int{10_000, 100_000, 1_000_000}
}

func tableSize() int {
	if testing.Short() {
		return 1_000
	}
	return 100_000
}

func storeCases() []Case[*stock] {
	n := tableSize()
	cases := append(sizedCases("", n), Case[*stock]{"read-stall", withControl, readStall(n)})
	for _, readers := range []int{0, 1, 10, 40, 80} {
		cases = append(cases, Case[*stock]{fmt.Sprintf("readers=%d", readers), withControl, writesWithReaders(n/10, readers)})
	}
	for _, n := range sizes() {
		name := fmt.Sprintf("scale/objects=%d/", n)
		cases = append(cases, sizedCases(name, n)...)
		for _, readers := range []int{0, 1, 10} {
			cases = append(cases, Case[*stock]{fmt.Sprintf("%sreaders=%d", name, readers), withControl, writesWithReaders(n, readers)})
		}
		cases = append(cases, Case[*stock]{name + "life", onlyStores, life(n)})
	}
	return cases
}

// sizedCases are the cases over n objects: those first that leave the content as
// it was, and those last that need more pods, which every run has to collect.
func sizedCases(name string, n int) []Case[*stock] {
	return []Case[*stock]{
		{name + "get", small(n, keyedReads), getOne(n)},
		{name + "get-parallel", small(n, keyedReads), getParallel(n)},
		{name + "bytes", onlyStores, bytesPerObject(n)},
		{name + "list", withFloor, listAll(n)},
		{name + "iterate", small(n, iterations), iterateAll(n)},
		{name + "by-index", small(n, withTables), byIndex(n)},
		{name + "snapshot", snapshots, snapshotAndDrop(n)},
		{name + "update", withFloor, updateSame(n)},
		{name + "update-batch", small(n, withTables), updateBatch(n)},
		{name + "update-moving", withFloor, updateMoving(n)},
		{name + "delete-add", onlyStores, deleteAndAdd(n)},
		{name + "list-updated", onlyStores, listUpdated(n)},
		{name + "read-between-writes/by-index", onlyStores, byIndexBetweenWrites(n)},
		{name + "read-between-writes/snapshot", snapshots, snapshotBetweenWrites(n)},
		{name + "snapshot-held", snapshots, snapshotHeld(n)},
		{name + "replace", withFloor, replaceChanged(n)},
		{name + "replace-unchanged", withFloor, replaceUnchanged(n)},
	}
}
