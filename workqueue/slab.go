package workqueue

// slabSize is the number of entries of a slab. With it a slab of string keys just
// fills one of the size classes of Go's allocator.
const slabSize = 256

// slab holds entries side by side, each part of them in an array of its own. So
// there is no padding between them, and a part that the queue does not use costs
// nothing. A slab never moves.
type slab[T comparable] struct {
	ranks *[slabSize]rank    // set if the queue is ranked
	more  *[slabSize]more[T] // set once an entry of the slab needed it

	// The neighbours in the list of slabs with room, while used < slabSize.
	prev, next *slab[T]

	items  [slabSize]T
	links  [slabSize]link
	states [slabSize]state

	number uint32 // its entries have the numbers from number*slabSize on
	used   uint32 // the number of entries with a key
	fresh  uint32 // the entries from this one on have never had a key
	free   uint32 // the first of the list of entries that had one; 0 is none
}

// slabs are the entries of a queue, by number. Number 0 stands for no entry, and
// counts as used, so that slab 0 is never freed.
type slabs[T comparable] struct {
	all    []*slab[T] // a slab that was freed is nil; the last one is not nil
	room   *slab[T]   // the list of slabs with room
	gaps   int        // how many slabs are nil
	lowest int        // no slab below this number is nil
	n      int        // the number of entries with a key
	ranked bool       // see rank
}

// at returns the entry of a number, which must not be 0.
func (s *slabs[T]) at(id uint32) entry[T] { return entry[T]{s.all[id/slabSize], id} }

// take returns an entry for a key.
func (s *slabs[T]) take(item T) entry[T] {
	if s.room == nil {
		s.grow()
	}
	b := s.room
	id := b.free
	if id != 0 {
		l := &b.links[id%slabSize]
		b.free, l.next = l.next, 0
	} else {
		id = b.number*slabSize + b.fresh
		b.fresh++
	}
	b.items[id%slabSize] = item
	s.n++
	if b.used++; b.used == slabSize {
		s.leave(b)
	}
	return entry[T]{b, id}
}

// give frees an entry that nothing refers to any more.
func (s *slabs[T]) give(e entry[T]) {
	b, i := e.slab, e.id%slabSize
	var zero T
	b.items[i], b.states[i], b.links[i] = zero, 0, link{next: b.free}
	if b.ranks != nil {
		b.ranks[i] = rank{}
	}
	if b.more != nil {
		b.more[i] = more[T]{}
	}
	b.free = e.id
	s.n--
	if b.used == slabSize {
		s.enter(b)
	}
	if b.used--; b.used == 0 && s.spare() >= freeEntries+slabSize {
		s.drop(b)
	}
}

// size is the number of entries for which there is room.
func (s *slabs[T]) size() int { return (len(s.all) - s.gaps) * slabSize }

// spare is the number of entries that could be taken without another slab.
func (s *slabs[T]) spare() int { return s.size() - s.n }

// sparse reports whether few of many entries have a key. Then cached entries,
// which are spread over the slabs, would keep memory from being freed.
func (s *slabs[T]) sparse() bool { return s.size() > sparseAbove && s.n < s.size()/sparsePart }

// rank makes the queue ranked.
func (s *slabs[T]) rank() {
	s.ranked = true
	for _, b := range s.all {
		if b != nil {
			b.ranks = new([slabSize]rank)
		}
	}
}

// grow makes a slab.
func (s *slabs[T]) grow() {
	b := &slab[T]{number: uint32(len(s.all))}
	if len(s.all) == 0 {
		b.fresh, b.used = 1, 1
	}
	if s.ranked {
		b.ranks = new([slabSize]rank)
	}
	if s.gaps == 0 {
		s.all = append(s.all, b)
	} else {
		for s.all[s.lowest] != nil {
			s.lowest++
		}
		b.number = uint32(s.lowest)
		s.all[s.lowest] = b
		s.gaps--
	}
	s.enter(b)
}

// drop frees a slab without an entry in use.
func (s *slabs[T]) drop(b *slab[T]) {
	s.leave(b)
	s.all[b.number] = nil
	s.gaps++
	s.lowest = min(s.lowest, int(b.number))
	last := len(s.all)
	for s.all[last-1] == nil { // slab 0 ends it
		last--
	}
	s.gaps -= len(s.all) - last
	s.lowest = min(s.lowest, last)
	s.all = tight(s.all[:last])
}

// enter puts a slab into the list of those with room.
func (s *slabs[T]) enter(b *slab[T]) {
	b.next = s.room
	if b.next != nil {
		b.next.prev = b
	}
	s.room = b
}

// leave takes a slab out of that list.
func (s *slabs[T]) leave(b *slab[T]) {
	if b.prev == nil {
		s.room = b.next
	} else {
		b.prev.next = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	}
	b.prev, b.next = nil, nil
}
