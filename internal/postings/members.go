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
	// list is sorted and used while bits is nil.
	list []uint16
	bits *bitmap
}

// bitmap is a set of offsets with their number.
type bitmap struct {
	words [bucketSize / 64]uint64
	n     int
}

func (m *members) len() int {
	if m.bits != nil {
		return m.bits.n
	}
	return len(m.list)
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

// add adds an offset that may be there already.
func (m *members) add(offset uint16) {
	if m.bits == nil {
		i, ok := slices.BinarySearch(m.list, offset)
		if ok {
			return
		}
		if len(m.list) < maxList {
			m.insert(i, offset)
			return
		}
		m.toBits()
	}
	if word, bit := &m.bits.words[offset/64], uint64(1)<<(offset%64); *word&bit == 0 {
		*word |= bit
		m.bits.n++
	}
}

// insert grows the list by a quarter where append would double it: there are
// many lists, and most stay as long as they are once the store is filled.
func (m *members) insert(i int, offset uint16) {
	n := len(m.list)
	if n == cap(m.list) {
		grown := make([]uint16, n, n+n/4+2)
		copy(grown, m.list)
		m.list = grown
	}
	m.list = m.list[:n+1]
	copy(m.list[i+1:], m.list[i:])
	m.list[i] = offset
}

// remove removes an offset that may not be there.
func (m *members) remove(offset uint16) {
	if m.bits == nil {
		if i, ok := slices.BinarySearch(m.list, offset); ok {
			m.list = slices.Delete(m.list, i, i+1)
		}
		return
	}
	if word, bit := &m.bits.words[offset/64], uint64(1)<<(offset%64); *word&bit != 0 {
		*word &^= bit
		m.bits.n--
	}
	if m.bits.n <= maxList/2 {
		m.toList()
	}
}

func (m *members) toBits() {
	m.bits = &bitmap{n: len(m.list)}
	for _, offset := range m.list {
		m.bits.words[offset/64] |= 1 << (offset % 64)
	}
	m.list = nil
}

func (m *members) toList() {
	m.list = make([]uint16, 0, m.bits.n+1)
	for w, word := range m.bits.words {
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
		for w, word := range m.bits.words {
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
