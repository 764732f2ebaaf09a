package eventlog

import (
	"sync"
	"sync/atomic"
)

// Log is the shared log. Its zero value is an empty log without readers. Any
// goroutine may call its methods.
type Log[E any] struct {
	// end counts the entries that were ever appended. It is written under mu.
	end atomic.Uint64

	mu sync.Mutex

	// tail takes the next entries; nil until there is one for a reader. Every
	// reader that is not parked holds tail or a chunk that leads to it.
	tail *chunk[E]

	// parked are the readers that are at the end of the log and have said so.
	// Their chunk is nil and their at is their place in this slice.
	parked []*Reader[E]

	// readers counts those that joined and did not leave, parked or not.
	readers int
}

// Append adds entries, as one for the parked readers: each is woken once. The
// slice stays the caller's. Without readers the entries are only counted.
func (l *Log[E]) Append(entries []E) { l.AppendBut(entries, nil) }

// AppendBut is Append, but leaves those of the readers in but asleep that are
// parked: to them the entries count as read. One that is not parked reads them.
func (l *Log[E]) AppendBut(entries []E, but []*Reader[E]) {
	if len(entries) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end.Add(uint64(len(entries)))
	if l.readers == 0 {
		return
	}
	asleep := l.spare(but)
	if asleep == l.readers {
		return // nobody reads them
	}
	if l.tail == nil {
		l.tail = new(chunk[E])
	}
	chunk, pos := l.tail, int(l.tail.n.Load())
	l.write(entries)
	for i, r := range l.parked[asleep:] {
		l.parked[asleep+i] = nil
		r.place(chunk, pos)
		r.Interrupt()
	}
	l.parked = l.parked[:asleep]
}

// spare moves those of but that are parked to the front of the parked readers,
// and on to the end of the log. It returns how many there are. The caller holds mu.
func (l *Log[E]) spare(but []*Reader[E]) (asleep int) {
	for _, r := range but {
		if !r.parked.Load() || r.at < asleep { // it reads, or was named before
			continue
		}
		other := l.parked[asleep]
		l.parked[r.at], l.parked[asleep] = other, r
		other.at, r.at = r.at, asleep
		r.position.Store(l.end.Load())
		asleep++
	}
	return asleep
}

// write puts entries behind the tail. The caller holds mu, and tail is set.
func (l *Log[E]) write(entries []E) {
	for entries = l.tail.fill(entries); len(entries) > 0; entries = l.tail.fill(entries) {
		next := new(chunk[E])
		l.tail.next.Store(next)
		l.tail = next
	}
}

// End is the number of entries that were ever appended. With Reader.Position
// it tells how far a reader lags.
func (l *Log[E]) End() uint64 { return l.end.Load() }

// Join returns a reader of what is appended from now on. It is parked.
func (l *Log[E]) Join() *Reader[E] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers++
	r := &Reader[E]{log: l, wake: make(chan struct{}, 1)}
	r.position.Store(l.end.Load())
	l.add(r)
	return r
}

// park makes r a parked reader, unless something to read has come. It reports
// whether r is parked.
func (l *Log[E]) park(r *Reader[E]) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.ready() != nil {
		return false
	}
	r.chunk = nil
	l.add(r)
	l.recycle()
	return true
}

// add puts r among the parked readers. The caller holds mu.
func (l *Log[E]) add(r *Reader[E]) {
	r.at = len(l.parked)
	r.parked.Store(true)
	l.parked = append(l.parked, r)
}

// leave forgets r.
func (l *Log[E]) leave(r *Reader[E]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.left {
		return
	}
	if r.parked.Load() {
		l.drop(r)
		r.parked.Store(false)
	}
	r.left = true
	r.chunk = nil
	l.readers--
	l.recycle()
}

// drop takes r out of the parked readers. The caller holds mu.
func (l *Log[E]) drop(r *Reader[E]) {
	last := len(l.parked) - 1
	l.parked[r.at] = l.parked[last]
	l.parked[r.at].at = r.at
	l.parked[last] = nil
	l.parked = l.parked[:last]
}

// recycle empties the tail when nobody reads it: all readers are parked, so
// that none holds a chunk, and those that join or are woken are placed under
// mu, which the caller holds.
func (l *Log[E]) recycle() {
	switch {
	case l.readers == 0:
		l.tail = nil
	case len(l.parked) == l.readers && l.tail != nil:
		l.tail.empty()
	}
}

// chunkSize is the number of entries of a chunk: large enough that the
// allocation does not show, small enough that what a slow reader pins is
// bounded by what it has not read, and a little.
const chunkSize = 256

// chunk is a stretch of the log.
type chunk[E any] struct {
	// n is how many entries are written: entries[:n]. They are not written again
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
