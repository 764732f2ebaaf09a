package deltafifo_test

import (
	"context"
	"errors"
	"testing"

	"github.com/informant-go/informant/deltafifo"
)

// keyedQueue is a queue that takes deletions by key.
type keyedQueue interface {
	deltafifo.Queue[*Obj]
	DeleteKey(ctx context.Context, key string) error
}

// F2: a deletion by key is one whose final state is not known, in its place in the
// queue.
func TestInOrderDeletesByKey(t *testing.T) {
	q := newInOrder(t, deltafifo.Options[*Obj]{})
	must(t, q.Add(bg, obj("a", "1")))
	must(t, q.DeleteKey(bg, "ns/a"))
	must(t, q.DeleteKey(bg, "ns/b"))
	equal(t, popAll(t, q), []string{"Added a 1", "Deleted a none ?, Deleted b none ?"})
	q.Close()
	if err := q.DeleteKey(bg, "ns/a"); !errors.Is(err, deltafifo.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// F2: of the DeltaFIFO it has the last known object: what is queued, else what was
// handed out, else what the store has; and none comes for a key that is gone.
func TestDeltaFIFODeletesByKey(t *testing.T) {
	store := mapStore{"ns/a": obj("a", "1"), "ns/b": obj("b", "1"), "ns/c": obj("c", "1")}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store})
	must(t, q.Update(bg, obj("b", "2")))
	must(t, q.Delete(bg, obj("c", "3")))
	for _, key := range []string{"ns/a", "ns/b", "ns/c", "ns/d"} {
		must(t, q.DeleteKey(bg, key))
	}
	must(t, q.DeleteKey(bg, "ns/a"))
	equal(t, popAll(t, q), []string{"Updated b 2, Deleted b 2 ?", "Deleted c 3", "Deleted a 1 ?"})

	must(t, q.Add(bg, obj("d", "4")))
	must(t, q.Pop(bg, func(batch) error { return q.DeleteKey(bg, "ns/d") }))
	equal(t, popAll(t, q), []string{"Deleted d 4 ?"})

	blind := newDeltaFIFO(t, deltafifo.Options[*Obj]{})
	must(t, blind.DeleteKey(bg, "ns/a"))
	equal(t, popAll(t, blind), []string{"Deleted a none ?"})
}

// F2: while a list is open DeleteKey takes the key out of that, in whatever order its
// objects came, and the key may come again.
func TestDeleteKeyTakesAKeyOutOfTheOpenList(t *testing.T) {
	for _, repeats := range []bool{false, true} {
		for _, c := range []struct {
			name  string
			items []*Obj
		}{
			{"ascending", []*Obj{obj("a", "1"), obj("b", "2"), obj("c", "3"), obj("d", "4")}},
			{"in no order", []*Obj{obj("c", "3"), obj("a", "1"), obj("d", "4"), obj("b", "2")}},
		} {
			t.Run(c.name, func(t *testing.T) {
				q := newInOrder(t, deltafifo.Options[*Obj]{KeepRepeats: repeats})
				must(t, q.Begin(bg))
				must(t, q.Page(bg, c.items))
				for _, key := range []string{"ns/b", "ns/c", "ns/x"} {
					must(t, q.DeleteKey(bg, key))
				}
				must(t, q.Page(bg, []*Obj{obj("c", "5"), obj("e", "6")}))
				must(t, q.DeleteKey(bg, "ns/e"))
				must(t, q.Commit(bg, "10"))
				got := popAll(t, q)
				for _, want := range []string{"ReplacedAll @10 a=1 d=4 c=5", "ReplacedAll @10 c=5 a=1 d=4", "ReplacedAll @10 a=1 c=5 d=4"} {
					if len(got) == 1 && got[0] == want {
						return
					}
				}
				t.Errorf("repeats %v: got %q", repeats, got)
			})
		}
	}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: mapStore{"ns/a": obj("a", "1")}})
	must(t, q.Begin(bg))
	must(t, q.Page(bg, []*Obj{obj("a", "1"), obj("b", "2")}))
	must(t, q.DeleteKey(bg, "ns/a"))
	must(t, q.Commit(bg, "10"))
	equal(t, popAll(t, q), []string{"Deleted a 1 ?", "Replaced b 2", "Bookmark @10"})
}

// F3: with a bound DeleteKey waits for room, until its context ends.
func TestDeleteKeyWaitsForRoom(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	cancel()
	for _, q := range []keyedQueue{
		newInOrder(t, deltafifo.Options[*Obj]{Bound: 1}),
		newDeltaFIFO(t, deltafifo.Options[*Obj]{Bound: 1}),
	} {
		must(t, q.Add(bg, obj("a", "1")))
		if err := q.DeleteKey(ctx, "ns/a"); !errors.Is(err, context.Canceled) {
			t.Errorf("%T: %v, want context.Canceled", q, err)
		}
	}
}
