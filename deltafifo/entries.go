package deltafifo

import "time"

// How much is kept for use again.
const (
	// maxIdle is the number of idle entries. The one that is idle for
	// longest goes first.
	maxIdle = 4096
	// maxIdleDeltas is the capacity of an entry's buffer of deltas.
	maxIdleDeltas = 8
	// bigMap is the number of keys above which the map that held them is
	// made anew when nothing waits: maps do not shrink.
	bigMap = 1 << 14
)

// entries are the entries of a DeltaFIFO, guarded by its lock.
type entries[T any] struct {
	byKey map[string]*entry[T] // all but Bookmarks
	line  line[T]
	idle  line[T]

	keys   int // entries in line, but for Bookmarks
	deltas int // of all in line
	peak   int // the most that byKey held since it was made

	// buffer is a spare one for the entry that is taken next, whose own
	// deltas the consumer then has.
	buffer []Delta[T]
}

// waiting returns the entry of key, nil if nothing waits for it.
func (s *entries[T]) waiting(key string) *entry[T] {
	if e := s.byKey[key]; e != nil && len(e.deltas) > 0 {
		return e
	}
	return nil
}

// push queues d, which has a key, and reports whether a new entry is in line:
// then it is last. hand is the entry in hand.
func (s *entries[T]) push(d Delta[T], hand *entry[T]) bool {
	e := s.byKey[d.Key]
	switch {
	case e == nil:
		e = &entry[T]{key: d.Key}
		s.byKey[d.Key] = e
		s.peak = max(s.peak, len(s.byKey))
	case len(e.deltas) > 0:
		if e.merge(d) {
			s.deltas++
		}
		return false
	case e != hand:
		s.idle.remove(e)
	}
	s.keys++
	s.enqueue(e, d)
	return true
}

// pushBookmark queues a Bookmark, and reports whether a new entry is in line.
// One that is last in line serves for both.
func (s *entries[T]) pushBookmark(resourceVersion string) bool {
	if e := s.line.tail; e != nil && e.isBookmark() {
		e.deltas[0].ResourceVersion = resourceVersion
		return false
	}
	s.enqueue(&entry[T]{}, Delta[T]{Type: DeltaBookmark, ResourceVersion: resourceVersion})
	return true
}

func (s *entries[T]) enqueue(e *entry[T], d Delta[T]) {
	e.deltas = append(e.deltas, d)
	s.deltas++
	s.line.append(e)
}

// take takes the first entry out of line and its deltas out of the entry.
func (s *entries[T]) take() (*entry[T], []Delta[T]) {
	e := s.line.head
	s.line.remove(e)
	deltas := e.deltas
	e.deltas, s.buffer = s.buffer, nil
	s.deltas -= len(deltas)
	if deltas[0].Type != DeltaBookmark {
		s.keys--
	}
	return e, deltas
}

// release is called when the deltas of e, which take returned, are processed.
// They are cleared, so that the buffer holds on to no object.
func (s *entries[T]) release(e *entry[T], deltas []Delta[T]) {
	bookmark := deltas[0].Type == DeltaBookmark
	clear(deltas)
	if cap(deltas) <= maxIdleDeltas {
		s.buffer = deltas[:0]
	}
	if bookmark || len(e.deltas) > 0 {
		return
	}
	s.idle.append(e)
	if s.idle.length > maxIdle {
		oldest := s.idle.head
		s.idle.remove(oldest)
		delete(s.byKey, oldest.key)
	}
	if s.keys == 0 && s.peak > bigMap {
		s.shrink()
	}
}

// shrink makes byKey anew. Only idle entries are in it.
func (s *entries[T]) shrink() {
	s.byKey = make(map[string]*entry[T], s.idle.length)
	for e := s.idle.head; e != nil; e = e.next {
		s.byKey[e.key] = e
	}
	s.peak = len(s.byKey)
}

// entry is what waits for one key, or one Bookmark. It is in line, or in hand,
// or both, or else idle: kept because the key may well come again.
type entry[T any] struct {
	key    string
	deltas []Delta[T] // oldest first; not empty if and only if in line
	since  time.Time  // when it got in line

	// The neighbours in line, or among the idle ones.
	prev, next *entry[T]
}

func (e *entry[T]) newest() *Delta[T] { return &e.deltas[len(e.deltas)-1] }

func (e *entry[T]) isBookmark() bool { return e.deltas[0].Type == DeltaBookmark }

// merge adds d to what waits, and reports whether that has grown. Of two
// Deleted in a row one stays: the first that was seen to happen, else the
// later one.
func (e *entry[T]) merge(d Delta[T]) bool {
	if d.Type == DeltaDeleted && e.newest().Type == DeltaDeleted {
		if e.newest().FinalStateUnknown {
			*e.newest() = d
		}
		return false
	}
	e.deltas = append(e.deltas, d)
	return true
}

// line is a first-in-first-out list of entries. An entry is in one line at
// most.
type line[T any] struct {
	head, tail *entry[T]
	length     int
}

func (l *line[T]) append(e *entry[T]) {
	e.prev = l.tail
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.next = e
	}
	l.tail = e
	l.length++
}

// remove takes e, which is in l, out of it.
func (l *line[T]) remove(e *entry[T]) {
	if e.prev == nil {
		l.head = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.tail = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	l.length--
}
