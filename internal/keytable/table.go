package keytable

import "hash/maphash"

// segmentFill is the mean number of keys of a segment.
const segmentFill = 512

// Table is a map from keys to entries; see the documentation of the package.
//
// It is cut into segments by the low bits of the hash, and grows and shrinks by one
// segment at a time ("Linear hashing" by Litwin, 1980).
type Table[K comparable, D Data, X any] struct {
	slabs[K, D, X]
	idle idle

	// Hash h is in segment h&mask, or in h&(mask>>1) if there is no such segment
	// yet. mask is one less than a power of two, the smallest one that reaches
	// every segment.
	segments []segment
	mask     uint32
}

// Find returns the entry of a key with that hash, or nil.
func (t *Table[K, D, X]) Find(hash Hash, key K) *Entry[K, D] {
	if len(t.segments) == 0 {
		return nil
	}
	s := t.segment(hash)
	for i := s.place(hash); s.slots[i].hash() == hash; i++ {
		if e := t.At(s.slots[i].id()); e.Key == key {
			return e
		}
	}
	return nil
}

// Ensure returns the entry of a key with that hash, which it makes if there is
// none.
func (t *Table[K, D, X]) Ensure(hash Hash, key K) *Entry[K, D] {
	if len(t.segments) == 0 {
		t.segments = append(t.segments, makeSegment(0))
	}
	s := t.segment(hash)
	place := s.place(hash)
	for ; s.slots[place].hash() == hash; place++ {
		if e := t.At(s.slots[place].id()); e.Key == key {
			return e
		}
	}
	e := t.take(key)
	s.put(place, makeSlot(hash, e.id))
	if t.n > len(t.segments)*segmentFill {
		t.split()
	}
	return e
}

// All calls f for each entry, in no order. f must not change the table.
func (t *Table[K, D, X]) All(f func(*Entry[K, D])) {
	for i := range t.segments {
		for _, s := range t.segments[i].slots {
			if s != 0 {
				f(t.At(s.id()))
			}
		}
	}
}

// Room is the number of keys for which there is room: in the segments, gaps
// included, and in the slabs. It is for tests.
func (t *Table[K, D, X]) Room() (slots, entries int) {
	for i := range t.segments {
		slots += len(t.segments[i].slots)
	}
	return slots, t.size()
}

// remove removes an entry that is neither in use nor remembered. A key that is not
// equal to itself cannot be found to be removed.
func (t *Table[K, D, X]) remove(e *Entry[K, D]) {
	hash := Sum(e.Key)
	s := t.segment(hash)
	i := s.place(hash)
	for ; s.slots[i] != makeSlot(hash, e.id); i++ {
		if s.slots[i].hash() != hash {
			return
		}
	}
	s.remove(i)
	t.give(e)
	if k := len(t.segments); k > 1 && t.n < k*segmentFill/2 {
		t.merge()
	}
}

// segment returns the segment of a hash.
func (t *Table[K, D, X]) segment(hash Hash) *segment {
	i := uint32(hash) & t.mask
	if i >= uint32(len(t.segments)) {
		i &= t.mask >> 1
	}
	return &t.segments[i]
}

// split adds a segment, and moves to it the hashes that belong there from the one
// that has held them so far.
func (t *Table[K, D, X]) split() {
	k := uint32(len(t.segments))
	if k > t.mask {
		t.mask = 2*t.mask + 1
	}
	half := t.mask >> 1
	t.segments = append(t.segments, t.segments[k&half].split(Hash(half+1)))
}

// merge undoes a split.
func (t *Table[K, D, X]) merge() {
	k := uint32(len(t.segments) - 1)
	half := t.mask >> 1
	into := &t.segments[k&half]
	into.resize(into.n + t.segments[k].n)
	for _, s := range t.segments[k].slots {
		if s != 0 {
			into.put(into.place(s.hash()), s)
		}
	}
	t.segments[k] = segment{}
	t.segments = tight(t.segments[:k])
	if k-1 <= half {
		t.mask = half
	}
}

// seed makes hashes that nobody outside of the process can foresee. It is set once
// and never changed.
var seed = maphash.MakeSeed()

// Hash is the hash of a key; 0 is none.
type Hash uint32

// Sum returns the hash of a key. It panics if the key cannot be hashed.
func Sum[K comparable](key K) Hash {
	return max(Hash(maphash.Comparable(seed, key)), 1)
}
