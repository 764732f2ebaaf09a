package indexer

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"weak"
)

// collected reports whether the garbage collector finds what it may find once the
// store, if there still is one, has not been written for a while.
func collected(c *Cache[*thing], what weak.Pointer[thing]) bool {
	for range 20 {
		runtime.GC()
		if c != nil {
			passTime(c.engine)
		}
		if what.Value() == nil {
			return true
		}
	}
	return false
}

// check validates a store that nobody writes; a timer may still clean it up.
func check[T any](c *Cache[T]) error {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	return c.engine.validate()
}

// passTime does what the timer does in a store that nobody writes.
func passTime[T any](e *engine[T]) { e.sweep(e.clock.Now()) }

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

// TestReleaseFreesWhatOnlyTheSnapshotHeld proves S1's price: an old state lives
// as long as a snapshot that has it, whichever way it ends.
func TestReleaseFreesWhatOnlyTheSnapshotHeld(t *testing.T) {
	end := map[string]func(s *Snapshot[*thing]){
		"released": func(s *Snapshot[*thing]) { (*s).Release() },
		"dropped":  func(s *Snapshot[*thing]) { *s = nil },
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
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
			other.Release()
			runtime.GC()
			if changed.Value() == nil || deleted.Value() == nil || between.Value() == nil {
				t.Fatal("a state that a snapshot has was freed")
			}
			end(&s)
			if !collected(c, changed) {
				t.Error("the old state is still held")
			}
			if between.Value() == nil || deleted.Value() == nil {
				t.Error("a state of the later snapshot was freed")
			}
			later.Release()
			if !collected(c, between) || !collected(c, deleted) {
				t.Error("the later state is still held")
			}
			runtime.KeepAlive(c)
		})
	}
}

var updates = flag.Int("updates", 100_000, "how many updates pass a held snapshot; the promise is for a million and more")

// TestUpdatesPassAHeldSnapshot proves S1's price: a snapshot that is held while
// any number of updates pass costs what changed once, not what was written, and
// what it costs is free when it is released, or found to be forgotten.
func TestUpdatesPassAHeldSnapshot(t *testing.T) {
	end := map[string]func(s *Snapshot[*thing]){
		"released": func(s *Snapshot[*thing]) { (*s).Release() },
		"dropped":  func(s *Snapshot[*thing]) { *s = nil },
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) { updatesPass(t, end) })
	}
}

func updatesPass(t *testing.T, end func(*Snapshot[*thing])) {
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
	// What changed: every object, every chunk, the postings. A state for each
	// write would be hundreds of megabytes.
	if held > 2<<20 {
		t.Errorf("a snapshot of %d objects holds %d bytes after %d writes", objects, held, *updates)
	}
	if got := len(s.List()); got != want {
		t.Errorf("%d objects in the snapshot, want %d", got, want)
	}
	end(&s)
	passTime(c.engine)
	left := heapInUse() - empty
	for range 20 { // what is forgotten is found by a later collection
		if left <= 200<<10 && stillHeld(c) == 0 {
			break
		}
		passTime(c.engine)
		left = heapInUse() - empty
	}
	t.Logf("%d writes passed: %d bytes were held, %d are left", *updates, held, left)
	if left > 200<<10 {
		t.Errorf("%d bytes are left at the end, %d were held", left, held)
	}
	if n := stillHeld(c); n != 0 {
		t.Errorf("%d things are still held", n)
	}
	runtime.KeepAlive(c)
}

func stillHeld(c *Cache[*thing]) int {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	return c.engine.col.Held()
}

// TestReplaceWithNothingFreesTheChunks proves that an emptied store is small.
func TestReplaceWithNothingFreesTheChunks(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	empty := heapInUse()
	for i := range 20_000 {
		put(t, c, fmt.Sprint("a/", i), i+1)
	}
	full := heapInUse() - empty
	if err := c.Replace(nil, "30000"); err != nil {
		t.Fatal(err)
	}
	// Slots, their free list and the columns of the indexes stay.
	if left := heapInUse() - empty; left > full/4 {
		t.Errorf("%d of %d bytes are left", left, full)
	}
	runtime.KeepAlive(c)
}

// TestDroppedStoreIsFreed proves that snapshots, released or forgotten, do not
// keep a store alive.
func TestDroppedStoreIsFreed(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	o := put(t, c, "a/x", 1)
	c.Snapshot().Release()
	put(t, c, "a/y", 2)
	c.Snapshot().Release()
	forgotten := c.Snapshot()
	if forgotten.Len() != 2 || o.Value() == nil {
		t.Fatal("the store is not filled")
	}
	c, forgotten = nil, nil
	if !collected(c, o) {
		t.Error("the store is still held")
	}
}
