package deltafifo

import "context"

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
	if !q.popping.CompareAndSwap(false, true) {
		return ErrConcurrentPop
	}
	e, left, err := q.take(ctx)
	if err != nil {
		q.popping.Store(false)
		return err
	}
	defer q.finish()
	b := Batch[T]{Deltas: e.deltas, Initial: !q.HasSynced()}
	if q.watch.metrics == nil {
		return process(b)
	}
	return q.watch.process(len(e.deltas), left, e.since, func() error { return process(b) })
}

// take waits for an entry and takes it in hand. left is what waits besides.
func (q *DeltaFIFO[T]) take(ctx context.Context) (e *entry[T], left int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.line.head == nil {
		if err := q.park(ctx); err != nil {
			return nil, 0, err
		}
	}
	e = q.line.take()
	q.length -= len(e.deltas)
	q.pops++
	q.hand.entry = e
	if e.deltas[0].Type != Bookmark {
		q.takeKey(e)
	}
	q.makeRoom()
	return e, q.length, nil
}

// takeKey notes whose deltas are in hand; mu is held.
func (q *DeltaFIFO[T]) takeKey(e *entry[T]) {
	d := e.newest()
	delete(q.queued, d.Key)
	q.hand.key, q.hand.keyed, q.hand.last = d.Key, true, lastOf(d)
	q.hand.initial = q.first.left > 0
	for _, tr := range q.traces {
		tr.record(d.Key, q.hand.last)
	}
	if len(q.queued) == 0 && q.peak > bigMap {
		q.queued, q.peak = make(map[string]*entry[T]), 0
	}
}

// bigMap is the number of keys above which the map that held them is dropped
// once it is empty: maps do not shrink.
const bigMap = 1 << 14

// finish ends a Pop, also one that panics.
func (q *DeltaFIFO[T]) finish() {
	q.mu.Lock()
	if q.hand.initial {
		q.first.processed()
	}
	e := q.hand.entry
	q.hand = hand[T]{}
	q.line.recycle(e)
	q.mu.Unlock()
	q.popping.Store(false)
}
