package deltafifo

import "time"

// entry is what waits for one key, or one Bookmark. It is in line from its
// first delta until a Pop takes it.
type entry[T any] struct {
	// deltas is not empty while the entry is in line; the oldest is first.
	// It begins in one, because most entries never hold more.
	deltas []Delta[T]
	one    [1]Delta[T]

	since time.Time
	next  *entry[T]
}

func (e *entry[T]) newest() *Delta[T] { return &e.deltas[len(e.deltas)-1] }

// merge adds d and reports whether the entry has grown. Of two Deleted in a row
// one stays: the first that was seen to happen, else the later one.
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

// line is a first-in-first-out list of entries, and of spare ones to use again.
type line[T any] struct {
	head, tail *entry[T]
	spare      *entry[T]
	spares     int
}

// Entries up to this number, each with a buffer of up to that many deltas, are
// kept for use again.
const (
	maxSpares      = 1024
	maxSpareDeltas = 8
)

// append puts d in line, in an entry of its own.
func (l *line[T]) append(d Delta[T]) *entry[T] {
	e := l.spare
	if e == nil {
		e = &entry[T]{}
		e.deltas = e.one[:0]
	} else {
		l.spare, e.next = e.next, nil
		l.spares--
	}
	e.deltas = append(e.deltas, d)
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.next = e
	}
	l.tail = e
	return e
}

// take takes the first entry out of the line, which is not empty.
func (l *line[T]) take() *entry[T] {
	e := l.head
	l.head, e.next = e.next, nil
	if l.head == nil {
		l.tail = nil
	}
	return e
}

// recycle keeps e for use again. Nothing of it is in use any more.
func (l *line[T]) recycle(e *entry[T]) {
	clear(e.deltas)
	clear(e.one[:]) // deltas may have moved out of it
	if l.spares >= maxSpares || cap(e.deltas) > maxSpareDeltas {
		return
	}
	e.deltas = e.deltas[:0]
	e.next, l.spare = l.spare, e
	l.spares++
}
