package workqueue

const (
	// overhang is how many slots at the end of a segment are home to no
	// hash, and take in what its homes cannot.
	overhang = 16

	// leastRoom is the least number of hashes for which a segment has room.
	leastRoom = 14
)

// segment is a small hash table from the hashes of keys to the numbers of
// their entries, with linear probing. The hashes in it rise from slot to slot,
// gaps aside, and each stands at its home or behind it, with no gap between.
// So a search ends early also where the segment is nearly full, and all hashes
// can be moved to another segment in one pass that touches no entry. The last
// slot is never used, so that every search ends.
//
// The order is that of "Ordered hash tables" by Amble and Knuth (1974).
type segment struct {
	slots []slot
	n     int
}

// slot is a hash and the number of the entry of its key.
type slot struct {
	hash mark
	id   uint32
}

// makeSegment returns a segment with room for n hashes.
func makeSegment(n int) segment {
	n = max(n, leastRoom)
	return segment{slots: make([]slot, n+n/7+overhang)}
}

// room is how many hashes the segment should hold at most: seven eighths of
// the homes.
func (s *segment) room() int {
	homes := len(s.slots) - overhang
	return homes - (homes+7)/8
}

// home is where the search for a hash begins. It rises with the hash.
func (s *segment) home(hash mark) int {
	return int(uint64(hash) * uint64(len(s.slots)-overhang) >> 32)
}

// put adds a hash.
func (s *segment) put(hash mark, id uint32) {
	if s.n >= s.room() {
		s.resize(s.n + s.n/4 + 1)
	}
	for !s.insert(slot{hash, id}) {
		s.resize(s.room() + s.room()/4)
	}
}

// insert is put, unless there is no gap behind the place of the hash.
func (s *segment) insert(in slot) bool {
	i := s.home(in.hash)
	for h := s.slots[i].hash; h != 0 && h <= in.hash; h = s.slots[i].hash {
		i++
	}
	gap := i
	for s.slots[gap].hash != 0 {
		gap++
	}
	if gap == len(s.slots)-1 {
		return false
	}
	copy(s.slots[i+1:gap+1], s.slots[i:gap])
	s.slots[i] = in
	s.n++
	return true
}

// remove takes out slot i, and moves up those behind it that would not be
// found any more.
func (s *segment) remove(i int) {
	end := i + 1
	for s.slots[end].hash != 0 && s.home(s.slots[end].hash) < end {
		end++
	}
	copy(s.slots[i:], s.slots[i+1:end])
	s.slots[end-1] = slot{}
	s.n--
	if s.room() > leastRoom && s.n < s.room()/2 {
		s.resize(s.n + s.n/4 + 1)
	}
}

// resize makes room for n hashes, which must not be fewer than there are.
func (s *segment) resize(n int) {
	for {
		to := makeSegment(n)
		if to.fill(s.slots, 0, 0) {
			*s = to
			return
		}
		n += n / 4
	}
}

// split moves the hashes in which bit is set to another segment.
func (s *segment) split(bit mark) (set segment) {
	n := 0
	for _, from := range s.slots {
		if from.hash&bit != 0 {
			n++
		}
	}
	set = s.part(bit, bit, n)
	*s = s.part(bit, 0, s.n-n)
	return set
}

// part returns a segment of the n hashes that have that value under a mask.
func (s *segment) part(mask, value mark, n int) segment {
	for room := n + n/8; ; room += room/4 + 1 {
		to := makeSegment(room)
		if to.fill(s.slots, mask, value) {
			return to
		}
	}
}

// fill adds to an empty segment the rising hashes of slots that have that value
// under a mask. It fails when one finds no gap.
func (s *segment) fill(from []slot, mask, value mark) bool {
	next := 0
	for _, in := range from {
		if in.hash == 0 || in.hash&mask != value {
			continue
		}
		i := max(s.home(in.hash), next)
		if next = i + 1; next >= len(s.slots) {
			return false
		}
		s.slots[i] = in
		s.n++
	}
	return true
}
