package postings

import (
	"math/bits"
	"slices"
)

const (
	rangeBits = 12
	rangeSize = 1 << rangeBits
	// maxSmall offsets make a leaf fill a cache line.
	maxSmall = 10
	// maxList offsets take as many bytes as a bitmap.
	maxList  = rangeSize / wordBits
	wordBits = 16
	// ChunkSize is the number of slots that a Run can speak of.
	ChunkSize = 32
	// MaxRuns is the largest number of Runs of one part of a Set.
	MaxRuns = rangeSize / ChunkSize
)

// Run is some slots of one chunk: slot Chunk*ChunkSize+i for each bit i of
// Mask.
type Run struct {
	Chunk uint32
	Mask  uint32
}

// members is a set of offsets below rangeSize. A copy shares large until own is
// called. The containers are those of Roaring bitmaps (Chambi, Lemire, Kaser,
// Godin, "Better bitmap performance with Roaring bitmaps", 2016), for ranges so
// small that a copy is cheap: never more than 512 bytes.
type members struct {
	// large is nil for a set in small. It has the offsets in order, or with
	// dense it is a bitmap of maxList words.
	large []uint16
	n     uint16
	dense bool
	// small has n offsets in order while large is nil. Most values have few
	// objects in a range, and then a change copies nothing else.
	small [maxSmall]uint16
}

func (m *members) len() int { return int(m.n) }

// list returns the offsets of a set that is not dense.
func (m *members) list() []uint16 {
	if m.large == nil {
		return m.small[:m.n]
	}
	return m.large
}

// own gives m memory of its own, with room for one more in a list.
func (m *members) own() {
	if m.large == nil {
		return
	}
	room := len(m.large) + 1
	if m.dense {
		room--
	}
	own := make([]uint16, len(m.large), room)
	copy(own, m.large)
	m.large = own
}

// add adds an offset that may be there already.
func (m *members) add(offset uint16) {
	if !m.dense {
		list := m.list()
		i, there := slices.BinarySearch(list, offset)
		if there {
			return
		}
		if len(list) < maxList {
			m.insert(i, offset)
			return
		}
		m.toBits()
	}
	if word, bit := &m.large[offset/wordBits], uint16(1)<<(offset%wordBits); *word&bit == 0 {
		*word |= bit
		m.n++
	}
}

// insert grows the list by a quarter where append would double it: there are
// many lists, and most stay as long as they are once the store is filled.
func (m *members) insert(i int, offset uint16) {
	n := int(m.n)
	list := m.small[:]
	if n >= maxSmall {
		if list = m.list(); n == cap(list) || m.large == nil {
			list = make([]uint16, n, n+n/4+2)
			copy(list, m.list())
		}
		list = list[:n+1]
		m.large = list
	}
	copy(list[i+1:n+1], list[i:n])
	list[i] = offset
	m.n++
}

// remove removes an offset that may not be there.
func (m *members) remove(offset uint16) {
	if m.dense {
		if word, bit := &m.large[offset/wordBits], uint16(1)<<(offset%wordBits); *word&bit != 0 {
			*word &^= bit
			m.n--
		}
		if m.n <= maxList/2 {
			m.toList()
		}
		return
	}
	list := m.list()
	i, there := slices.BinarySearch(list, offset)
	if !there {
		return
	}
	copy(list[i:], list[i+1:])
	m.n--
	switch {
	case m.large == nil:
	case m.n <= maxSmall:
		copy(m.small[:], m.large)
		m.large = nil
	default:
		m.large = m.large[:m.n]
	}
}

func (m *members) toBits() {
	words := make([]uint16, maxList)
	for _, offset := range m.large {
		words[offset/wordBits] |= 1 << (offset % wordBits)
	}
	m.large, m.dense = words, true
}

func (m *members) toList() {
	list := make([]uint16, 0, m.n+1)
	for w, word := range m.large {
		for ; word != 0; word &= word - 1 {
			list = append(list, uint16(w*wordBits+bits.TrailingZeros16(word)))
		}
	}
	m.large, m.dense = list, false
}

// runs appends the members, with slots that start at base, to buf.
func (m *members) runs(base uint32, buf []Run) []Run {
	chunk := base / ChunkSize
	if m.dense {
		const words = ChunkSize / wordBits
		for rest := m.large; len(rest) > 0; rest, chunk = rest[words:], chunk+1 {
			mask := uint32(0)
			for w, word := range rest[:words] {
				mask |= uint32(word) << (w * wordBits)
			}
			if mask != 0 {
				buf = append(buf, Run{chunk, mask})
			}
		}
		return buf
	}
	list := m.list()
	for i := 0; i < len(list); {
		c := list[i] / ChunkSize
		mask := uint32(0)
		for ; i < len(list) && list[i]/ChunkSize == c; i++ {
			mask |= 1 << (list[i] % ChunkSize)
		}
		buf = append(buf, Run{chunk + uint32(c), mask})
	}
	return buf
}
