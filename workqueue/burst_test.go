package workqueue

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

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
	if _, size := q.table.Room(); size > 65_536 {
		t.Errorf("there is room for %d entries", size)
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
