package postings

import (
	"fmt"
	"slices"
)

// Validate checks the structure between two commits and returns, for each
// value that has a slot, its slots in order. It is for tests and debug builds.
func (x *Index) Validate() (map[string][]uint32, error) {
	sets := make(map[string][]uint32)
	found := 0
	for id := range x.byID.Len() {
		p := x.byID.At(id).Load()
		if p == nil {
			if !slices.Contains(x.free, id) {
				return nil, fmt.Errorf("postings: id %d has no posting and is not free", id)
			}
			continue
		}
		found++
		if p.id != id || x.lookup(p.hash, p.value) != p {
			return nil, fmt.Errorf("postings: %q with id %d is not found by its value", p.value, id)
		}
		slots, err := p.validate()
		if err != nil {
			return nil, err
		}
		if len(slots) > 0 {
			sets[p.value] = slots
		}
	}
	if found != x.byValue.Len() {
		return nil, fmt.Errorf("postings: %d postings, %d hints", found, x.byValue.Len())
	}
	return sets, nil
}

func (p *posting) validate() ([]uint32, error) {
	var slots []uint32
	last := -1
	for _, b := range p.list() {
		if int(b.number) <= last {
			return nil, fmt.Errorf("postings: buckets of %q are not sorted", p.value)
		}
		last = int(b.number)
		m := b.cell.Head()
		if m == nil {
			continue
		}
		before := len(slots)
		for _, r := range m.runs(b.number<<bucketBits, nil) {
			for i := range uint32(ChunkSize) {
				if r.Mask&(1<<i) != 0 {
					slots = append(slots, r.Chunk*ChunkSize+i)
				}
			}
		}
		if n := len(slots) - before; n != m.len() {
			return nil, fmt.Errorf("postings: bucket %d of %q counts %d and has %d slots", b.number, p.value, m.len(), n)
		}
		if !m.dense && (!slices.IsSorted(m.list()) || len(m.list()) != m.len()) {
			return nil, fmt.Errorf("postings: bucket %d of %q is not sorted", b.number, p.value)
		}
	}
	return slots, nil
}
