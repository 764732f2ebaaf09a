package fifotest

import (
	"context"

	"github.com/informant-go/informant/deltafifo"
)

var syncedTests = []test{
	{"F4/SyncedWhenTheFirstListIsProcessed", func(s *suite) {
		k := s.consume(Config{})
		k.expectSynced("at first", false)
		k.must("Bookmark", k.q.Bookmark(context.Background(), "1"))
		k.must("Resync", k.q.Resync())
		k.expectSynced("after bookmark and resync", false)
		k.list(object("a", "1"), object("b", "2"))
		k.expectSynced("after Commit", false)
		k.popUntil("both objects", func() bool {
			all := k.has("a") && k.has("b")
			if !all {
				k.expectSynced("before the whole list was processed", false)
			}
			return all
		})
		k.expectSynced("when the first list was processed", true)
		for _, seen := range k.log {
			if seen.Key != "" && !seen.Initial {
				s.errorf("%v is not marked as initial", seen)
			}
		}
	}},
	{"F4/NotSyncedBeforeProcessReturns", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"))
		k.after = func(deltafifo.Batch[*Object]) {
			if k.has("a") && k.synced() {
				s.errorf("synced before process has returned")
			}
		}
		k.popUntil("the object", func() bool { return k.has("a") })
		k.expectSynced("when the first list was processed", true)
	}},
	{"F4/SyncedAtOnceWhenAnEventComesFirst", func(s *suite) {
		for name, event := range map[string]func(*consumer){
			"Add":    func(k *consumer) { k.add("a", "1") },
			"Update": func(k *consumer) { k.update("a", "1") },
			"Delete": func(k *consumer) { k.remove("a", "1") },
		} {
			k := s.consume(Config{})
			event(k)
			k.expectSynced("after "+name, true)
		}
	}},
	{"F4/EmptyFirstListSyncs", func(s *suite) {
		k := s.consume(Config{})
		k.list()
		k.close()
		k.expectSynced("when an empty list was processed", true)
	}},
	{"F4/AbortedListDoesNotSync", func(s *suite) {
		k := s.consume(Config{})
		k.must("Begin", k.q.Begin(context.Background()))
		k.must("Page", k.q.Page(context.Background(), []*Object{object("a", "1")}))
		k.q.Abort()
		k.expectSynced("after Abort", false)
	}},
	{"F4/NeverTurnsBack", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"))
		k.drain()
		k.expectSynced("after the first list", true)
		k.list(object("b", "2"), object("c", "3"))
		k.expectSynced("with another list queued", true)
		k.before = func(b deltafifo.Batch[*Object]) {
			if b.Initial || !k.synced() {
				s.errorf("a later list is initial, or not synced")
			}
		}
		k.drain()
		k.close()
		k.expectSynced("after Close", true)
	}},
}

func (k *consumer) expectSynced(when string, want bool) {
	if k.q.HasSynced() != want || k.synced() != want {
		k.errorf("%s: HasSynced is %v, Synced closed %v, should be %v", when, k.q.HasSynced(), k.synced(), want)
	}
}
