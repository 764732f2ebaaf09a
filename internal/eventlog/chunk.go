package eventlog

import "sync/atomic"

// chunkSize is the number of entries of a chunk: large enough that the
// allocation does not show, small enough that what a slow reader pins is
// bounded by what it has not read, and a little.
const chunkSize = 256

// chunk is a stretch of the log.
type chunk[E any] struct {
	// n tells that entries[:n] are written. They are not written again
	// until every reader is parked and so holds no chunk.
	n atomic.Uint32

	// next is set once, when the chunk is full and another entry came.
	next atomic.Pointer[chunk[E]]

	entries [chunkSize]E
}

// fill copies as many entries as there is room for, publishes them and
// returns the others. One goroutine at a time calls it.
func (c *chunk[E]) fill(entries []E) []E {
	n := c.n.Load()
	k := copy(c.entries[n:], entries)
	c.n.Store(n + uint32(k))
	return entries[k:]
}

// empty makes the chunk as good as new. No reader holds it.
func (c *chunk[E]) empty() {
	clear(c.entries[:c.n.Load()])
	c.n.Store(0)
}
