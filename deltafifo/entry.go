package deltafifo

import "time"

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

func (e *entry[T]) isBookmark() bool { return e.deltas[0].Type == Bookmark }

// merge adds d to what waits, and reports whether that has grown. Of two
// Deleted in a row one stays: the first that was seen to happen, else the
// later one.
func (e *entry[T]) merge(d Delta[T]) bool {
	if d.Type == Deleted && e.newest().Type == Deleted {
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
