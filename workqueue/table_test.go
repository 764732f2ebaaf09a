package workqueue

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The table finds what a map finds, while it grows and shrinks.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := table[int]{cache: cache{limit: -1}}
		want := map[int]entry[int]{}
		span := rapid.SampledFrom([]int{8, 100, 2_000}).Draw(t, "span")
		t.Repeat(map[string]func(*rapid.T){
			"ensure many": func(t *rapid.T) {
				from := rapid.IntRange(0, span).Draw(t, "from")
				for item := from; item < from+span/4; item++ {
					e := tab.ensure(hashOf(item), item)
					if was := want[item]; !was.none() && was != e || e.item() != item {
						t.Fatalf("ensure(%d) is the entry of %d", item, e.item())
					}
					want[item] = e
				}
			},
			"drop many": func(t *rapid.T) {
				from := rapid.IntRange(0, span).Draw(t, "from")
				for item := from; item < from+span/2; item++ {
					if e := want[item]; !e.none() {
						tab.forget(e)
						delete(want, item)
					}
				}
			},
			"": func(t *rapid.T) {
				if tab.n != len(want) {
					t.Fatalf("%d entries, expected %d", tab.n, len(want))
				}
				for item := -1; item < 2*span; item += 1 + span/100 {
					if got := tab.get(hashOf(item), item); got != want[item] {
						t.Fatalf("get(%d) is %v, expected %v", item, got, want[item])
					}
				}
				if err := tab.validate(); err != nil {
					t.Fatal(err)
				}
				n := 0
				tab.each(func(e entry[int]) {
					if n++; want[e.item()] != e {
						t.Fatalf("each gives an entry of %d", e.item())
					}
				})
				if n != len(want) {
					t.Fatalf("each gives %d entries, expected %d", n, len(want))
				}
			},
		})
	})
}

// Dropping everything gives the room back.
func TestTableGivesRoomBack(t *testing.T) {
	tab := table[string]{cache: cache{limit: -1}}
	const n = 50_000
	for i := range n {
		item := fmt.Sprint(i)
		tab.ensure(hashOf(item), item)
	}
	for i := range n {
		item := fmt.Sprint(i)
		tab.forget(tab.get(hashOf(item), item))
	}
	if err := tab.validate(); err != nil {
		t.Error(err)
	}
	if len(tab.segments) > 1 || len(tab.segments[0].slots) > 64 || cap(tab.segments) > 64 {
		t.Errorf("an empty table has %d segments, the first with room for %d", len(tab.segments), len(tab.segments[0].slots))
	}
	if tab.size() > freeEntries+slabSize || len(tab.all)-tab.gaps > freeEntries/slabSize+1 {
		t.Errorf("an empty table has room for %d entries", tab.size())
	}
}

// An item that is not equal to itself is never found, as in a map, and does
// not keep a search from ending.
func TestTableWithItemsThatAreNotThemselves(t *testing.T) {
	tab := table[float64]{cache: cache{limit: -1}}
	for range 1000 {
		tab.ensure(hashOf(math.NaN()), math.NaN())
	}
	if !tab.get(hashOf(math.NaN()), math.NaN()).none() || tab.n != 1000 {
		t.Errorf("%d entries", tab.n)
	}
}
