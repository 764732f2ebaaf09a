package workqueue

// lane holds the waiting entries of one group and priority, in the order in
// which they became ready (Q3).
type lane[T comparable] struct {
	priority   int32
	head, tail *entry[T]
}

func (l *lane[T]) push(e *entry[T]) {
	e.prev = l.tail
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.next = e
	}
	l.tail = e
}

func (l *lane[T]) pop() *entry[T] {
	e := l.head
	l.head = e.next
	if l.head == nil {
		l.tail = nil
	} else {
		l.head.prev = nil
		e.next = nil
	}
	return e
}

func (l *lane[T]) remove(e *entry[T]) {
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
	e.next, e.prev = nil, nil
}
