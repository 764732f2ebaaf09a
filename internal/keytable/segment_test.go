package keytable

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Invariant 3: a segment finds each of its hashes, and the place of any other, also
// where they crowd: at its end, where no gap may be left for them.
func TestASegmentFindsItsHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := makeSegment(0)
		var want []slot
		lowest := rapid.SampledFrom([]uint32{0, 1 << 31, 1<<32 - 1<<29}).Draw(t, "lowest")
		// Hashes are evenly spread, as a hash function's are: a dozen that are equal
		// have no room in a segment of any size.
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		hash := func() Hash { return Hash(lowest + 1 + r.Uint32N(1<<32-1-lowest)) }
		put := func(in slot) {
			want = append(want, in)
			s.put(s.place(in.hash()), in)
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "n") {
					put(makeSlot(hash(), uint32(len(want)+1)))
				}
			},
			"put twins": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
					t.Skip()
				}
				h := hash()
				for range rapid.IntRange(1, 3).Draw(t, "n") {
					put(makeSlot(h, uint32(len(want)+1)))
				}
			},
			"remove": func(t *rapid.T) {
				for range rapid.IntRange(0, len(want)).Draw(t, "n") {
					at := rapid.IntRange(0, len(want)-1).Draw(t, "which")
					i := s.place(want[at].hash())
					for s.slots[i] != want[at] {
						i++
					}
					s.remove(i)
					want = slices.Delete(want, at, at+1)
				}
			},
			"resize": func(t *rapid.T) { s.resize(s.n + rapid.IntRange(0, 100).Draw(t, "more")) },
			"split and merge": func(*rapid.T) {
				other := s.split(1)
				if err := other.validate(); err != nil {
					t.Fatal(err)
				}
				for _, in := range other.slots {
					if in != 0 {
						if in.hash()&1 != 1 {
							t.Fatalf("hash %x was split off", in.hash())
						}
						s.put(s.place(in.hash()), in)
					}
				}
			},
			"": func(t *rapid.T) {
				if err := s.validate(); err != nil {
					t.Fatal(err)
				}
				for _, in := range want {
					i := s.place(in.hash())
					for s.slots[i].hash() == in.hash() && s.slots[i] != in {
						i++
					}
					if s.slots[i] != in {
						t.Fatalf("hash %x is not found", in.hash())
					}
				}
				if s.n != len(want) {
					t.Fatalf("%d hashes, expected %d", s.n, len(want))
				}
				s.place(hash())
				s.place(1<<32 - 1)
				s.place(1)
			},
		})
	})
}
