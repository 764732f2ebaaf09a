package hints

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func places(t *Table, hash uint32) []uint32 {
	var got []uint32
	for p := t.Probe(hash); ; {
		place, ok := p.Next()
		if !ok {
			slices.Sort(got)
			return got
		}
		got = append(got, place)
	}
}

func TestTableHoldsWhatAMultimapHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		model := map[uint32][]uint32{}
		hashes := rapid.SampledFrom([]uint32{0, 1, 7, 8, 15, 16, 1 << 31, 1<<32 - 1, 1<<32 - 8})
		place := rapid.SampledFrom([]uint32{0, 1, 2, 5, MaxPlace})
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				h, p := hashes.Draw(t, "hash"), place.Draw(t, "place")
				table.Insert(h, p)
				model[h] = append(model[h], p)
			},
			"remove": func(t *rapid.T) {
				h, p := hashes.Draw(t, "hash"), place.Draw(t, "place")
				i := slices.Index(model[h], p)
				if got := table.Remove(h, p); got != (i >= 0) {
					t.Fatalf("Remove(%d, %d) = %v", h, p, got)
				}
				if i >= 0 {
					model[h] = slices.Delete(model[h], i, i+1)
				}
			},
			"reserve": func(t *rapid.T) { table.Reserve(rapid.IntRange(0, 200).Draw(t, "n")) },
			"": func(t *rapid.T) {
				n := 0
				for h, want := range model {
					n += len(want)
					want = slices.Sorted(slices.Values(want))
					if got := places(&table, h); !slices.Equal(got, want) {
						t.Fatalf("places of %d: %v, want %v", h, got, want)
					}
				}
				if table.Len() != n {
					t.Fatalf("Len %d, want %d", table.Len(), n)
				}
			},
		})
	})
}

func TestProbeFindsWhatStaysWhileOtherPlacesComeAndGo(t *testing.T) {
	var table Table
	table.Insert(42, 7)
	var stop atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for !stop.Load() {
				if !slices.Contains(places(&table, 42), 7) {
					t.Error("a place that was never removed was not found")
					return
				}
			}
		})
	}
	for round := range 200 {
		for i := range uint32(100) {
			table.Insert(40+i%5, 100+i)
		}
		for i := range uint32(100) {
			if !table.Remove(40+i%5, 100+i) {
				t.Fatalf("round %d: place %d lost", round, i)
			}
		}
	}
	stop.Store(true)
	readers.Wait()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
