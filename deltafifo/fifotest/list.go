package fifotest

import (
	"context"
	"errors"
	"strings"

	"github.com/informant-go/informant/deltafifo"
)

var listTests = []test{
	{"F2/ListTellsOnceWhatIsGone", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"), object("b", "2"), object("c", "3"))
		k.drain()
		k.list(object("b", "2"), object("d", "4"))
		k.list(object("b", "2"), object("d", "4"))
		k.drain()
		k.expect("a", "Replaced 1", "Deleted 1?")
		k.expect("b", "Replaced 2", "Replaced 2", "Replaced 2")
		k.expect("c", "Replaced 3", "Deleted 3?")
		k.expect("d", "Replaced 4", "Replaced 4")
	}},
	{"F2/NothingShowsBeforeCommit", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.drain()
		k.must("Begin", k.q.Begin(context.Background()))
		k.must("Page", k.q.Page(context.Background(), []*Object{object("b", "2")}))
		k.drain()
		k.expect("a", "Added 1")
		k.expect("b")
		k.must("Commit", k.q.Commit(context.Background(), "3"))
		k.drain()
		k.expect("a", "Added 1", "Deleted 1?")
		k.expect("b", "Replaced 2")
	}},
	{"F2/AbortedListChangesNothing", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.must("Begin", k.q.Begin(context.Background()))
		k.must("Page", k.q.Page(context.Background(), []*Object{object("b", "2")}))
		k.q.Abort()
		if err := k.q.Commit(context.Background(), "3"); err == nil {
			s.errorf("an aborted list was committed")
		}
		k.q.Abort()
		k.drain()
		k.expect("a", "Added 1")
		k.expect("b")
	}},
	{"F2/SecondBeginDropsTheFirstList", func(s *suite) {
		k := s.consume(Config{})
		k.must("Begin", k.q.Begin(context.Background()))
		k.must("Page", k.q.Page(context.Background(), []*Object{object("a", "1")}))
		k.list(object("b", "2"))
		k.drain()
		k.expect("a")
		k.expect("b", "Replaced 2")
	}},
	{"F2/PageAndCommitNeedAList", func(s *suite) {
		k := s.consume(Config{})
		if err := k.q.Page(context.Background(), []*Object{object("a", "1")}); err == nil {
			s.errorf("Page without Begin is taken")
		}
		if err := k.q.Commit(context.Background(), "1"); err == nil {
			s.errorf("Commit without Begin is taken")
		}
		k.list(object("b", "2"))
		if err := k.q.Commit(context.Background(), "1"); err == nil {
			s.errorf("a list is committed twice")
		}
		k.drain()
		k.expect("a")
		k.expect("b", "Replaced 2")
	}},
	{"F2/LaterObjectOfAKeyCounts", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("b", "1"), object("a", "2"), object("b", "3"), object("c", "4"), object("a", "5"))
		k.drain()
		k.expect("a", "Replaced 5")
		k.expect("b", "Replaced 3")
		k.expect("c", "Replaced 4")
	}},
	{"F2/RefusedItemDoesNotFailItsPage", func(s *suite) {
		k := s.consume(Config{Transform: refuseBad})
		k.must("Begin", k.q.Begin(context.Background()))
		err := k.q.Page(context.Background(), []*Object{object("a", "1"), object("bad", "2"), nil, object("c", "3")})
		if err == nil || !strings.Contains(err.Error(), "ns/bad") || !errors.Is(err, errBad) {
			s.errorf("the error of Page does not name what it refused: %v", err)
		}
		k.must("Commit", k.q.Commit(context.Background(), "3"))
		k.drain()
		k.expect("a", "Replaced 1")
		k.expect("bad")
		k.expect("c", "Replaced 3")
	}},
}

// goneTests are about lists that come while the store lags the queue.
var goneTests = []test{
	{"F2/GoneWhileQueued", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.drain()
		k.update("a", "2")
		k.add("b", "3")
		k.list()
		k.list()
		k.drain()
		k.expect("a", "Added 1", "Updated 2", "Deleted 2?")
		k.expect("b", "Added 3", "Deleted 3?")
	}},
	{"F2/DeletedWhileQueued", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.drain()
		k.remove("a", "2")
		k.list()
		k.drain()
		k.expect("a", "Added 1", "Deleted 2")
	}},
	{"F2/DeletedAndBackInTheList", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.drain()
		k.remove("a", "2")
		k.list(object("a", "3"))
		k.drain()
		k.expect("a", "Added 1", "Deleted 2", "Replaced 3")
	}},
	{"F2/GoneWhileInHand", func(s *suite) {
		k := s.consume(Config{})
		k.once(func() { k.list() })
		k.add("a", "1")
		k.pop()
		k.drain()
		k.expect("a", "Added 1", "Deleted 1?")
	}},
	{"F2/DeletedWhileInHand", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.drain()
		k.once(func() { k.list() })
		k.remove("a", "2")
		k.pop()
		k.drain()
		k.expect("a", "Added 1", "Deleted 2")
	}},
	{"F2/ReplacedWhileInHand", func(s *suite) {
		k := s.consume(Config{})
		k.once(func() {
			k.list(object("a", "2"))
			k.list()
		})
		k.add("a", "1")
		k.pop()
		k.drain()
		k.expect("a", "Added 1", "Replaced 2", "Deleted 2?")
	}},
	{"F2/EveryListAgainstARunningConsumer", func(s *suite) {
		// The store lags in every way here: each Deleted has to follow a
		// state that is not one, with that state's version.
		k := s.consume(Config{})
		const rounds = 300
		k.add("last", "1")
		s.start(func() {
			for i := range rounds {
				v := string(rune('a' + i%26))
				k.add("x", v)
				if i%3 == 0 {
					k.list(object("y", v), object("last", "1"))
				}
				if i%5 == 0 {
					k.update("y", v)
					k.remove("y", v)
				}
			}
			k.remove("last", "2")
		})
		k.popUntil("the last event", func() bool {
			return len(k.of("last")) > 1 && !k.has("last")
		})
		k.drain()
		for _, name := range []string{"x", "y"} {
			alive, version := false, ""
			for _, seen := range k.of(name) {
				gone := seen.Type == deltafifo.DeltaDeleted
				switch {
				case gone && !alive:
					s.fatalf("%s is told to be gone twice", name)
				case gone && seen.Version != version:
					s.fatalf("%s went with version %q, was %q", name, seen.Version, version)
				}
				alive, version = !gone, seen.Version
			}
		}
	}},
}

// once makes f run while the next batch is being processed, in a goroutine of its
// own. The processing ends when f has returned.
func (k *consumer) once(f func()) {
	k.before = func(deltafifo.Batch[*Object]) {
		k.before = nil
		k.within("a producer's call while a batch is processed", f)
	}
}
