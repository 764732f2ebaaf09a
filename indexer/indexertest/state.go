package indexertest

import (
	"fmt"
	"sync/atomic"

	"github.com/informant-go/informant/indexer"
)

var stateTests = []test{
	{"S1/a snapshot keeps its state", snapshotKeeps},
	{"S1/a list sees a batch whole", listSeesBatch},
	{"S1/an index sees a batch whole", indexSeesBatch},
	{"S1/a list sees a replace whole", listSeesReplace},
	{"S1/single reads see a batch whole", getSeesBatch},
	{"S1/a snapshot agrees with itself", snapshotAgrees},
}

func snapshotKeeps(s *suite) {
	store := s.store(colors)
	x := object("a", "x", "1", "red")
	s.must(store.Replace([]*Object{x, object("a", "y", "2", "red")}, "2"))
	snapshot := store.Snapshot()
	s.must(store.Update(object("a", "x", "3", "blue")))
	s.must(store.Delete(object("a", "y", "4")))
	s.must(store.Add(object("a", "z", "5", "red")))
	s.must(store.Replace([]*Object{object("a", "q", "6", "red")}, "6"))

	s.equal("keys", snapshot.ListKeys(), "a/x", "a/y")
	s.equal("list", keys(snapshot.List()), "a/x", "a/y")
	red, err := snapshot.ByIndex("color", "red")
	s.must(err)
	s.equal("red", keys(red), "a/x", "a/y")
	s.equal("values", snapshot.ListIndexFuncValues("color"), "red")
	if got, ok := snapshot.Get("a/x"); got != x || !ok {
		s.errorf("Get: %v, %v", got, ok)
	}
	if _, ok := snapshot.Get("a/q"); ok {
		s.errorf("Get finds what came later")
	}
	if v := snapshot.ResourceVersion(); v != "2" || snapshot.Len() != 2 {
		s.errorf("version %q, Len %d, want 2 and 2", v, snapshot.Len())
	}
	n := 0
	for key, o := range snapshot.All() {
		if n++; key != "a/"+o.Name {
			s.errorf("All yields %q with %v", key, o)
		}
	}
	for range snapshot.ByIndexSeq("color", "red") {
		n++
	}
	if n != 4 {
		s.errorf("%d objects yielded, want 2 twice", n)
	}
	s.equal("keys of the store", store.ListKeys(), "a/q")
}

// The tests of whole batches write states that can be told apart: in each one
// all objects have the same version and color.
const stateSize = 200

func stateOf(n int) []*Object {
	items := make([]*Object, stateSize)
	for i := range items {
		items[i] = object("a", fmt.Sprint(i), fmt.Sprint(n), fmt.Sprint("color", n%2))
	}
	return items
}

func batchOf(items []*Object) []indexer.Change[*Object] {
	changes := make([]indexer.Change[*Object], len(items))
	for i, o := range items {
		changes[i] = indexer.Change[*Object]{Key: "a/" + o.Name, Object: o, Type: indexer.ChangePut}
	}
	return changes
}

// whileWriting calls read again and again while write makes 100 states.
func (s *suite) whileWriting(store Indexer, write func(items []*Object), read func()) {
	s.must(store.Replace(stateOf(1), "1"))
	var stop atomic.Bool
	defer stop.Store(true)
	reads := make(chan struct{})
	reader := s.start(func() {
		defer close(reads)
		for {
			read()
			if stop.Load() {
				return
			}
			select {
			case reads <- struct{}{}:
			default:
			}
		}
	})
	for n := range 100 {
		write(stateOf(n + 2))
		<-reads // at least one read a write, however few processors there are
	}
	stop.Store(true)
	s.await("the reader", reader)
}

func (s *suite) whole(what string, objects []*Object) {
	if len(objects) != stateSize {
		s.fatalf("%s has %d objects, want %d", what, len(objects), stateSize)
	}
	for _, o := range objects {
		if o.ResourceVersion != objects[0].ResourceVersion {
			s.fatalf("%s has objects of versions %s and %s", what, objects[0].ResourceVersion, o.ResourceVersion)
		}
	}
}

func listSeesBatch(s *suite) {
	store := s.store(colors)
	s.whileWriting(store, func(items []*Object) { store.Apply(batchOf(items), "") },
		func() { s.whole("List", store.List()) })
}

func indexSeesBatch(s *suite) {
	store := s.store(colors)
	s.whileWriting(store, func(items []*Object) { store.Apply(batchOf(items), "") }, func() {
		objects, err := store.ByIndex("color", "color0")
		s.must(err)
		if len(objects) > 0 {
			s.whole("ByIndex", objects)
		}
	})
}

func listSeesReplace(s *suite) {
	store := s.store(colors)
	s.whileWriting(store, func(items []*Object) { s.must(store.Replace(items, items[0].ResourceVersion)) },
		func() { s.whole("List", store.List()) })
}

// getSeesBatch reads two keys one after the other: the second read must not see
// an older state than the first.
func getSeesBatch(s *suite) {
	store := s.store(nil)
	version := func(key string) int {
		o, _, _ := store.GetByKey(key)
		var n int
		_, err := fmt.Sscan(o.ResourceVersion, &n)
		s.must(err)
		return n
	}
	s.whileWriting(store, func(items []*Object) { store.Apply(batchOf(items), "") }, func() {
		for _, pair := range [][2]string{{"a/0", "a/199"}, {"a/199", "a/0"}, {"a/3", "a/4"}} {
			if first, second := version(pair[0]), version(pair[1]); second < first {
				s.fatalf("%s had version %d, then %s had version %d", pair[0], first, pair[1], second)
			}
		}
	})
}

func snapshotAgrees(s *suite) {
	store := s.store(colors)
	s.whileWriting(store, func(items []*Object) { store.Apply(batchOf(items), "") }, func() {
		snapshot := store.Snapshot()
		all := snapshot.List()
		s.whole("List", all)
		objects, err := snapshot.ByIndex("color", all[0].Finalizers[0])
		s.must(err)
		s.whole("ByIndex", objects)
		one, ok := snapshot.Get("a/7")
		if !ok || one.ResourceVersion != all[0].ResourceVersion || objects[0].ResourceVersion != all[0].ResourceVersion {
			s.fatalf("Get, ByIndex and List of one snapshot differ")
		}
		if snapshot.ResourceVersion() != one.ResourceVersion {
			s.fatalf("version %q of a snapshot with objects of %q", snapshot.ResourceVersion(), one.ResourceVersion)
		}
	})
}
