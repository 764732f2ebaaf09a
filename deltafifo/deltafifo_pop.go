package deltafifo

import (
	"context"
	"slices"
)

// Pop waits for a key and calls process with all its deltas, or with one
// Bookmark, under no lock. What process was given counts as consumed, whatever
// it returns, and even if it panics; the queue can be used on.
//
// Pop returns the error of process, ErrClosed once the queue is closed and
// empty, ctx.Err() when ctx has ended, and ErrConcurrentPop when another Pop
// is running. It corresponds to client-go's DeltaFIFO.Pop.
func (q *DeltaFIFO[T]) Pop(ctx context.Context, process func(Batch[T]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, left, err := q.take(ctx)
	if err != nil {
		return err
	}
	defer q.finish()
	if q.watch.metrics == nil {
		return process(b)
	}
	return q.watch.process(len(b.Deltas), left, q.hand.since, func() error { return process(b) })
}

// take waits for an entry and takes it in hand. left is what waits besides.
func (q *DeltaFIFO[T]) take(ctx context.Context) (b Batch[T], left int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.popping {
		return b, 0, ErrConcurrentPop
	}
	q.popping = true
	for q.entries.line.head == nil {
		if err := q.park(ctx); err != nil {
			q.popping = false
			return b, 0, err
		}
	}
	q.hand.entry, q.hand.deltas = q.entries.take()
	q.hand.since = q.hand.entry.since
	q.pops++
	if d := &q.hand.deltas[len(q.hand.deltas)-1]; d.Type != Bookmark {
		q.takeKey(d)
	}
	q.makeRoom()
	return Batch[T]{Deltas: slices.Clip(q.hand.deltas), Initial: !q.first.synced()}, q.entries.deltas, nil
}

// takeKey notes that the deltas of a key are in hand, d being the newest; mu
// is held.
func (q *DeltaFIFO[T]) takeKey(d *Delta[T]) {
	q.hand.key, q.hand.keyed, q.hand.last = d.Key, true, lastOf(d)
	q.hand.initial = q.first.left > 0
	for _, tr := range q.traces {
		tr.record(d.Key, q.hand.last)
	}
}

// finish ends a Pop, also one that panics.
func (q *DeltaFIFO[T]) finish() {
	q.mu.Lock()
	if q.hand.initial {
		q.first.processed()
	}
	q.entries.release(q.hand.entry, q.hand.deltas)
	q.hand = hand[T]{}
	q.popping = false
	q.mu.Unlock()
}
