package bench

import (
	"fmt"
	"testing"
)

// The engines of the store's benchmarks besides informant and client-go.
const (
	// trie is the other design that was built for this library.
	trie = "trie"
	// floor is what is measured when there is no store: the harness, and
	// what no store can do without. Ratios are to be judged by what is left
	// of both engines when it is taken away.
	floor = "floor"
	// control has readers that do not touch the store that is written. It
	// shows what the machine does to readers and writers that share it.
	control = "control"
)

// BenchmarkStore compares the Cache of this library with client-go's indexer.
func BenchmarkStore(b *testing.B) { Run(b, storeEngines(), storeCases()) }

// BenchmarkStoreDesign compares the design of package indexer with the other
// one that was built for it, at three sizes; see indexer/DESIGN.md.
func BenchmarkStoreDesign(b *testing.B) { Run(b, designEngines(), designCases()) }

func storeEngines() []Engine[*stock] {
	shared := new(corpus)
	return []Engine[*stock]{
		stocking(Informant, shared, newOurStore),
		stocking(ClientGo, shared, newClientGoStore),
		stocking(floor, shared, newFloorStore),
		stocking(control, shared, newControlStore),
	}
}

func designEngines() []Engine[*stock] {
	shared := new(corpus)
	return []Engine[*stock]{
		stocking(Informant, shared, newOurStore),
		stocking(trie, shared, newTrieStore),
		stocking(floor, shared, newFloorStore),
	}
}

// stocking is the engine whose stock lasts as long as the table of engines.
func stocking(name string, shared *corpus, empty func() podStore) Engine[*stock] {
	kept := &stock{empty: empty, corpus: shared}
	return Engine[*stock]{name, func(testing.TB) *stock { return kept }}
}

// Which engines a case is for: the values say why the others are left out.
var (
	onlyStores = map[string]string{
		floor: "nothing but a store does this", control: "nobody reads what another writes",
	}
	withFloor   = map[string]string{control: "nobody reads what another writes"}
	withControl = map[string]string{floor: "the control says more"}
	snapshots   = map[string]string{
		floor: "nothing but a store does this", control: "nobody reads what another writes",
		ClientGo: "client-go has no snapshots",
	}
)

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
		cases = append(cases,
			Case[*stock]{name + "get", withFloor, getOne(n)},
			Case[*stock]{name + "update", withFloor, updateSame(n)},
			Case[*stock]{name + "update-moving", withFloor, updateMoving(n)},
			Case[*stock]{name + "list", withFloor, listAll(n)},
			Case[*stock]{name + "iterate", withFloor, iterateAll(n)},
			Case[*stock]{name + "by-index", withFloor, byIndex(n)},
			Case[*stock]{name + "snapshot", snapshots, snapshotAndDrop(n)},
			Case[*stock]{name + "life", onlyStores, life(n)},
		)
	}
	return cases
}

func designCases() []Case[*stock] {
	var cases []Case[*stock]
	for _, n := range sizes() {
		cases = append(cases, sizedCases(fmt.Sprintf("objects=%d/", n), n)...)
	}
	return cases
}

// sizedCases are the cases over n objects: those first that leave the content as
// it was, and those last that need more pods, which every run has to collect.
func sizedCases(name string, n int) []Case[*stock] {
	return []Case[*stock]{
		{name + "get", withFloor, getOne(n)},
		{name + "get-parallel", withFloor, getParallel(n)},
		{name + "bytes", onlyStores, bytesPerObject(n)},
		{name + "list", withFloor, listAll(n)},
		{name + "iterate", withFloor, iterateAll(n)},
		{name + "by-index", withFloor, byIndex(n)},
		{name + "snapshot", snapshots, snapshotAndDrop(n)},
		{name + "update", withFloor, updateSame(n)},
		{name + "update-moving", withFloor, updateMoving(n)},
		{name + "delete-add", onlyStores, deleteAndAdd(n)},
		{name + "replace", withFloor, replaceChanged(n)},
		{name + "replace-unchanged", withFloor, replaceUnchanged(n)},
	}
}
