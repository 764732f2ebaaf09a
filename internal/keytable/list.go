package keytable

// List is a queue of entries, first in, first out. The zero List is empty. It
// belongs to one table, whose methods are its.
type List struct{ first, last uint32 }

// Empty reports whether no entry is in the list.
func (l *List) Empty() bool { return l.first == 0 }

// First is the entry that Pop would return; the list must not be empty.
func (s *slabs[K, D, X]) First(l *List) *Entry[K, D] { return s.At(l.first) }

// Push adds an entry, which must be in no list, at the end.
func (s *slabs[K, D, X]) Push(l *List, e *Entry[K, D]) {
	if s.wide {
		s.extended(e).prev = l.last
	}
	if l.last == 0 {
		l.first = e.id
	} else {
		s.At(l.last).next = e.id
	}
	l.last = e.id
}

// Pop takes out the first entry, which there must be.
func (s *slabs[K, D, X]) Pop(l *List) *Entry[K, D] {
	e := s.At(l.first)
	l.first, e.next = e.next, 0
	if l.first == 0 {
		l.last = 0
	} else if s.wide {
		s.extended(s.At(l.first)).prev = 0
	}
	return e
}

// Remove takes an entry out of the list that it is in. The table must be wide.
func (s *slabs[K, D, X]) Remove(l *List, e *Entry[K, D]) {
	x := s.extended(e)
	if x.prev == 0 {
		l.first = e.next
	} else {
		s.At(x.prev).next = e.next
	}
	if e.next == 0 {
		l.last = x.prev
	} else {
		s.extended(s.At(e.next)).prev = x.prev
	}
	e.next, x.prev = 0, 0
}

// Each calls f for each entry of a list from the first on. f must not change the
// list.
func (s *slabs[K, D, X]) Each(l *List, f func(*Entry[K, D])) {
	for id := l.first; id != 0; {
		e := s.At(id)
		id = e.next
		f(e)
	}
}
