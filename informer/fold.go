package informer

import "iter"

// fold is what waits for a handler that coalesces: for each key at most one event
// that is open, which later events of the key are merged into, and before it at
// most one EventDelete; and marks. A list through a slab keeps them in the order
// in which they began to wait.
type fold[T any] struct {
	slots []slot[T]

	// first and last are places in slots, as all links are, and none where the
	// list is empty. free is the first of the slots that hold nothing, which
	// are linked by next.
	first, last, free int32

	// open has the slot of each key that waits as an EventAdd or EventUpdate.
	open map[string]int32

	// number is that of the entry that is put in, 0 for those of a snapshot.
	number uint64

	// waiting is the number of slots that hold something, events the number of
	// those that are no marks.
	waiting, events int
}

type slot[T any] struct {
	entry[T]
	previous, next int32

	// number is that of the entry with which it began to wait; they ascend.
	number uint64
}

const none = int32(-1)

func newFold[T any]() *fold[T] {
	return &fold[T]{first: none, last: none, free: none, open: make(map[string]int32)}
}

// put adds an entry, or merges it into the one that is open for its key.
func (f *fold[T]) put(e *entry[T]) {
	if e.Type == 0 {
		f.push(e)
		return
	}
	i, waits := f.open[e.Key]
	if !waits {
		if i = f.push(e); e.Type != EventDelete {
			f.open[e.Key] = i
		}
		return
	}
	switch s := &f.slots[i]; {
	case e.Type != EventDelete:
		s.renew(&e.Event)
	case s.Type == EventAdd: // the handler never learns of it
		delete(f.open, e.Key)
		f.drop(i)
		f.shrink()
	default:
		s.Type, s.Reason, s.Object, s.FinalStateUnknown = EventDelete, e.Reason, e.Object, e.FinalStateUnknown
		delete(f.open, e.Key) // another life of the key is another event
	}
}

// renew gives s, which is open, the state of a later event of its key. That of a resync
// may be new to the handler, if Reasons keep from it how the state came about.
func (s *slot[T]) renew(e *Event[T]) {
	s.Object = e.Object
	if s.Type == EventUpdate && e.Reason != ReasonResync {
		s.Reason = e.Reason
	}
}

// take removes and returns the first entry; ok is false if there is none.
func (f *fold[T]) take() (e entry[T], ok bool) {
	i := f.first
	if i == none {
		return e, false
	}
	if e = f.slots[i].entry; e.Type == EventAdd || e.Type == EventUpdate {
		delete(f.open, e.Key)
	}
	f.drop(i)
	f.shrink()
	return e, true
}

// push puts e behind all others and returns its place.
func (f *fold[T]) push(e *entry[T]) int32 {
	i := f.free
	if i == none {
		i = int32(len(f.slots))
		f.slots = append(f.slots, slot[T]{})
	} else {
		f.free = f.slots[i].next
	}
	f.slots[i] = slot[T]{entry: *e, previous: f.last, next: none, number: f.number}
	if f.last == none {
		f.first = i
	} else {
		f.slots[f.last].next = i
	}
	f.last = i
	f.waiting++
	if e.Type != 0 {
		f.events++
	}
	return i
}

// drop takes the slot out of the list.
func (f *fold[T]) drop(i int32) {
	s := &f.slots[i]
	f.waiting--
	if s.Type != 0 {
		f.events--
	}
	if s.previous == none {
		f.first = s.next
	} else {
		f.slots[s.previous].next = s.next
	}
	if s.next == none {
		f.last = s.previous
	} else {
		f.slots[s.next].previous = s.previous
	}
	*s = slot[T]{next: f.free}
	f.free = i
}

// foldKept is the number of slots that are kept whatever waits.
const foldKept = 256

// shrink makes the fold anew where it holds little for its size, so that a burst
// that is over takes no memory.
func (f *fold[T]) shrink() {
	if len(f.slots) <= foldKept || f.waiting > len(f.slots)/4 {
		return
	}
	smaller := newFold[T]()
	smaller.slots = make([]slot[T], 0, max(2*f.waiting, foldKept/2))
	for s := range f.all() {
		smaller.number = s.number
		if i := smaller.push(&s.entry); s.Type == EventAdd || s.Type == EventUpdate {
			smaller.open[s.Key] = i
		}
	}
	smaller.number = f.number
	*f = *smaller
}

// all yields what waits, in order.
func (f *fold[T]) all() iter.Seq[*slot[T]] {
	return func(yield func(*slot[T]) bool) {
		for i := f.first; i != none; i = f.slots[i].next {
			if !yield(&f.slots[i]) {
				return
			}
		}
	}
}
