package indexer

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"weak"
)

// collected reports whether the garbage collector finds what it may find.
func collected(what weak.Pointer[thing]) bool {
	for range 3 {
		runtime.GC()
	}
	return what.Value() == nil
}

// check validates a store that nobody writes.
func check[T any](c *Cache[T]) error {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	return c.engine.validate()
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func put(t *testing.T, c *Cache[*thing], key string, version int) weak.Pointer[thing] {
	t.Helper()
	o := &thing{key: key, version: fmt.Sprint(version), colors: []string{"red"}}
	if err := c.Add(o); err != nil {
		t.Fatal(err)
	}
	return weak.Make(o)
}

// TestAForgottenSnapshotKeepsNothing proves S1's price: an old state lives as long
// as somebody holds a snapshot that has it, and not longer, with no help of the
// store.
func TestAForgottenSnapshotKeepsNothing(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	changed, deleted := put(t, c, "a/changed", 1), put(t, c, "a/deleted", 2)
	s := c.Snapshot()
	other := c.Snapshot() // of the same state
	between := put(t, c, "a/changed", 3)
	later := c.Snapshot()
	put(t, c, "a/changed", 4)
	if err := c.Delete(&thing{key: "a/deleted"}); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(other)
	runtime.GC()
	if changed.Value() == nil || deleted.Value() == nil || between.Value() == nil {
		t.Fatal("a state that a snapshot has was freed")
	}
	runtime.KeepAlive(s)
	s, other = nil, nil
	if !collected(changed) {
		t.Error("the old state is still held")
	}
	if between.Value() == nil || deleted.Value() == nil {
		t.Error("a state of the later snapshot was freed")
	}
	runtime.KeepAlive(later)
	later = nil
	if !collected(between) || !collected(deleted) {
		t.Error("the later state is still held")
	}
	runtime.KeepAlive(c)
}

var updates = flag.Int("updates", 100_000, "how many updates pass a held snapshot; the promise is for a million and more")

// TestUpdatesPassAHeldSnapshot proves S1's price: a snapshot that is held while
// any number of updates pass costs what changed once, not what was written, and
// what it costs is free when nobody has it any more.
func TestUpdatesPassAHeldSnapshot(t *testing.T) {
	const objects = 2_000
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor, "first": byFirst}})
	version := 0
	write := func(i int) {
		version++
		key := fmt.Sprint("a/", i%objects)
		if i%3 == 0 { // other keys come and go as well
			key = fmt.Sprint("b/", i)
		}
		o := &thing{key: key, version: fmt.Sprint(version), colors: []string{[]string{"red", "green", "blue"}[i%3]}}
		if err := c.Add(o); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if err := c.Delete(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 3 * objects {
		write(i)
	}
	empty := heapInUse()
	s := c.Snapshot()
	want := s.Len()
	for i := range *updates {
		write(i)
	}
	held := heapInUse() - empty
	// What changed: every object, every chunk, the sets. A state for each write
	// would be hundreds of megabytes.
	if held > 2<<20 {
		t.Errorf("a snapshot of %d objects holds %d bytes after %d writes", objects, held, *updates)
	}
	if got := len(s.List()); got != want {
		t.Errorf("%d objects in the snapshot, want %d", got, want)
	}
	s = nil
	left := heapInUse() - empty
	t.Logf("%d writes passed: %d bytes were held, %d are left", *updates, held, left)
	if left > 200<<10 {
		t.Errorf("%d bytes are left at the end, %d were held", left, held)
	}
	runtime.KeepAlive(c)
}

// TestSnapshotsByTheThousandCostNothing proves that what the store keeps does not
// grow with the snapshots and readers that ever were, in generations of snapshots
// and in bursts of readers.
func TestSnapshotsByTheThousandCostNothing(t *testing.T) {
	s := newBare(t, Options[int]{}, nil)
	n := 1
	putKey(s, "k", n) // a reader stays inside only if there is something to read
	var old []Snapshot[int]
	generation := func() {
		young := make([]Snapshot[int], 40)
		for i := range young {
			n++
			putKey(s, "k", n)
			young[i] = s.Snapshot()
		}
		old = young
	}
	burst := func() {
		var readers, inside sync.WaitGroup
		leave := make(chan struct{})
		for range 200 {
			inside.Add(1)
			readers.Go(func() {
				for range s.All() {
					inside.Done()
					<-leave
				}
			})
		}
		inside.Wait()
		close(leave)
		readers.Wait()
		n++
		putKey(s, "k", n)
	}
	for name, round := range map[string]func(){"generations of 40 snapshots": generation, "bursts of 200 readers": burst} {
		for range 20 {
			round()
		}
		before := heapInUse()
		for range 1000 {
			round()
		}
		if grown := heapInUse() - before; grown > 256<<10 {
			t.Errorf("%d KiB more after 1,000 %s", grown>>10, name)
		}
	}
	runtime.KeepAlive(old)
	runtime.KeepAlive(s)
}

// TestReplaceWithNothingFreesTheChunks proves that an emptied store is small.
func TestReplaceWithNothingFreesTheChunks(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor, "version": byVersion}})
	empty := heapInUse()
	for i := range 20_000 {
		if err := c.Add(&thing{key: fmt.Sprint("a/", i), version: fmt.Sprint(i + 1), colors: []string{"red"}}); err != nil {
			t.Fatal(err)
		}
	}
	full := heapInUse() - empty
	if err := c.Replace(nil, "30000"); err != nil {
		t.Fatal(err)
	}
	if left := heapInUse() - empty; left > full/25 {
		t.Errorf("%d of %d bytes are left", left, full)
	}
	runtime.KeepAlive(c)
}

// TestDroppedStoreIsFreed proves that nothing keeps a store alive that nobody has,
// and that a snapshot keeps only its state.
func TestDroppedStoreIsFreed(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	o := put(t, c, "a/x", 1)
	s := c.Snapshot()
	p := put(t, c, "a/y", 2)
	c = nil
	runtime.GC()
	if n := s.Len(); n != 1 || o.Value() == nil {
		t.Fatal("the snapshot lost its state")
	}
	runtime.KeepAlive(s)
	s = nil
	if !collected(o) || !collected(p) {
		t.Error("the store is still held")
	}
	runtime.KeepAlive(c)
}
