package keytable

import (
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// data is what the tests keep of a key.
type data struct{ busy bool }

func (d data) Busy() bool { return d.busy }

type (
	tabled  = Table[int, data, int]
	tableds = Entry[int, data]
)

// Invariants 2 and 5: slabs hand out each entry once, keep its key and what
// belongs to it, and come and go.
func TestSlabsHandOutEachEntryOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slabs[int, data, int]
		var held []*tableds
		key := map[uint32]int{}
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				for range rapid.IntRange(1, 2000).Draw(t, "n") {
					e := s.take(len(held))
					if _, twice := key[e.ID()]; twice || e.ID() == 0 {
						t.Fatalf("entry %d is handed out twice", e.ID())
					}
					if *e != (tableds{id: e.ID(), Key: len(held)}) || s.Wide() && *s.extended(e) != (extended[int]{}) {
						t.Fatalf("entry %d remembers something: %+v", e.ID(), e)
					}
					e.Place, e.Data.busy, e.kept = 7, true, true
					if x := s.Extra(e); x != nil {
						*x, s.extended(e).prev = -1, 9
					}
					key[e.ID()] = len(held)
					held = append(held, e)
				}
			},
			"give": func(t *rapid.T) {
				n := rapid.IntRange(0, len(held)).Draw(t, "n")
				if rapid.Bool().Draw(t, "in any order") {
					rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
				}
				for _, e := range held[n:] {
					delete(key, e.ID())
					s.give(e)
				}
				held = held[:n]
			},
			"widen": func(*rapid.T) { s.Widen() },
			"": func(t *rapid.T) {
				if err := s.validate(); err != nil {
					t.Fatal(err)
				}
				for _, e := range held {
					if s.At(e.ID()) != e || e.Key != key[e.ID()] || !e.InUse() {
						t.Fatalf("entry %d has key %d, expected %d", e.ID(), e.Key, key[e.ID()])
					}
				}
			},
		})
	})
}
