package indexer

// marks is a set of slots, one word a chunk.
type marks []uint32

// mark adds a slot and tells whether it was there already.
func (m *marks) mark(slot uint32) (before bool) {
	for number := int(slot / chunkSize); number >= len(*m); {
		*m = append(*m, 0)
	}
	word, bit := &(*m)[slot/chunkSize], uint32(1)<<(slot%chunkSize)
	before = *word&bit != 0
	*word |= bit
	return before
}

// of returns the marks of a chunk.
func (m marks) of(number uint32) uint32 {
	if int(number) < len(m) {
		return m[number]
	}
	return 0
}
