package hints

import (
	"fmt"
	"hash/maphash"
	"maps"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// hash is weak, so that names share hashes.
func hash(name string) uint32 {
	return uint32(maphash.String(seed, name)>>32) &^ 0x0fff_ffff
}

var seed = maphash.MakeSeed()

// TestTableKeepsThePlaceOfEveryName proves what the package says: a name has one
// place in a Table, which it keeps, in the Tables from before a Rebuild too; and a
// Rebuild keeps the places of the names that live.
func TestTableKeepsThePlaceOfEveryName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k Keeper
		places := map[string]uint32{} // in the present Table
		live := map[uint32]bool{}
		type past struct {
			table  *Table
			places map[string]uint32
		}
		var before []past
		rebuild := func(n int) {
			before = append(before, past{k.Table(), maps.Clone(places)})
			k.Rebuild(n, func(place uint32) bool { return live[place] })
			maps.DeleteFunc(places, func(_ string, place uint32) bool { return !live[place] })
		}
		name := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("name", rapid.IntRange(0, 60).Draw(t, "name")) })
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				n := name.Draw(t, "name")
				if place, there := places[n]; there {
					live[place] = true
					return
				}
				if !k.Room(1) {
					rebuild(len(live) + 1)
				}
				place := k.Add(hash(n), n)
				for other, taken := range places {
					if taken == place {
						t.Fatalf("%q has place %d of %q", n, place, other)
					}
				}
				places[n], live[place] = place, true
			},
			"die": func(t *rapid.T) {
				if place, there := places[name.Draw(t, "name")]; there {
					delete(live, place)
				}
			},
			"rebuild": func(t *rapid.T) { rebuild(rapid.IntRange(0, 100).Draw(t, "room")) },
			"": func(t *rapid.T) {
				if err := k.Validate(); err != nil {
					t.Fatal(err)
				}
				checkTable(t, k.Table(), places)
				for _, p := range before {
					checkTable(t, p.table, p.places)
				}
			},
		})
	})
}

func checkTable(t *rapid.T, table *Table, places map[string]uint32) {
	for i := range 61 {
		n := fmt.Sprint("name", i)
		place, ok := table.Find(hash(n), n)
		want, there := places[n]
		if ok != there || ok && (place != want || table.Name(place) != n || !table.Has(place, n) || place >= table.Len()) {
			t.Fatalf("%q is found at %d (%v), want %d (%v)", n, place, ok, want, there)
		}
		if there && table.Has(want+1, n) {
			t.Fatalf("%q is at %d and at %d", n, want, want+1)
		}
	}
	n := 0
	for place := range table.All {
		if n++; places[table.Name(place)] != place {
			t.Fatalf("All yields place %d, which is %q's", place, table.Name(place))
		}
	}
	if n != len(places) {
		t.Fatalf("All yields %d places, want %d", n, len(places))
	}
}

// TestFindBesideAdd proves that a name that is there is found while others are
// added, without a lock. The race detector looks on.
func TestFindBesideAdd(t *testing.T) {
	var k Keeper
	k.Rebuild(10_000, func(uint32) bool { return false })
	added := make(chan string, 10_000)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for n := range added {
				if place, ok := k.Table().Find(hash(n), n); !ok || k.Table().Name(place) != n {
					t.Errorf("%q is not found", n)
				}
			}
		})
	}
	k.Add(hash(""), "")
	for i := range 2_000 {
		n := fmt.Sprint(i)
		k.Add(hash(n), n)
		added <- n
		added <- "" // the first name of all
	}
	close(added)
	wg.Wait()
}
