package fifotest

import (
	"context"
	"errors"
	"strconv"
	"testing/synctest"

	"github.com/informant-go/informant/deltafifo"
)

var flowTests = []test{
	{"F3/ProducerDoesNotWaitForProcessing", func(s *suite) {
		k := s.consume(Config{})
		k.once(func() {
			for i := range 5000 {
				k.update(strconv.Itoa(i%10), strconv.Itoa(i))
			}
			k.list(object("z", "1"))
			k.must("Resync", k.q.Resync())
			k.must("Bookmark", k.q.Bookmark(context.Background(), "2"))
		})
		k.add("a", "1")
		k.pop()
		k.drain()
		k.expect("a", "Added 1", "Deleted 1?")
	}},
	{"F3/LenCountsWhatWaits", func(s *suite) {
		k := s.consume(Config{})
		k.expectLen(0)
		k.add("a", "1")
		k.add("b", "2")
		k.update("b", "3")
		k.expectLen(3)
		k.before = func(b deltafifo.Batch[*Object]) { k.expectLen(3 - len(k.log) - len(b.Deltas)) }
		k.popUntil("all", func() bool { return len(k.log) == 3 })
		k.expectLen(0)
	}},
	{"F3/BoundIsKept", func(s *suite) {
		const bound, n = 3, 20
		s.bubble(func() {
			k := s.consume(Config{Bound: bound})
			go func() {
				for i := range n {
					if err := k.q.Add(context.Background(), object(strconv.Itoa(i), "1")); err != nil {
						s.errorf("Add: %v", err)
					}
				}
			}()
			for len(k.log) < n && !s.failed() {
				synctest.Wait() // until the producer waits for room
				if waiting := k.q.Len(); waiting > bound {
					s.errorf("%d wait, more than the bound", waiting)
				}
				k.pop()
			}
			for i, seen := range k.log {
				if seen.Key != "ns/"+strconv.Itoa(i) {
					s.errorf("%s came as number %d", seen.Key, i)
				}
			}
		})
	}},
	{"F3/ContextEndsTheWaitForRoom", func(s *suite) {
		k := s.consume(Config{Bound: 1})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		k.add("a", "1")
		calls := map[string]func() error{
			"Add":      func() error { return k.q.Add(ctx, object("b", "2")) },
			"Update":   func() error { return k.q.Update(ctx, object("b", "2")) },
			"Delete":   func() error { return k.q.Delete(ctx, object("a", "2")) },
			"Bookmark": func() error { return k.q.Bookmark(ctx, "2") },
			"Commit": func() error {
				k.must("Begin", k.q.Begin(ctx))
				k.must("Page", k.q.Page(ctx, []*Object{object("b", "2")}))
				return k.q.Commit(ctx, "3")
			},
		}
		for name, call := range calls {
			k.within(name+" with an ended context", func() {
				if err := call(); !errors.Is(err, context.Canceled) {
					s.errorf("%s on a full queue returns %v", name, err)
				}
			})
		}
		k.close()
		k.expect("a", "Added 1")
		k.expect("b")
	}},
}

func (k *consumer) expectLen(want int) {
	if got := k.q.Len(); got != want {
		k.errorf("Len is %d, should be %d", got, want)
	}
}
