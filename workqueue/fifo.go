package workqueue

// fifo is a queue of entries, a list that is linked through them. The entries of
// one group and priority wait in one, in the order in which they became ready
// (Q3).
type fifo[T comparable] struct {
	priority   int32
	head, tail uint32 // 0 when empty
}

func (l *fifo[T]) empty() bool { return l.head == 0 }

// push adds e at the tail.
func (l *fifo[T]) push(in *slabs[T], e entry[T]) {
	if in.ranked {
		e.rank().prev = l.tail
	}
	l.append(in, e)
}

// append is push where entries have no rank.
func (l *fifo[T]) append(in *slabs[T], e entry[T]) {
	if l.tail == 0 {
		l.head = e.id
	} else {
		in.at(l.tail).link().next = e.id
	}
	l.tail = e.id
}

// pop removes the head, which there must be.
func (l *fifo[T]) pop(in *slabs[T]) entry[T] {
	e := in.at(l.head)
	k := e.link()
	l.head, k.next = k.next, 0
	if l.head == 0 {
		l.tail = 0
	} else if in.ranked {
		in.at(l.head).rank().prev = 0
	}
	return e
}

// remove takes e out of the queue. Entries must have ranks.
func (l *fifo[T]) remove(in *slabs[T], e entry[T]) {
	k, r := e.link(), e.rank()
	if r.prev == 0 {
		l.head = k.next
	} else {
		in.at(r.prev).link().next = k.next
	}
	if k.next == 0 {
		l.tail = r.prev
	} else {
		in.at(k.next).rank().prev = r.prev
	}
	k.next, r.prev = 0, 0
}

// each calls f for each entry from the head on.
func (l *fifo[T]) each(in *slabs[T], f func(entry[T])) {
	for id := l.head; id != 0; {
		e := in.at(id)
		id = e.link().next
		f(e)
	}
}
