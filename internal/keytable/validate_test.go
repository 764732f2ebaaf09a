package keytable

import (
	"fmt"
	"slices"
)

// Validate checks the invariants of the table.
func (t *Table[K, D, X]) Validate() error {
	n, kept := 0, 0
	var err error
	t.All(func(e *Entry[K, D]) {
		n++
		if e.kept {
			kept++
		}
		if t.Find(Sum(e.Key), e.Key) != e || t.At(e.id) != e {
			err = fmt.Errorf("the entry of %v is not found", e.Key)
		}
		if !e.kept && !e.InUse() {
			err = fmt.Errorf("the entry of %v is neither in use nor remembered", e.Key)
		}
	})
	k := uint32(len(t.segments))
	switch {
	case err != nil:
		return err
	case n != t.n:
		return fmt.Errorf("%d entries are in the table, counted are %d", n, t.n)
	case kept != len(t.idle.ring) || kept > max(t.idle.limit, 0):
		return fmt.Errorf("%d entries are remembered, %d are in the ring", kept, len(t.idle.ring))
	case k > 0 && (t.mask&(t.mask+1) != 0 || k-1 > t.mask || k > 1 && k-1 <= t.mask>>1):
		return fmt.Errorf("%d segments have the mask %x", k, t.mask)
	}
	for i := range t.segments {
		if err := t.segments[i].validate(); err != nil {
			return fmt.Errorf("segment %d: %w", i, err)
		}
	}
	return t.slabs.validate()
}

func (s *segment) validate() error {
	n, last := 0, Hash(0)
	for i, at := range s.slots {
		if at == 0 {
			continue
		}
		n++
		home := s.home(at.hash())
		if at.hash() < last || home > i {
			return fmt.Errorf("slot %d is out of order", i)
		}
		for ; home < i; home++ {
			if s.slots[home] == 0 {
				return fmt.Errorf("slot %d is not found from its home", i)
			}
		}
		last = at.hash()
	}
	if n != s.n {
		return fmt.Errorf("%d slots are used, counted are %d", n, s.n)
	}
	for _, at := range s.slots[len(s.slots)-window:] {
		if at != 0 {
			return fmt.Errorf("one of the last slots is used")
		}
	}
	return nil
}

func (s *slabs[K, D, X]) validate() error {
	n, gaps, room := 0, 0, 0
	for i := range s.all {
		b := s.all[i]
		if b == nil {
			gaps++
			if !slices.Contains(s.holes, uint32(i)) {
				return fmt.Errorf("slab %d is missing", i)
			}
			continue
		}
		n += int(b.used)
		if b.used < slabSize {
			room++
		}
		if s.wide != (b.wide != nil) {
			return fmt.Errorf("slab %d is wide, or is not, unlike the table", i)
		}
	}
	if len(s.all) > 0 && n != s.n+1 || gaps != len(s.holes) {
		return fmt.Errorf("%d entries are used and %d slabs missing, counted are %d and %d", n, gaps, s.n+1, len(s.holes))
	}
	prev := uint32(0)
	for at := s.room; at != 0; prev, at = at, s.all[at-1].next {
		if room--; s.all[at-1].prev != prev || s.all[at-1].used == slabSize {
			return fmt.Errorf("slab %d is in the wrong list", at-1)
		}
	}
	if room != 0 {
		return fmt.Errorf("%d slabs with room are in no list", room)
	}
	// Each key keeps one slab; so does entry 0, whose slab may be the last to empty.
	if spare := s.size() - s.n; spare > reserve+(s.n+1)*slabSize+slabSize {
		return fmt.Errorf("%d entries are free of %d", spare, s.size())
	}
	return nil
}
