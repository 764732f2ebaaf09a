package keytable

const (
	// stride is the distance between the first numbers of two slabs, of which all
	// but the last stand for an entry. So a slab of string keys, the header that
	// Go's allocator adds included, just fills 8,192 bytes.
	stride   = 256
	slabSize = stride - 1

	// reserve is how many entries without a key are kept for new ones.
	reserve = 1024

	// sparseAbove is the size above which the slabs can be sparse, and one
	// sparsePart of it the number of entries below which they are.
	sparseAbove = 65_536
	sparsePart  = 4
)

// Data is what the owner of a table knows of a key. Busy reports whether the entry
// is in use although its Place is 0.
type Data interface{ Busy() bool }

// Entry is what a table holds of one key. With a string as the key and three
// bytes of Data it has 32 bytes, half of a cache line.
type Entry[K comparable, D Data] struct {
	// Key is the key. It never changes while the entry is in use, so that whoever
	// keeps it in use may read Key without the lock of the owner.
	Key K

	id   uint32 // its number
	next uint32 // the one behind it in its list, or among those without a key

	// Place is the owner's: the entry's place in a heap, say. While it is not 0
	// the entry is in use.
	Place uint32

	kept bool // it is in the ring of those that are remembered

	// Data is the owner's.
	Data D
}

// ID is the number of the entry, never 0.
func (e *Entry[K, D]) ID() uint32 { return e.id }

// InUse reports whether the entry must stay in its table.
func (e *Entry[K, D]) InUse() bool { return e.Place != 0 || e.Data.Busy() }

// extended is what an entry has besides in a wide table.
type extended[X any] struct {
	x    X
	prev uint32 // the one before it in its list
}

// slab holds entries side by side. It never moves.
type slab[K comparable, D Data, X any] struct {
	entries [slabSize]Entry[K, D]
	wide    *[slabSize]extended[X] // nil in a table that is not wide

	// The neighbours in the list of slabs with room: 1 + their numbers.
	prev, next uint32

	used  uint16 // the number of entries with a key
	fresh uint16 // the entries from this one on have never had a key
	free  uint16 // 1 + the first of the list of entries that had one
}

// slabs are the entries of a table, by number. Entry 0 stands for no entry, and
// counts as used, so that slab 0 is never freed.
type slabs[K comparable, D Data, X any] struct {
	all   []*slab[K, D, X] // a slab that was freed is nil
	holes []uint32         // the numbers of those
	room  uint32           // 1 + the number of the first slab with room
	n     int              // the number of entries with a key
	wide  bool
}

// At returns the entry of a number, which must not be 0.
func (s *slabs[K, D, X]) At(id uint32) *Entry[K, D] {
	return &s.all[id/stride].entries[id%stride]
}

// Extra returns the X of an entry, nil in a table that is not wide.
func (s *slabs[K, D, X]) Extra(e *Entry[K, D]) *X {
	if !s.wide {
		return nil
	}
	return &s.extended(e).x
}

func (s *slabs[K, D, X]) extended(e *Entry[K, D]) *extended[X] {
	return &s.all[e.id/stride].wide[e.id%stride]
}

// Len is the number of keys, those that are only remembered included.
func (s *slabs[K, D, X]) Len() int { return s.n }

// Wide reports whether the table was made wide.
func (s *slabs[K, D, X]) Wide() bool { return s.wide }

// Widen gives every entry an X, and a predecessor to those in the lists, which must
// be all lists of the table.
func (s *slabs[K, D, X]) Widen(lists ...*List) {
	if s.wide {
		return
	}
	s.wide = true
	for _, b := range s.all {
		if b != nil {
			b.wide = new([slabSize]extended[X])
		}
	}
	for _, l := range lists {
		prev := uint32(0)
		for id := l.first; id != 0; prev, id = id, s.At(id).next {
			s.extended(s.At(id)).prev = prev
		}
	}
}

// take returns an entry for a key.
func (s *slabs[K, D, X]) take(key K) *Entry[K, D] {
	if s.room == 0 {
		s.grow()
	}
	b := s.all[s.room-1]
	var e *Entry[K, D]
	if b.free != 0 {
		e = &b.entries[b.free-1]
		b.free, e.next = uint16(e.next), 0
	} else {
		e = &b.entries[b.fresh]
		e.id = (s.room-1)*stride + uint32(b.fresh)
		b.fresh++
	}
	e.Key = key
	s.n++
	if b.used++; b.used == slabSize {
		s.leave(s.room - 1)
	}
	return e
}

// give frees an entry to which nothing refers any more.
func (s *slabs[K, D, X]) give(e *Entry[K, D]) {
	number, i := e.id/stride, e.id%stride
	b := s.all[number]
	*e = Entry[K, D]{id: e.id, next: uint32(b.free)}
	b.free = uint16(i + 1)
	if b.wide != nil {
		b.wide[i] = extended[X]{}
	}
	s.n--
	if b.used == slabSize {
		s.enter(number)
	}
	if b.used--; b.used == 0 && s.size()-s.n >= reserve+slabSize {
		s.drop(number)
	}
}

// size is the number of entries for which there is room.
func (s *slabs[K, D, X]) size() int { return (len(s.all) - len(s.holes)) * slabSize }

// sparse reports whether few of many entries have a key. Then those that are
// merely remembered, which are spread over the slabs, would keep memory from being
// freed.
func (s *slabs[K, D, X]) sparse() bool { return s.size() > sparseAbove && s.n < s.size()/sparsePart }

// grow makes a slab.
func (s *slabs[K, D, X]) grow() {
	b := new(slab[K, D, X])
	if len(s.all) == 0 {
		b.fresh, b.used = 1, 1
	}
	if s.wide {
		b.wide = new([slabSize]extended[X])
	}
	number := uint32(len(s.all))
	if last := len(s.holes) - 1; last >= 0 {
		number, s.holes = s.holes[last], tight(s.holes[:last])
		s.all[number] = b
	} else {
		s.all = append(s.all, b)
	}
	s.enter(number)
}

// drop frees a slab without an entry in use.
func (s *slabs[K, D, X]) drop(number uint32) {
	s.leave(number)
	s.all[number] = nil
	s.holes = append(s.holes, number)
}

// enter puts a slab into the list of those with room.
func (s *slabs[K, D, X]) enter(number uint32) {
	b := s.all[number]
	if b.next = s.room; b.next != 0 {
		s.all[b.next-1].prev = number + 1
	}
	s.room = number + 1
}

// leave takes a slab out of that list.
func (s *slabs[K, D, X]) leave(number uint32) {
	b := s.all[number]
	if b.prev == 0 {
		s.room = b.next
	} else {
		s.all[b.prev-1].next = b.next
	}
	if b.next != 0 {
		s.all[b.next-1].prev = b.prev
	}
	b.prev, b.next = 0, 0
}

// tight returns s, copied to a smaller array if most of its capacity is unused.
func tight[E any](s []E) []E {
	if cap(s) < 64 || len(s) > cap(s)/4 {
		return s
	}
	return append(make([]E, 0, 2*len(s)), s...)
}
