package keytable

import (
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
		hash := rapid.Custom(func(t *rapid.T) Hash {
			return max(1, Hash(lowest)+Hash(rapid.Uint32Range(0, uint32(1<<32-1-uint64(lowest))).Draw(t, "hash")))
		})
		put := func(in slot) {
			want = append(want, in)
			s.put(s.place(in.hash()), in)
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "n") {
					put(makeSlot(hash.Draw(t, "hash"), uint32(len(want)+1)))
				}
			},
			"put twins": func(t *rapid.T) {
				h := hash.Draw(t, "hash")
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
				s.place(hash.Draw(t, "any"))
				s.place(1<<32 - 1)
			},
		})
	})
}
