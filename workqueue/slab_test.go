package workqueue

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Slabs hand out each entry once, keep its item, and come and go.
func TestSlabsHandOutEachEntryOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slabs[int]
		var held []entry[int]
		item := map[uint32]int{}
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				for range rapid.IntRange(1, 2000).Draw(t, "n") {
					e := s.take(len(held))
					if _, twice := item[e.id]; twice || e.none() {
						t.Fatalf("entry %d is handed out twice", e.id)
					}
					if e.link().next != 0 || *e.state() != 0 || e.failures() != 0 || s.ranked && *e.rank() != (rank{}) {
						t.Fatalf("entry %d remembers something", e.id)
					}
					e.enter(dirty)
					e.mark(cached, true)
					e.extra().failures = 1
					if r := e.rank(); r != nil {
						r.age = 1
					}
					item[e.id] = len(held)
					held = append(held, e)
				}
			},
			"give": func(t *rapid.T) {
				n := rapid.IntRange(0, len(held)).Draw(t, "n")
				if rapid.Bool().Draw(t, "in any order") {
					rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
				}
				for _, e := range held[n:] {
					delete(item, e.id)
					s.give(e)
				}
				held = held[:n]
			},
			"rank": func(t *rapid.T) {
				if !s.ranked {
					s.rank()
				}
			},
			"": func(t *rapid.T) {
				if err := s.validate(); err != nil {
					t.Fatal(err)
				}
				for _, e := range held {
					if s.at(e.id) != e || e.item() != item[e.id] || e.phase() != dirty {
						t.Fatalf("entry %d has item %d, expected %d", e.id, e.item(), item[e.id])
					}
				}
			},
		})
	})
}

// A queue that held many keys gives the memory back although they go in no
// order, and keys that are merely cached lie between them.
func TestABurstInNoOrderGivesSlabsBack(t *testing.T) {
	q := NewDelaying(Options[int]{})
	defer q.ShutDown()
	const n = 300_000
	for item := range n {
		q.AddAfter(item, time.Hour)
	}
	for _, item := range rand.Perm(n) {
		if !q.Cancel(item) {
			t.Fatalf("%d was not delayed", item)
		}
	}
	if err := q.validate(); err != nil {
		t.Error(err)
	}
	if size := q.table.size(); size > sparseAbove {
		t.Errorf("there is room for %d entries", size)
	}
	if chunks := len(q.delays.heap.chunks); chunks > 2 {
		t.Errorf("the heap keeps %d chunks", chunks)
	}
}

// Q3: items that wait when the first priority is used keep their order, and
// can rise from their midst.
func TestQ3TheFirstPriorityKeepsTheOrder(t *testing.T) {
	for _, grouped := range []bool{false, true} {
		o := Options[int]{Aging: -1}
		if grouped {
			o.Group = func(item int) string { return fmt.Sprint(item % 2) }
		}
		q := New(o)
		const n = 1000
		for item := range n {
			q.Add(item)
		}
		q.AddPriority(n/2, 1)
		q.AddPriority(n/2+1, 1)
		if err := q.validate(); err != nil {
			t.Fatal(err)
		}
		last := map[int]int{0: -1, 1: -1}
		for i := range n {
			item, ok := q.TryGet()
			first := i < 2
			switch {
			case !ok || first != (item == n/2 || item == n/2+1):
				t.Fatalf("got %d, %v as number %d", item, ok, i)
			case !first && (item < last[item%2] || !grouped && item < last[1-item%2]):
				t.Fatalf("got %d after %v", item, last)
			case !first:
				last[item%2] = item
			}
			q.Done(item)
		}
	}
}
