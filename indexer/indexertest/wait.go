package indexertest

import (
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/indexer"
)

var waitTests = []test{
	{"S2/a reader does not wait for a write", readDuringWrite},
	{"S2/a reader does not wait for a replace", readDuringReplace},
	{"S2/a reader does not wait while an index is added", readDuringAdd},
	{"S2/a writer does not wait for a reader", writeDuringIteration},
	{"S2/an index function may read the store", readInIndexFunc},
}

// gate is an index function that holds up the first write that it runs in.
type gate struct {
	entered chan struct{}
	open    chan struct{}
	taken   atomic.Bool
}

func (s *suite) gate() *gate {
	g := &gate{entered: make(chan struct{}), open: make(chan struct{})}
	s.finally(func() { close(g.open) })
	return g
}

func (g *gate) index(o *Object) ([]string, error) {
	if o.Name == "slow" && g.taken.CompareAndSwap(false, true) {
		close(g.entered)
		<-g.open
	}
	return o.Finalizers, nil
}

// during runs write, which must come to the gate, and reads while it is there.
func (s *suite) during(store Indexer, g *gate, write func()) {
	s.start(write)
	s.await("the write, on its way to its index function,", g.entered)
	s.soon("GetByKey during a write", func() {
		if _, ok, _ := store.GetByKey("a/x"); !ok {
			s.errorf("GetByKey does not find what is there")
		}
	})
	s.soon("List during a write", func() { s.equal("List", keys(store.List()), "a/x") })
	s.soon("ByIndex during a write", func() { s.equal("red", s.by(store, "red"), "a/x") })
	s.soon("Snapshot during a write", func() {
		snapshot := store.Snapshot()
		s.equal("ListKeys", snapshot.ListKeys(), "a/x")
	})
}

func (s *suite) gated() (Indexer, *gate) {
	g := s.gate()
	store := s.store(indexer.Indexers[*Object]{"color": g.index})
	s.must(store.Add(object("a", "x", "1", "red")))
	return store, g
}

func readDuringWrite(s *suite) {
	store, g := s.gated()
	s.during(store, g, func() { s.must(store.Add(object("a", "slow", "2", "red"))) })
}

func readDuringReplace(s *suite) {
	store, g := s.gated()
	s.during(store, g, func() { s.must(store.Replace([]*Object{object("a", "slow", "2", "red")}, "2")) })
}

func readDuringAdd(s *suite) {
	store := s.store(colors)
	s.must(store.Add(object("a", "x", "1", "red")))
	g := s.gate()
	s.during(store, g, func() {
		s.must(store.AddIndexers(indexer.Indexers[*Object]{"slow": func(o *Object) ([]string, error) {
			return g.index(object("a", "slow", "", o.Finalizers...))
		}}))
	})
	s.soon("a write while an index is added", func() {
		store.Apply(batchOf([]*Object{object("a", "x", "2", "blue")}), "")
	})
}

func writeDuringIteration(s *suite) {
	store := s.store(colors)
	s.must(store.Add(object("a", "x", "1", "red")))
	s.must(store.Add(object("a", "y", "2", "red")))
	snapshot := store.Snapshot()
	n := 0
	for range snapshot.All() {
		n++
		s.soon("a write while a snapshot is iterated over", func() {
			s.must(store.Add(object("a", "z", "3", "blue")))
			s.must(store.Delete(object("a", "x", "4")))
		})
	}
	if n != 2 {
		s.errorf("%d objects yielded, want 2", n)
	}
}

// readInIndexFunc reads in a goroutine of its own, so that a store that makes
// the reader wait for the writer gets over it.
func readInIndexFunc(s *suite) {
	var store Indexer
	store = s.store(indexer.Indexers[*Object]{"color": func(o *Object) ([]string, error) {
		if store != nil {
			read := s.start(func() {
				store.GetByKey("a/x")
				store.List()
			})
			select {
			case <-read:
			case <-time.After(s.patience):
				s.errorf("a read in an index function does not come to an end")
			}
		}
		return o.Finalizers, nil
	}})
	s.soon("a write whose index function reads", func() { s.must(store.Add(object("a", "x", "1", "red"))) })
	s.equal("red", s.by(store, "red"), "a/x")
}
