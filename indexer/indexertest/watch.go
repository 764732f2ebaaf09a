package indexertest

import (
	"context"
	"errors"
	"fmt"

	"github.com/informant-go/informant/indexer"
	objects "github.com/informant-go/informant/object"
)

var watchTests = []test{
	{"S5/a wait for a key ends with the version of the key", waitForKey},
	{"S5/a wait for a key ends with the version of the state", waitForKeyByState},
	{"S5/a wait for a key ends with its context", waitForKeyEnds},
	{"S5/a watch closes with the next change", watchCloses},
	{"S5/a watch is not closed by changes of something else", watchStays},
	{"S5/a watch misses no change", watchMissesNothing},
	{"S5/a watch is given up alone", watchStops},
}

// waitForKey stores objects that are newer than the list that they come with,
// so that only the key has the version.
func waitForKey(s *suite) {
	store := s.store(nil)
	ctx := s.context()
	s.must(store.Replace([]*Object{object("a", "x", "5")}, "3"))
	s.soon("WaitForKey of a version that is there", func() { s.must(store.WaitForKey(ctx, "a/x", "4")) })
	done := s.start(func() {
		s.must(store.WaitForKey(ctx, "a/x", "10"))
		if o, ok, _ := store.GetByKey("a/x"); !ok || !atLeast(o.ResourceVersion, "10") {
			s.errorf("after WaitForKey of version 10 there is %v", o)
		}
	})
	for n := range 5 {
		s.must(store.Replace([]*Object{object("a", "x", fmt.Sprint(6+n)), object("a", "y", "20")}, "3"))
	}
	s.await("WaitForKey", done)
}

func waitForKeyByState(s *suite) {
	store := s.store(nil)
	ctx := s.context()
	s.must(store.Replace([]*Object{object("a", "x", "5")}, "5"))
	done := s.start(func() {
		s.must(store.WaitForKey(ctx, "a/never", "10"))
		if v := store.LastStoreSyncResourceVersion(); !atLeast(v, "10") {
			s.errorf("after WaitForKey of version 10 the state is at %q", v)
		}
	})
	for n := range 5 {
		store.Bookmark(fmt.Sprint(6 + n))
	}
	s.await("WaitForKey", done)
}

func atLeast(version, least string) bool {
	c, err := objects.CompareVersions(version, least)
	return err == nil && c >= 0
}

func waitForKeyEnds(s *suite) {
	store := s.store(nil)
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	done := s.start(func() { err = store.WaitForKey(ctx, "a/x", "5") })
	cancel()
	s.await("WaitForKey after its context", done)
	if !errors.Is(err, context.Canceled) {
		s.errorf("WaitForKey: %v, want context.Canceled", err)
	}
}

// watched are the watches of the suite: what they watch of a/x and of red.
func watched(store Indexer) map[string]func() indexer.Watch {
	return map[string]func() indexer.Watch{
		"Watch":      store.Watch,
		"WatchKey":   func() indexer.Watch { return store.WatchKey("a/x") },
		"WatchIndex": func() indexer.Watch { return store.WatchIndex("color", "red") },
	}
}

// writes are changes of a/x that change what is red as well.
func writes(store Indexer) []func() error {
	apply := func(c indexer.Change[*Object]) error {
		store.Apply([]indexer.Change[*Object]{c}, "")
		return nil
	}
	return []func() error{
		func() error { return store.Add(object("a", "x", "1", "red")) },
		func() error { return store.Update(object("a", "x", "2", "red")) },
		func() error { return store.Update(object("a", "x", "3", "blue")) },
		func() error { return store.Update(object("a", "x", "4", "red")) },
		func() error { return store.Delete(object("a", "x", "5")) },
		func() error {
			return apply(indexer.Change[*Object]{Key: "a/x", Object: object("a", "x", "6", "red"), Type: indexer.ChangePut})
		},
		func() error { return apply(indexer.Change[*Object]{Key: "a/x", Type: indexer.ChangeRemove}) },
		func() error { return store.Replace([]*Object{object("a", "x", "7", "red")}, "7") },
		func() error { return store.Replace([]*Object{object("a", "x", "8", "red")}, "8") },
		func() error { return store.Replace(nil, "9") },
	}
}

func watchCloses(s *suite) {
	store := s.store(colors)
	for n, write := range writes(store) {
		watches := map[string]indexer.Watch{}
		for name, watch := range watched(store) {
			watches[name], watches[name+", once more"] = watch(), watch()
		}
		for name, w := range watches {
			s.open(name, w)
		}
		s.must(write())
		for name, w := range watches {
			s.await(fmt.Sprintf("%s, with write %d,", name, n), w.Done())
			w.Stop()
		}
	}
}

// open checks that a watch is not closed.
func (s *suite) open(what string, w indexer.Watch) {
	select {
	case <-w.Done():
		s.errorf("%s is closed", what)
	default:
	}
}

func watchStays(s *suite) {
	store := s.store(colors)
	s.must(store.Add(object("a", "x", "1", "red")))
	one, color, all := store.WatchKey("a/x"), store.WatchIndex("color", "red"), store.Watch()
	store.Bookmark("2")
	s.must(store.Delete(object("a", "never", "")))
	s.must(store.Replace([]*Object{object("a", "x", "1", "red")}, "3"))
	s.open("Watch after nothing has changed", all)
	s.must(store.Add(object("a", "y", "4", "blue")))
	s.must(store.Delete(object("a", "y", "5")))
	s.open("WatchIndex after changes of another value", color)
	s.must(store.Add(object("a", "z", "6", "red")))
	s.open("WatchKey after changes of other keys", one)
	for _, w := range []indexer.Watch{one, color, all} {
		w.Stop()
	}
}

// watchMissesNothing writes before a watch is waited on, and waits for the last
// of many writes by watches alone.
func watchMissesNothing(s *suite) {
	store := s.store(colors)
	for name, watch := range watched(store) {
		w := watch()
		s.must(store.Add(object("a", "x", "", "red")))
		s.await(name+", after the change,", w.Done())
	}
	const last = "300"
	var readers []<-chan struct{}
	for name, watch := range watched(store) {
		readers = append(readers, s.start(func() {
			for {
				w := watch()
				if o, ok, _ := store.GetByKey("a/x"); ok && o.ResourceVersion == last {
					w.Stop()
					return
				}
				s.await(name+", after which there are changes,", w.Done())
			}
		}))
	}
	for n := range 300 {
		s.must(store.Add(object("a", "x", fmt.Sprint(n+1), "red")))
	}
	for _, done := range readers {
		s.await("a reader that watches", done)
	}
}

func watchStops(s *suite) {
	store := s.store(colors)
	for name, watch := range watched(store) {
		given, kept := watch(), watch()
		given.Stop()
		given.Stop()
		s.must(store.Update(object("a", "x", "1", "red")))
		s.await(name+", of which another was given up,", kept.Done())
		kept.Stop()
		kept.Stop()
	}
}
