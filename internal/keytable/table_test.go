package keytable

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// forgetful is a table that remembers nothing.
func forgetful[K comparable]() *Table[K, data, int] {
	t := new(Table[K, data, int])
	t.Remember(-1)
	return t
}

// An entry of a string key fills half of a cache line, and what is there for it in a
// wide table does not count.
func TestAnEntryOfAStringIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Entry[string, threeBytes]{}); unsafe.Sizeof("") == 16 && size != 32 {
		t.Errorf("an entry has %d bytes", size)
	}
}

type threeBytes [3]bool

func (threeBytes) Busy() bool { return false }

// Invariants 1, 3 and 4: the table finds what a map finds, while it grows and
// shrinks.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := forgetful[int]()
		want := map[int]*tableds{}
		span := rapid.SampledFrom([]int{8, 100, 2_000}).Draw(t, "span")
		t.Repeat(map[string]func(*rapid.T){
			"ensure many": func(t *rapid.T) {
				from := rapid.IntRange(0, span).Draw(t, "from")
				for key := from; key < from+span/4; key++ {
					e := tab.Ensure(Sum(key), key)
					if was := want[key]; was != nil && was != e || e.Key != key {
						t.Fatalf("Ensure(%d) is the entry of %d", key, e.Key)
					}
					e.Data.busy = true
					want[key] = e
				}
			},
			"release many": func(t *rapid.T) {
				from := rapid.IntRange(0, span).Draw(t, "from")
				for key := from; key < from+span/2; key++ {
					if e := want[key]; e != nil {
						e.Data.busy = false
						tab.Release(e)
						delete(want, key)
					}
				}
			},
			"": func(t *rapid.T) {
				if tab.Len() != len(want) {
					t.Fatalf("%d entries, expected %d", tab.Len(), len(want))
				}
				for key := -1; key < 2*span; key += 1 + span/100 {
					if got := tab.Find(Sum(key), key); got != want[key] {
						t.Fatalf("Find(%d) is %v, expected %v", key, got, want[key])
					}
				}
				if err := tab.Validate(); err != nil {
					t.Fatal(err)
				}
				n := 0
				tab.All(func(e *tableds) {
					if n++; want[e.Key] != e {
						t.Fatalf("All gives an entry of %d", e.Key)
					}
				})
				if n != len(want) {
					t.Fatalf("All gives %d entries, expected %d", n, len(want))
				}
			},
		})
	})
}

// Invariant 6: what was released is remembered up to the limit, the latest last,
// and nothing in use is ever dropped.
func TestReleasedKeysAreRememberedUpToTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab tabled
		limit := rapid.SampledFrom([]int{-1, 1, 3, 50}).Draw(t, "limit")
		tab.Remember(limit)
		used := map[int]*tableds{}
		key := rapid.IntRange(0, 99)
		t.Repeat(map[string]func(*rapid.T){
			"use": func(t *rapid.T) {
				k := key.Draw(t, "key")
				e := tab.Ensure(Sum(k), k)
				if rapid.Bool().Draw(t, "by place") {
					e.Place = 1
				} else {
					e.Data.busy = true
				}
				used[k] = e
			},
			"release": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if e := used[k]; e != nil {
					e.Place, e.Data.busy = 0, false
					tab.Release(e)
					delete(used, k)
					if kept := tab.Find(Sum(k), k) != nil; kept != (limit > 0) {
						t.Fatalf("the key that was released last is remembered: %v", kept)
					}
				}
			},
			"": func(t *rapid.T) {
				if err := tab.Validate(); err != nil {
					t.Fatal(err)
				}
				for k, e := range used {
					if tab.Find(Sum(k), k) != e {
						t.Fatalf("the entry of %d, which is in use, is not found", k)
					}
				}
				if n := tab.Len() - len(used); n > max(limit, 0) {
					t.Fatalf("%d keys are remembered, the limit is %d", n, limit)
				}
			},
		})
	})
}

// Lists keep their order, and in a wide table an entry can leave from anywhere.
func TestListsAreQueues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab tabled
		var lists [3]List
		var want [3][]int
		in := map[int]int{} // the list of a key
		list := rapid.IntRange(0, 2)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				key, l := rapid.IntRange(0, 20).Draw(t, "key"), list.Draw(t, "list")
				if _, there := in[key]; !there {
					e := tab.Ensure(Sum(key), key)
					e.Data.busy = true
					tab.Push(&lists[l], e)
					in[key], want[l] = l, append(want[l], key)
				}
			},
			"pop": func(t *rapid.T) {
				l := list.Draw(t, "list")
				if lists[l].Empty() {
					t.Skip()
				}
				first := tab.First(&lists[l])
				e := tab.Pop(&lists[l])
				if e != first || e.Key != want[l][0] {
					t.Fatalf("popped %d from %v", e.Key, want[l])
				}
				want[l] = want[l][1:]
				delete(in, e.Key)
			},
			"remove": func(t *rapid.T) {
				if !tab.Wide() || len(in) == 0 {
					t.Skip()
				}
				key := rapid.SampledFrom(slices.Sorted(maps.Keys(in))).Draw(t, "key")
				l := in[key]
				tab.Remove(&lists[l], tab.Find(Sum(key), key))
				want[l] = slices.Delete(want[l], slices.Index(want[l], key), slices.Index(want[l], key)+1)
				delete(in, key)
			},
			"widen": func(t *rapid.T) {
				if rapid.IntRange(0, 5).Draw(t, "really") > 0 {
					t.Skip()
				}
				tab.Widen(&lists[0], &lists[1], &lists[2])
			},
			"": func(t *rapid.T) {
				for i := range lists {
					var got []int
					tab.Each(&lists[i], func(e *tableds) { got = append(got, e.Key) })
					if !slices.Equal(got, want[i]) || lists[i].Empty() != (len(want[i]) == 0) {
						t.Fatalf("list %d is %v, expected %v", i, got, want[i])
					}
				}
			},
		})
	})
}

// Releasing everything gives the room back.
func TestTableGivesRoomBack(t *testing.T) {
	tab := forgetful[string]()
	const n = 50_000
	for i := range n {
		key := fmt.Sprint(i)
		tab.Ensure(Sum(key), key)
	}
	for i := range n {
		key := fmt.Sprint(i)
		tab.Release(tab.Find(Sum(key), key))
	}
	if err := tab.Validate(); err != nil {
		t.Error(err)
	}
	if len(tab.segments) > 1 || len(tab.segments[0].slots) > 64 || cap(tab.segments) > 64 {
		t.Errorf("an empty table has %d segments, the first with room for %d", len(tab.segments), len(tab.segments[0].slots))
	}
	if tab.size() > reserve+slabSize || len(tab.all)-len(tab.holes) > reserve/slabSize+1 {
		t.Errorf("an empty table has room for %d entries", tab.size())
	}
}

// A key that is not equal to itself is never found, as in a map, and does not keep
// a search from ending.
func TestTableWithKeysThatAreNotThemselves(t *testing.T) {
	tab := forgetful[float64]()
	for range 1000 {
		tab.Ensure(Sum(math.NaN()), math.NaN())
	}
	if tab.Find(Sum(math.NaN()), math.NaN()) != nil || tab.Len() != 1000 {
		t.Errorf("%d entries", tab.Len())
	}
}

// Keys that can hold a pointer are not remembered, whatever is asked for.
func TestKeysThatPointAreNotRemembered(t *testing.T) {
	tab := new(Table[*int, data, int])
	tab.Remember(100)
	key := new(int)
	tab.Release(tab.Ensure(Sum(key), key))
	if tab.Len() != 0 {
		t.Error("a pointer is remembered")
	}
	type inner struct {
		Name string
		At   [2]any
	}
	for what, got := range map[string][2]bool{
		"string":                {Pointing[string](), false},
		"struct":                {Pointing[struct{ a, b string }](), false},
		"array":                 {Pointing[[3]int](), false},
		"array of none":         {Pointing[[0]*int](), false},
		"pointer":               {Pointing[*int](), true},
		"interface in a struct": {Pointing[inner](), true},
		"channel":               {Pointing[chan int](), true},
	} {
		if got[0] != got[1] {
			t.Errorf("a key that is a %s can hold a pointer: %v", what, got[0])
		}
	}
}
