package keytable

import "slices"

const (
	// overhang is how many slots at the end of a segment are the home of no
	// hash. They hold hashes for which there is no gap before them, but for the
	// last of them, a window, which are gaps.
	overhang = 16

	// window is how many slots a search looks at together.
	window = 4

	// leastRoom is the least number of hashes for which a segment has room.
	leastRoom = 14
)

// slot is a hash and the number of the entry of its key, in the upper and the
// lower half; 0 is a gap.
type slot uint64

func makeSlot(hash Hash, id uint32) slot { return slot(hash)<<32 | slot(id) }

func (s slot) hash() Hash { return Hash(s >> 32) }
func (s slot) id() uint32 { return uint32(s) }

// before reports whether the slot has a lower hash. A gap has not.
func (s slot) before(hash Hash) bool { return s.hash()-1 < hash-1 }

// segment is a small hash table from the hashes of keys to the numbers of
// their entries, with linear probing. The hashes in it rise from slot to slot,
// gaps aside, and each stands at its home or behind it, with no gap between.
// So a search ends early also where the segment is nearly full, and all hashes
// can be moved to another segment in one pass that touches no entry. The last
// slots are gaps, so that every search ends.
//
// The order is that of "Ordered hash tables" by Amble and Knuth (1974).
type segment struct {
	slots []slot
	n     int
}

// makeSegment returns a segment with room for n hashes, and for as many more as the
// allocator gives room for.
func makeSegment(n int) segment {
	n = max(n, leastRoom)
	slots := slices.Grow([]slot(nil), n+n/roomPart+1+overhang)
	slots = slots[:cap(slots)]
	clear(slots)
	return segment{slots: slots}
}

const roomPart = 5

// room is how many hashes the segment should hold at most.
func (s *segment) room() int {
	return (len(s.slots) - overhang) * roomPart / (roomPart + 1)
}

// home is the slot where the search for a hash begins. It rises with the hash.
func (s *segment) home(hash Hash) int {
	return int(uint64(hash) * uint64(len(s.slots)-overhang) >> 32)
}

// place is the slot of a hash if it is there, and else the slot where it belongs.
// How far that is cannot be foreseen, so that a window is looked at without a
// branch: the slots with a lower hash are the first of it.
func (s *segment) place(hash Hash) int {
	for i := s.home(hash); ; i += window {
		w, n := s.slots[i:i+window], 0
		if w[0].before(hash) {
			n = 1
		}
		if w[1].before(hash) {
			n = 2
		}
		if w[2].before(hash) {
			n = 3
		}
		if !w[3].before(hash) {
			return i + n
		}
	}
}

// put adds a hash at its place.
func (s *segment) put(place int, in slot) {
	if s.n >= s.room() {
		s.resize(s.n + s.n/8 + 1)
		place = s.place(in.hash())
	}
	last := len(s.slots) - window
	for i := place; in != 0; i++ {
		if i == last {
			s.resize(s.room() + s.room()/8 + 1)
			s.put(s.place(in.hash()), in)
			return
		}
		s.slots[i], in = in, s.slots[i]
	}
	s.n++
}

// remove takes out slot i, and moves up those behind it that would not be
// found any more.
func (s *segment) remove(i int) {
	for ; s.slots[i+1] != 0 && s.home(s.slots[i+1].hash()) <= i; i++ {
		s.slots[i] = s.slots[i+1]
	}
	s.slots[i] = 0
	s.n--
	if s.room() > 2*leastRoom && s.n < s.room()/2 {
		s.resize(s.n + s.n/8 + 1)
	}
}

// resize makes room for n hashes, which must not be fewer than there are.
func (s *segment) resize(n int) { *s = s.part(0, 0, s.n, n) }

// split moves the hashes in which bit is set to another segment.
func (s *segment) split(bit Hash) segment {
	n := 0
	for _, from := range s.slots {
		n += int(from.hash() & bit / bit)
	}
	set := s.part(bit, bit, n, n+n/8)
	*s = s.part(bit, 0, s.n-n, s.n-n+(s.n-n)/8)
	return set
}

// part returns a segment of the n hashes that have that value under a mask,
// with room for more.
func (s *segment) part(mask, value Hash, n, room int) segment {
	for ; ; room += room / 4 {
		to := makeSegment(room)
		if to.fill(s.slots, mask, value) {
			to.n = n
			return to
		}
	}
}

// fill moves rising hashes to an empty segment: those that have that value
// under a mask. It fails when one finds no gap. What slot comes next cannot be
// foreseen, so that gaps are moved as well, without a branch.
func (s *segment) fill(from []slot, mask, value Hash) bool {
	next, last := 0, len(s.slots)-window
	for _, in := range from {
		if in.hash()&mask != value {
			in = 0
		}
		i := max(s.home(in.hash()), next)
		if i == last && in != 0 {
			return false
		}
		s.slots[i] = in
		if in != 0 {
			next = i + 1
		}
	}
	return true
}
