package informer

import (
	"sync"
	"sync/atomic"
)

// inbox is what waits for a handler whose Backlog is not unbounded, and which
// therefore does not read the log: the goroutine that writes the store puts in
// what is for the handler, and the handler's goroutine takes it out. It holds on to
// nothing else, so that a handler that never returns costs what its policy says.
type inbox[T any] struct {
	backlog Backlog

	// wake has a token when there is something new to look at: entries, or
	// another halt.
	wake chan struct{}

	// room, which all inboxes of an informer share, gets a token when there is
	// room again after there was none.
	room chan<- struct{}

	// heldUp is when the informer began to wait for the handler, 0 if it does
	// not.
	heldUp atomic.Int64

	mu sync.Mutex // guards what follows; held shortly, never over user code

	// queue has the entries of BacklogBackpressure and BacklogFail, and of
	// BacklogCoalesce what comes before fold is there.
	queue fifo[T]

	// fold has those of BacklogCoalesce. It is nil until the handler's snapshot
	// is in it.
	fold *fold[T]

	// number is that of the last entry that was put in, the first of which was 1.
	number uint64

	// wanting is true while somebody waits for room. After sealed nothing is
	// taken in any more.
	wanting, sealed bool
}

func newInbox[T any](backlog Backlog, room chan<- struct{}) *inbox[T] {
	return &inbox[T]{backlog: backlog, wake: make(chan struct{}, 1), room: room}
}

// put takes entries in, in order, and returns those for which there was no room.
// With force there is always room.
func (b *inbox[T]) put(entries []entry[T], force bool) (rest []entry[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sealed || len(entries) == 0 {
		return nil
	}
	for i := range entries {
		if !force && b.full(&entries[i]) {
			b.wanting = b.backlog.Policy == BacklogBackpressure
			rest = entries[i:]
			break
		}
		b.number++
		if b.fold != nil {
			b.fold.number = b.number
			b.fold.put(&entries[i])
		} else {
			b.queue.push(&entries[i])
		}
	}
	b.interrupt()
	return rest
}

// full reports whether there is no room for e.
func (b *inbox[T]) full(e *entry[T]) bool {
	return b.backlog.bounded() && e.counts() && b.queue.counted >= b.backlog.Bound
}

// take removes and returns the next entry; ok is false if there is none.
func (b *inbox[T]) take() (e entry[T], ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fold != nil {
		return b.fold.take()
	}
	e, ok = b.queue.take()
	if b.wanting && b.queue.counted <= b.backlog.Bound/2 {
		b.makeRoom()
	}
	return e, ok
}

// makeRoom tells who waits for room to look. The caller holds mu.
func (b *inbox[T]) makeRoom() {
	b.wanting = false
	select {
	case b.room <- struct{}{}:
	default:
	}
}

// unfold gives a handler that coalesces its fold, which has its snapshot. What
// came meanwhile is put in.
func (b *inbox[T]) unfold(f *fold[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f.number = b.number - uint64(b.queue.len())
	for e, ok := b.queue.take(); ok; e, ok = b.queue.take() {
		f.number++
		f.put(&e)
	}
	b.queue = fifo[T]{}
	b.fold = f
}

// seal keeps out what comes from now on.
func (b *inbox[T]) seal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sealed = true
	b.makeRoom()
	b.interrupt()
}

// drop is seal, and drops what waits.
func (b *inbox[T]) drop() {
	b.seal()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = fifo[T]{}
	if b.fold != nil {
		b.fold = newFold[T]()
	}
}

// drained reports whether the inbox is sealed and empty.
func (b *inbox[T]) drained() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sealed && b.waiting() == 0
}

// last is the number of the last entry that was put in.
func (b *inbox[T]) last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.number
}

// past reports whether no entry up to that number waits any more, nor anything of the
// handler's snapshot.
func (b *inbox[T]) past(number uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fold == nil {
		return b.number-uint64(b.queue.len()) >= number
	}
	first := b.fold.first
	return first == none || b.fold.slots[first].number > number
}

// waiting is the number of entries. The caller holds mu.
func (b *inbox[T]) waiting() int {
	if b.fold != nil {
		return b.fold.waiting
	}
	return b.queue.len()
}

// depth returns the number of entries, the number of those that are events, and
// when the first of them was stored, 0 if there is none.
func (b *inbox[T]) depth() (entries, events int, since int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fold == nil {
		return b.queue.len(), b.queue.events, b.queue.since()
	}
	if f := b.fold; f.first != none {
		since = f.slots[f.first].at
	}
	return b.fold.waiting, b.fold.events, since
}

// interrupt wakes the handler's goroutine. It never waits.
func (b *inbox[T]) interrupt() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// fifo is a queue of entries.
type fifo[T any] struct {
	// entries[head:] wait.
	entries []entry[T]
	head    int

	// events is the number of those that are no marks, counted the number of
	// those that a bound is about.
	events, counted int
}

func (q *fifo[T]) len() int { return len(q.entries) - q.head }

// since is when the first entry was stored, 0 if there is none.
func (q *fifo[T]) since() int64 {
	if q.len() == 0 {
		return 0
	}
	return q.entries[q.head].at
}

func (q *fifo[T]) push(e *entry[T]) {
	if len(q.entries) == cap(q.entries) && q.head > len(q.entries)/2 {
		n := copy(q.entries, q.entries[q.head:])
		clear(q.entries[n:])
		q.entries, q.head = q.entries[:n], 0
	}
	q.entries = append(q.entries, *e)
	q.count(e, 1)
}

func (q *fifo[T]) take() (e entry[T], ok bool) {
	if q.len() == 0 {
		return e, false
	}
	e = q.entries[q.head]
	q.entries[q.head] = entry[T]{}
	q.head++
	if q.len() == 0 {
		q.entries, q.head = q.entries[:0], 0
		if cap(q.entries) > keptScratch {
			q.entries = nil
		}
	}
	q.count(&e, -1)
	return e, true
}

func (q *fifo[T]) count(e *entry[T], by int) {
	if e.Type != 0 {
		q.events += by
	}
	if e.counts() {
		q.counted += by
	}
}
