package workqueue

import "hash/maphash"

const (
	// freeEntries is how many entries without a key are kept for reuse.
	freeEntries = 1024

	// sparseAbove is the size above which the slabs can be sparse, and one
	// sparsePart of it the number of entries below which they are.
	sparseAbove = 65_536
	sparsePart  = 4

	// segmentFill is the mean number of keys of a segment.
	segmentFill = 512
)

// table finds the entry of a key. It keeps entries of idle keys, up to a
// limit, so that keys that are added again and again cost one search and no
// allocation.
//
// It is a hash table of its own, and not a map, because a map stores each key
// a second time, hashes twice to add one, and never becomes smaller. The table
// is cut into segments by the low bits of the hash, and grows and shrinks by
// one segment at a time. So no addition takes longer than one segment does, and
// at no time is half of the table empty ("Linear hashing" by Litwin, 1980). See
// BenchmarkQueue/cycle and BenchmarkDelayingQueue/pending.
type table[T comparable] struct {
	slabs[T]
	cache cache

	// Hash h is in segment h&mask, or in h&(mask>>1) if there is no such
	// segment yet. mask is one less than a power of two, the smallest one that
	// reaches every segment.
	segments []segment
	mask     uint32
}

// get returns the entry of item, or none.
func (t *table[T]) get(hash mark, item T) entry[T] {
	if len(t.segments) == 0 {
		return entry[T]{}
	}
	e, _ := t.find(t.segment(hash), hash, item)
	return e
}

// ensure returns the entry of item, which it makes if there is none.
func (t *table[T]) ensure(hash mark, item T) entry[T] {
	if len(t.segments) == 0 {
		t.segments = append(t.segments, makeSegment(0))
	}
	s := t.segment(hash)
	e, i := t.find(s, hash, item)
	if !e.none() {
		return e
	}
	e = t.take(item)
	s.put(i, makeSlot(hash, e.id))
	if t.n > len(t.segments)*segmentFill {
		t.split()
	}
	return e
}

// forget removes an entry that is neither used nor cached. An item that is not
// equal to itself cannot be found to be removed, as in a map.
func (t *table[T]) forget(e entry[T]) {
	hash := hashOf(e.item())
	s := t.segment(hash)
	found, i := t.find(s, hash, e.item())
	if found.none() {
		return
	}
	s.remove(i)
	t.give(e)
	if k := len(t.segments); k > 1 && t.n < k*segmentFill/2 {
		t.merge()
	}
}

// segment returns the segment of a hash.
func (t *table[T]) segment(hash mark) *segment {
	i := uint32(hash) & t.mask
	if i >= uint32(len(t.segments)) {
		i &= t.mask >> 1
	}
	return &t.segments[i]
}

// find returns the entry of item and its slot, or none and the slot where it
// belongs.
func (t *table[T]) find(s *segment, hash mark, item T) (entry[T], int) {
	i := s.place(hash)
	for ; s.slots[i].hash() == hash; i++ {
		if e := t.at(s.slots[i].id()); e.item() == item {
			return e, i
		}
	}
	return entry[T]{}, i
}

// split adds a segment, and moves to it the hashes that belong there from the one
// that has held them so far.
func (t *table[T]) split() {
	k := uint32(len(t.segments))
	if k > t.mask {
		t.mask = 2*t.mask + 1
	}
	half := t.mask >> 1
	t.segments = append(t.segments, t.segments[k&half].split(mark(half+1)))
}

// merge undoes a split.
func (t *table[T]) merge() {
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

// tight returns s, copied to a smaller array if most of its capacity is unused.
func tight[E any](s []E) []E {
	if cap(s) < 64 || len(s) > cap(s)/4 {
		return s
	}
	return append(make([]E, 0, 2*len(s)), s...)
}

// each calls f for each entry, in no order.
func (t *table[T]) each(f func(entry[T])) {
	for i := range t.segments {
		for _, s := range t.segments[i].slots {
			if s != 0 {
				f(t.at(s.id()))
			}
		}
	}
}

// seed makes hashes that nobody outside of the process can foresee. It is set once
// and never changed.
var seed = maphash.MakeSeed()

// mark is the hash of a key; 0 is none.
type mark uint32

// hashOf returns the hash of item. It is called before the lock is taken, because
// it takes time, and panics if item cannot be hashed.
func hashOf[T comparable](item T) mark {
	return max(mark(maphash.Comparable(seed, item)), 1)
}
