package deltafifo

import "time"

// How much is kept for use again.
const (
	// maxIdle is the number of idle entries. Above it the one that has been
	// idle for longest is dropped.
	maxIdle = 4096
	// maxIdleDeltas is the capacity of an entry's buffer of deltas.
	maxIdleDeltas = 8
	// bigMap is the number of keys above which the map that held them is
	// made anew when nothing waits: maps do not shrink.
	bigMap = 1 << 14
)

// entries are the entries of a DeltaFIFO, guarded by its lock.
type entries[T any] struct {
	byKey  map[string]*entry[T] // all but Bookmarks
	queued entryList[T]
	idle   entryList[T]

	keys   int // queued entries, without Bookmarks
	deltas int // of all queued entries
	peak   int // the most that byKey held since it was made

	// buffer is a spare slice of deltas. The entry that is taken next gets it,
	// because the consumer then has the entry's own.
	buffer []Delta[T]
}

// waiting returns the entry of key, nil if nothing waits for it.
func (s *entries[T]) waiting(key string) *entry[T] {
	if e := s.byKey[key]; e != nil && len(e.deltas) > 0 {
		return e
	}
	return nil
}

// push queues d, which has a key, and reports whether an entry was queued for
// it, which is then the last one. processing is the entry that is being
// processed, nil for none.
func (s *entries[T]) push(d Delta[T], processing *entry[T]) bool {
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
	case e != processing:
		s.idle.remove(e)
	}
	s.keys++
	s.enqueue(e, d)
	return true
}

// pushBookmark queues a Bookmark, and reports whether an entry was queued for it.
// If the last entry is a Bookmark, that one takes the version.
func (s *entries[T]) pushBookmark(resourceVersion string) bool {
	if e := s.queued.tail; e != nil && e.isBookmark() {
		e.deltas[0].ResourceVersion = resourceVersion
		return false
	}
	s.enqueue(&entry[T]{}, Delta[T]{Type: DeltaBookmark, ResourceVersion: resourceVersion})
	return true
}

func (s *entries[T]) enqueue(e *entry[T], d Delta[T]) {
	e.deltas = append(e.deltas, d)
	s.deltas++
	s.queued.append(e)
}

// take removes the first entry from the queue, and its deltas from the entry.
func (s *entries[T]) take() (*entry[T], []Delta[T]) {
	e := s.queued.head
	s.queued.remove(e)
	deltas := e.deltas
	e.deltas, s.buffer = s.buffer, nil
	s.deltas -= len(deltas)
	if deltas[0].Type != DeltaBookmark {
		s.keys--
	}
	return e, deltas
}

// release ends the processing of deltas, which take returned with e. It clears
// them, so that the buffer keeps no object alive, and makes e idle unless it is
// queued again.
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

// shrink makes byKey anew, while only idle entries are in it.
func (s *entries[T]) shrink() {
	s.byKey = make(map[string]*entry[T], s.idle.length)
	for e := s.idle.head; e != nil; e = e.next {
		s.byKey[e.key] = e
	}
	s.peak = len(s.byKey)
}

// entry holds the deltas that wait for one key, or one Bookmark. An entry is
// queued, or being processed, or both, or else idle: it is kept because its key
// may well come again.
type entry[T any] struct {
	key    string
	deltas []Delta[T] // oldest first; not empty if and only if it is queued
	since  time.Time  // when it was queued

	// The neighbours among the queued or the idle entries.
	prev, next *entry[T]
}

func (e *entry[T]) newest() *Delta[T] { return &e.deltas[len(e.deltas)-1] }

func (e *entry[T]) isBookmark() bool { return e.deltas[0].Type == DeltaBookmark }

// merge adds d to the deltas, and reports whether they have grown. Of two
// deletions in a row one stays: the first one if a watch brought it, else the
// second, which may know the final state.
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

// entryList is a first-in-first-out list. An entry is in one list at most.
type entryList[T any] struct {
	head, tail *entry[T]
	length     int
}

func (l *entryList[T]) append(e *entry[T]) {
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
func (l *entryList[T]) remove(e *entry[T]) {
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
