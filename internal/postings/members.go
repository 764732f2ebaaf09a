package postings

import (
	"math/bits"
	"slices"
)

const (
	bucketBits = 12
	bucketSize = 1 << bucketBits
	// maxList offsets take as many bytes as a bitmap.
	maxList = bucketSize / 16
	// ChunkSize is the number of slots that a Run can speak of.
	ChunkSize = 32
	// MaxRuns is the largest number of Runs of one bucket.
	MaxRuns = maxList
)

// Run is some slots of one chunk: slot Chunk*ChunkSize+i for each bit i of
// Mask.
type Run struct {
	Chunk uint32
	Mask  uint32
}

// members is a set of offsets below bucketSize. A copy shares list and bits
// until own is called.
type members struct {
	n uint32
	// list is sorted and used while bits is nil.
	list []uint16
	bits *[bucketSize / 64]uint64
}

// own gives m memory of its own, with room for one more in a list.
func (m *members) own() {
	if m.bits != nil {
		b := *m.bits
		m.bits = &b
		return
	}
	list := make([]uint16, len(m.list), len(m.list)+1)
	copy(list, m.list)
	m.list = list
}

func (m *members) has(offset uint16) bool {
	if m.bits != nil {
		return m.bits[offset/64]&(1<<(offset%64)) != 0
	}
	_, ok := slices.BinarySearch(m.list, offset)
	return ok
}

// add adds an offset that may be there already.
func (m *members) add(offset uint16) {
	if m.bits == nil {
		i, ok := slices.BinarySearch(m.list, offset)
		if ok {
			return
		}
		if len(m.list) < maxList {
			m.list = slices.Insert(m.list, i, offset)
			m.n++
			return
		}
		m.toBits()
	}
	if word, bit := &m.bits[offset/64], uint64(1)<<(offset%64); *word&bit == 0 {
		*word |= bit
		m.n++
	}
}

// remove removes an offset that may not be there.
func (m *members) remove(offset uint16) {
	if m.bits == nil {
		if i, ok := slices.BinarySearch(m.list, offset); ok {
			m.list = slices.Delete(m.list, i, i+1)
			m.n--
		}
		return
	}
	if word, bit := &m.bits[offset/64], uint64(1)<<(offset%64); *word&bit != 0 {
		*word &^= bit
		m.n--
	}
	if m.n <= maxList/2 {
		m.toList()
	}
}

func (m *members) toBits() {
	m.bits = new([bucketSize / 64]uint64)
	for _, offset := range m.list {
		m.bits[offset/64] |= 1 << (offset % 64)
	}
	m.list = nil
}

func (m *members) toList() {
	m.list = make([]uint16, 0, m.n+1)
	for w, word := range m.bits {
		for ; word != 0; word &= word - 1 {
			m.list = append(m.list, uint16(w*64+bits.TrailingZeros64(word)))
		}
	}
	m.bits = nil
}

// runs appends the members, with slots that start at base, to buf.
func (m *members) runs(base uint32, buf []Run) []Run {
	chunk := base / ChunkSize
	if m.bits != nil {
		for w, word := range m.bits {
			if low := uint32(word); low != 0 {
				buf = append(buf, Run{chunk + uint32(2*w), low})
			}
			if high := uint32(word >> 32); high != 0 {
				buf = append(buf, Run{chunk + uint32(2*w) + 1, high})
			}
		}
		return buf
	}
	for i := 0; i < len(m.list); {
		c := m.list[i] / ChunkSize
		mask := uint32(0)
		for ; i < len(m.list) && m.list[i]/ChunkSize == c; i++ {
			mask |= 1 << (m.list[i] % ChunkSize)
		}
		buf = append(buf, Run{chunk + uint32(c), mask})
	}
	return buf
}
