package postings

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/internal/mvcc"
	"pgregory.net/rapid"
)

type sets map[string]map[uint32]bool

func (s sets) slots() map[string][]uint32 {
	all := map[string][]uint32{}
	for value, set := range s {
		if len(set) > 0 {
			all[value] = slices.Sorted(maps.Keys(set))
		}
	}
	return all
}

// read asks for everything that a reader can ask for in a version.
func read(t *rapid.T, x *Index, version uint64) map[string][]uint32 {
	all := map[string][]uint32{}
	for value := range x.Values(version) {
		set := x.Find(version, value)
		var slots []uint32
		for part := range set.Parts() {
			runs := set.Part(part, nil)
			if len(runs) > MaxRuns {
				t.Fatalf("%d runs in a part", len(runs))
			}
			for _, r := range runs {
				for i := range uint32(ChunkSize) {
					if r.Mask&(1<<i) != 0 {
						slots = append(slots, r.Chunk*ChunkSize+i)
					}
				}
			}
		}
		if len(slots) != set.Len() || !slices.IsSorted(slots) || all[value] != nil {
			t.Fatalf("%q: %d slots counted, %v", value, set.Len(), slots)
		}
		all[value] = slots
	}
	return all
}

// same compares; cmp only explains, it takes long.
func same(t *rapid.T, what string, want, got map[string][]uint32) {
	if !maps.EqualFunc(want, got, slices.Equal) {
		t.Fatalf("%s: %s", what, cmp.Diff(want, got))
	}
}

func TestIndexGivesTheSetsOfEveryPinnedVersion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var clock mvcc.Clock
		var col mvcc.Collector
		col.Init(&clock)
		x := New(&col)
		now := sets{}
		pinned := map[mvcc.Pin]map[string][]uint32{}
		value := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
		slot := rapid.OneOf(rapid.Uint32Range(0, 700), rapid.Uint32Range(4090, 4100), rapid.Uint32Range(1_000_000, 1_000_040))
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				version := clock.Now() + 1
				for range rapid.IntRange(1, 30).Draw(t, "changes") {
					v, s := value.Draw(t, "value"), slot.Draw(t, "slot")
					if now[v] == nil {
						now[v] = map[uint32]bool{}
					}
					id := x.ID(v)
					if now[v][s] {
						x.Remove(version, id, s)
						delete(now[v], s)
					} else {
						x.Add(version, id, s)
						now[v][s] = true
					}
				}
				clock.Commit(version)
				col.Collect()
			},
			"range": func(t *rapid.T) { // enough for a bitmap, and back
				version, v := clock.Now()+1, value.Draw(t, "value")
				fill := len(now[v]) < 200
				if now[v] == nil {
					now[v] = map[uint32]bool{}
				}
				id := x.ID(v)
				for s := range uint32(320) {
					switch {
					case fill && !now[v][s]:
						x.Add(version, id, s)
						now[v][s] = true
					case !fill && now[v][s]:
						x.Remove(version, id, s)
						delete(now[v], s)
					}
				}
				if len(now[v]) == 0 { // an id needs a slot until the commit
					x.Add(version, id, 1)
					now[v][1] = true
				}
				clock.Commit(version)
				col.Collect()
			},
			"pin": func(*rapid.T) {
				if len(pinned) < 4 {
					pinned[clock.Pin()] = now.slots()
				}
			},
			"release": func(*rapid.T) {
				for pin := range pinned {
					delete(pinned, pin)
					clock.Release(pin)
					col.CollectNow()
					return
				}
			},
			"": func(t *rapid.T) {
				same(t, "now", now.slots(), read(t, x, clock.Now()))
				for pin, want := range pinned {
					same(t, "pinned", want, read(t, x, pin.Version()))
				}
				got, err := x.Validate()
				if err != nil {
					t.Fatal(err)
				}
				same(t, "Validate", now.slots(), got)
				if len(pinned) == 0 && (col.Held() != 0 || x.byValue.Len() != len(got)) {
					t.Fatalf("%d things held, %d postings for %d values, and nothing is pinned", col.Held(), x.byValue.Len(), len(got))
				}
			},
		})
	})
}
