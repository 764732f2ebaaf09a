package workqueue

import "hash/maphash"

// seed makes hashes that nobody outside of the process can foresee. It is
// never changed.
var seed = maphash.MakeSeed()

// leastSlots is the size of the smallest array of slots, a power of two.
const leastSlots = 16

// mark is the hash of a key, or one of the two below.
type mark uint32

const (
	neverUsed mark = 0 // a search ends here
	movedAway mark = 1 // a search goes on
	leastMark mark = 2 // the least that is a hash
)

// hashOf is called before the lock is taken: it takes time, and panics if item
// cannot be hashed.
func hashOf[T comparable](item T) mark {
	return max(mark(maphash.Comparable(seed, item)), leastMark)
}

// slots is a hash table with linear probing. Its keys are in the entries, the
// hashes beside them, so that moving an entry does not touch it. A quarter of
// it at least is neverUsed, so that every search ends.
type slots[T comparable] struct {
	marks   []mark
	entries []*entry[T]
	n       int
}

func makeSlots[T comparable](size int) slots[T] {
	return slots[T]{marks: make([]mark, size), entries: make([]*entry[T], size)}
}

// find returns the index of the entry of item, or -1.
func (s *slots[T]) find(hash mark, item T) int {
	mask := len(s.marks) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		switch s.marks[i] {
		case hash:
			if s.entries[i].item == item {
				return i
			}
		case neverUsed:
			return -1
		}
	}
}

// put adds an entry that is not there.
func (s *slots[T]) put(hash mark, e *entry[T]) {
	mask := len(s.marks) - 1
	i := int(hash) & mask
	for s.marks[i] != neverUsed {
		i = (i + 1) & mask
	}
	s.marks[i], s.entries[i] = hash, e
	s.n++
}

// close removes the entry at i and moves up those behind it that would not be
// found any more. It is for slots of which nothing was moved away.
func (s *slots[T]) close(i int) {
	mask := len(s.marks) - 1
	for j := (i + 1) & mask; s.marks[j] != neverUsed; j = (j + 1) & mask {
		home := int(s.marks[j]) & mask
		if (j-home)&mask >= (j-i)&mask {
			s.marks[i], s.entries[i] = s.marks[j], s.entries[j]
			i = j
		}
	}
	s.marks[i], s.entries[i] = neverUsed, nil
	s.n--
}

// leave empties slot i without moving another.
func (s *slots[T]) leave(i int) {
	s.marks[i], s.entries[i] = movedAway, nil
	s.n--
}
