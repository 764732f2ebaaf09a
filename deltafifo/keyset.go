package deltafifo

import "hash/maphash"

// keySet reports whether a key was seen in the batch that is being cut. It is an
// open-addressing table of hashes; reset empties it by counting up generation, so
// that a batch begins at no cost, whatever the size of the last one. A map in its
// place costs an event about a quarter more time (BenchmarkDeltaQueue/inorder).
//
// Two keys of one batch with the same 32 bits of hash count as the same key.
// That ends a batch early, once in 10,000 batches of 1,000 keys, and does no
// harm.
type keySet struct {
	seed       maphash.Seed
	generation uint32
	slots      []slot // a power of two, at least twice the keys of a batch
}

// slot is in use if its generation is the set's.
type slot struct{ generation, hash uint32 }

func newKeySet() keySet { return keySet{seed: maphash.MakeSeed()} }

// reset empties the set and makes room for n keys.
func (s *keySet) reset(n int) {
	s.generation++
	if len(s.slots) >= 2*n && s.generation != 0 {
		return
	}
	size := max(16, len(s.slots))
	for size < 2*n {
		size *= 2
	}
	s.slots = make([]slot, size)
	s.generation = 1
}

// add reports whether key was not in the set, which it then is.
func (s *keySet) add(key string) bool {
	h := maphash.String(s.seed, key)
	hash, mask := uint32(h>>32), uint32(len(s.slots)-1)
	for i := uint32(h) & mask; ; i = (i + 1) & mask {
		at := &s.slots[i]
		if at.generation != s.generation {
			*at = slot{s.generation, hash}
			return true
		}
		if at.hash == hash {
			return false
		}
	}
}
