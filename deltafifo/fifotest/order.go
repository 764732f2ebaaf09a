package fifotest

import (
	"context"
	"fmt"
	"strconv"
)

var orderTests = []test{
	{"F1/DeltasOfAKeyComeInOrder", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		k.add("b", "2")
		k.update("a", "3")
		k.remove("a", "4")
		k.add("a", "5")
		k.update("b", "6")
		k.update("a", "7")
		k.drain()
		k.expect("a", "Added 1", "Updated 3", "Deleted 4", "Added 5", "Updated 7")
		k.expect("b", "Added 2", "Updated 6")
	}},
	{"F1/ListsAndEventsComeInOrder", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"))
		k.update("a", "2")
		k.list(object("a", "3"))
		k.remove("a", "4")
		k.add("a", "5")
		k.drain()
		k.expect("a", "Replaced 1", "Updated 2", "Replaced 3", "Deleted 4", "Added 5")
	}},
	{"F1/EachProducerKeepsItsOrder", func(s *suite) {
		const producers, events = 4, 500
		k := s.consume(Config{})
		for p := range producers {
			s.start(func() {
				for i := range events {
					if err := k.q.Update(context.Background(), object(strconv.Itoa(p), strconv.Itoa(i))); err != nil {
						s.errorf("Update: %v", err)
					}
				}
			})
		}
		k.popUntil("all events", func() bool { return len(k.log) == producers*events })
		for p := range producers {
			for i, seen := range k.of(strconv.Itoa(p)) {
				if seen.Version != strconv.Itoa(i) {
					s.fatalf("producer %d: version %s came in place of %d", p, seen.Version, i)
				}
			}
		}
	}},
	{"F1/NothingOfAManyIsLost", func(s *suite) {
		const n = 5000
		k := s.consume(Config{})
		for i := range n {
			k.update(fmt.Sprint(i%1700), strconv.Itoa(i))
		}
		k.drain()
		next := map[string]int{}
		for _, seen := range k.log {
			have, _ := strconv.Atoi(seen.Version)
			if want := next[seen.Key]; have/1700 != want {
				s.fatalf("%s: version %d came as number %d", seen.Key, have, want)
			}
			next[seen.Key]++
		}
		if len(k.log) != n {
			s.errorf("%d of %d events came", len(k.log), n)
		}
	}},
	{"F1/BookmarkComesAfterWhatWasQueued", func(s *suite) {
		k := s.consume(Config{})
		ctx := context.Background()
		k.list(object("a", "1"))
		k.update("a", "2")
		k.add("b", "3")
		k.must("Bookmark", k.q.Bookmark(ctx, "33"))
		k.update("a", "34")
		k.popUntil("the bookmark", func() bool { return k.version == "33" })
		if got := len(k.log); got < 4 {
			s.errorf("the bookmark came after %v", k.log)
		}
		k.drain()
		k.expect("a", "Replaced 1", "Updated 2", "Updated 34")
	}},
}
