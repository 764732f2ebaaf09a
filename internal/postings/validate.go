package postings

import (
	"fmt"
	"slices"

	"github.com/informant-go/informant/internal/cells"
)

// Validate checks the Index of the newest state between two commits and returns,
// for each value that has a slot, its slots in order. It is for tests and debug
// builds.
func (b *Book) Validate(x *Index) (map[string][]uint32, error) {
	if err := b.values.Validate(); err != nil {
		return nil, err
	}
	if len(b.sizes) > 0 && x.values != b.values.Table() {
		return nil, fmt.Errorf("postings: the Index has another table than the Book")
	}
	sets := make(map[string][]uint32)
	cellsOf := make(map[uint32]bool)
	for _, cell := range b.free {
		cellsOf[cell] = true
	}
	live := 0
	for id := range x.values.All {
		slots, err := x.validate(id, cellsOf)
		if err != nil {
			return nil, err
		}
		if len(slots) != int(b.sizes[id]) {
			return nil, fmt.Errorf("postings: %q has %d slots, %d counted", x.Value(id), len(slots), b.sizes[id])
		}
		if len(slots) > 0 {
			live++
			sets[x.Value(id)] = slots
		}
	}
	if live != b.live || len(cellsOf) != int(b.next) {
		return nil, fmt.Errorf("postings: %d values live, %d counted; %d cells known of %d", live, b.live, len(cellsOf), b.next)
	}
	return sets, nil
}

// validate checks the ranges of an id and adds their cells to those that are
// known.
func (x *Index) validate(id uint32, known map[uint32]bool) ([]uint32, error) {
	var slots []uint32
	last := -1
	for _, s := range x.list(id) {
		if int(s.number) <= last || known[s.cell] {
			return nil, fmt.Errorf("postings: range %d of %q is not in order, or its cell %d is used twice: %v", s.number, x.Value(id), s.cell, known[s.cell])
		}
		last, known[s.cell] = int(s.number), true
		l := x.sets.Load(s.cell)
		if l == nil {
			continue
		}
		before := len(slots)
		slots = appendSlots(slots, s.number, l)
		if n := len(slots) - before; n != l.Val.len() {
			return nil, fmt.Errorf("postings: range %d of %q counts %d and has %d slots", s.number, x.Value(id), l.Val.len(), n)
		}
		if !l.Val.dense && (!slices.IsSorted(l.Val.list()) || len(l.Val.list()) != l.Val.len()) {
			return nil, fmt.Errorf("postings: range %d of %q is not sorted", s.number, x.Value(id))
		}
	}
	return slots, nil
}

func appendSlots(slots []uint32, number uint32, l *cells.Leaf[members]) []uint32 {
	for _, r := range l.Val.runs(number<<rangeBits, nil) {
		for i := range uint32(ChunkSize) {
			if r.Mask&(1<<i) != 0 {
				slots = append(slots, r.Chunk*ChunkSize+i)
			}
		}
	}
	return slots
}
