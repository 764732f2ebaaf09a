package workqueue

import "hash/maphash"

// seed makes hashes that nobody outside of the process can foresee. It is
// never changed.
var seed = maphash.MakeSeed()

// hashOf is called before the lock is taken: it takes time, and panics if item
// cannot be hashed.
func hashOf[T comparable](item T) uint64 { return maphash.Comparable(seed, item) }

const (
	// leastSlots is the size of the smallest array of slots, a power of two.
	leastSlots = 16

	// Tags of slots without an entry. A slot with an entry has the highest
	// bit set, and seven bits of the hash.
	neverUsed = 0 // a search ends here
	movedAway = 1 // a search goes on
)

// slots is a hash table with linear probing, whose keys are in the entries.
// An eighth of it at least is neverUsed, so that every search ends.
type slots[T comparable] struct {
	tags    []uint8
	entries []*entry[T]
	n       int
}

func makeSlots[T comparable](size int) slots[T] {
	return slots[T]{tags: make([]uint8, size), entries: make([]*entry[T], size)}
}

func tagOf(hash uint64) uint8 { return uint8(hash>>57) | 0x80 }

// find returns the index of the entry of item, or -1.
func (s *slots[T]) find(hash uint64, item T) int {
	tag, mask := tagOf(hash), len(s.tags)-1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		switch s.tags[i] {
		case tag:
			if s.entries[i].item == item {
				return i
			}
		case neverUsed:
			return -1
		}
	}
}

// put adds an entry that is not there.
func (s *slots[T]) put(hash uint64, e *entry[T]) {
	mask := len(s.tags) - 1
	i := int(hash) & mask
	for s.tags[i] != neverUsed {
		i = (i + 1) & mask
	}
	s.tags[i], s.entries[i] = tagOf(hash), e
	s.n++
}

// close removes the entry at i and moves up those behind it that would not be
// found any more. It is for slots of which nothing was moved away.
func (s *slots[T]) close(i int) {
	mask := len(s.tags) - 1
	for j := (i + 1) & mask; s.tags[j] != neverUsed; j = (j + 1) & mask {
		home := int(hashOf(s.entries[j].item)) & mask
		if (j-home)&mask >= (j-i)&mask {
			s.tags[i], s.entries[i] = s.tags[j], s.entries[j]
			i = j
		}
	}
	s.tags[i], s.entries[i] = neverUsed, nil
	s.n--
}

// leave empties slot i without moving another.
func (s *slots[T]) leave(i int) {
	s.tags[i], s.entries[i] = movedAway, nil
	s.n--
}
