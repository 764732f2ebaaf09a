package compact

// Stats says what a Cache holds.
type Stats struct {
	// Objects is how many there are, Decoded how many of them are kept as
	// objects: they could not be encoded, are nil, or are being written.
	Objects, Decoded int
	// Bytes is the size of the bytes of all others, without keys, versions,
	// index values and the store around them.
	Bytes int64
	// Dictionaries is how many the bytes were compressed with, Moving how many
	// objects are still to get the newest one.
	Dictionaries, Moving int
}

// Stats looks at every object, and decodes none.
func (c *Cache[T]) Stats() Stats {
	s := Stats{Moving: int(c.packer.pending.Load())}
	dictionaries := map[*generation]bool{}
	for _, of := range c.store.List() {
		s.Objects++
		now := of.content.Load()
		if now.packed == nil {
			s.Decoded++
			continue
		}
		s.Bytes += int64(len(now.packed))
		if now.by != nil && !now.plain {
			dictionaries[now.by] = true
		}
	}
	s.Dictionaries, s.Moving = len(dictionaries), min(s.Moving, s.Objects)
	return s
}
