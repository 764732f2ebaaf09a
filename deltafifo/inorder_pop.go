package deltafifo

import "context"

// What becomes of a used-up buffer. A burst shall cost memory only for a while,
// and a queue that is filled and emptied in turns shall allocate nothing.
const (
	// bigBuffer is the capacity above which a buffer is dropped at once:
	// nobody can tell whether another burst follows.
	bigBuffer = 1 << 14
	// smallBuffer is the capacity up to which it is kept in any case. One in
	// between is dropped when less than a quarter of it was used spareRounds
	// times in a row.
	smallBuffer = 256
	spareRounds = 16
)

// Pop waits for deltas and calls process with a Batch of them, under no lock:
// up to MaxBatch that speak of one key each, or one that stands alone. A batch
// never goes past a key that comes again; for a collision of hashes it may end
// a little earlier than that. What process was given counts as consumed,
// whatever it returns, and even if it panics; the queue can be used on.
//
// Pop returns the error of process, ErrClosed once the queue is closed and
// empty, ctx.Err() when ctx has ended, and ErrConcurrentPop when another Pop
// is running. It corresponds to client-go's QueueWithBatch.PopBatch.
func (q *InOrder[T]) Pop(ctx context.Context, process func(Batch[T]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !q.popping.CompareAndSwap(false, true) {
		return ErrConcurrentPop
	}
	if q.next == len(q.taken) {
		if err := q.fetch(ctx); err != nil {
			q.popping.Store(false)
			return err
		}
	}
	from := q.next
	deltas := q.cut()
	defer q.finish(from, deltas[0].Type)
	b := Batch[T]{Deltas: deltas, Initial: !q.HasSynced()}
	if q.watch.metrics == nil {
		return process(b)
	}
	return q.watch.process(len(deltas), q.Len(), q.takenSince, func() error { return process(b) })
}

// fetch waits for deltas and makes taken hold them. taken is used up.
func (q *InOrder[T]) fetch(ctx context.Context) error {
	q.recycle()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 {
		if err := q.park(ctx); err != nil {
			return err
		}
	}
	q.taken, q.waiting = q.waiting, q.taken
	q.takenSince = q.since
	q.left.Store(int64(len(q.taken)))
	return nil
}

// recycle empties taken, and drops its buffer if that is not worth keeping.
func (q *InOrder[T]) recycle() {
	q.spare++
	if cap(q.taken) <= smallBuffer || len(q.taken) > cap(q.taken)/4 {
		q.spare = 0
	}
	if cap(q.taken) > bigBuffer || q.spare >= spareRounds {
		q.taken, q.spare = nil, 0
	}
	q.taken, q.next = q.taken[:0], 0
}

// cut takes the next batch off taken, which is not used up.
func (q *InOrder[T]) cut() []Delta[T] {
	deltas := q.taken[q.next:]
	n := q.prefix(deltas)
	deltas = deltas[:n:n] // without room behind it, where other deltas are
	q.next += len(deltas)
	q.left.Add(int64(-len(deltas)))
	if q.bound > 0 || deltas[0].Type == SyncAll {
		q.mu.Lock()
		if deltas[0].Type == SyncAll {
			q.syncing = false
		}
		q.makeRoom()
		q.mu.Unlock()
	}
	return deltas
}

// prefix tells how many of the first deltas make a batch.
func (q *InOrder[T]) prefix(deltas []Delta[T]) int {
	if len(deltas) == 1 || alone(deltas[0].Type) {
		return 1
	}
	limit := min(len(deltas), q.maxBatch)
	q.seen.reset(limit)
	for i := range deltas[:limit] {
		if alone(deltas[i].Type) || !q.seen.add(deltas[i].Key) {
			return i
		}
	}
	return limit
}

// alone tells whether a delta of this type is a batch of its own.
func alone(t Type) bool { return t >= ReplacedAll }

// finish ends a Pop, also one that panics. The deltas are cleared so that the
// buffer holds on to no object.
func (q *InOrder[T]) finish(from int, t Type) {
	clear(q.taken[from:q.next])
	if t == ReplacedAll {
		q.mu.Lock()
		q.first.processed()
		q.mu.Unlock()
	}
	q.popping.Store(false)
}
