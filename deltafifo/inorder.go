package deltafifo

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InOrder is the queue that hands out deltas in the order in which they came,
// over all keys; an informer uses it unless told otherwise. A list is one
// DeltaReplacedAll and a resync one DeltaSyncAll, so that the consumer's store
// goes from one state of the server to another. The consumer finds out what is
// gone: it holds the state that the DeltaReplacedAll replaces, and nothing else
// can come between (F2).
//
// It corresponds to client-go's RealFIFO with AtomicEvents,
// UnlockWhileProcessing and EmitDeltaTypeBookmark. It differs in that a batch
// is processed outside the lock however much is queued, that an object that
// is refused does not fail its list, and that a Resync adds nothing while a
// DeltaSyncAll still waits.
type InOrder[T any] struct {
	core core[T]

	maxBatch int

	// Producers append to waiting, the consumer hands out of taken. When
	// taken is used up the two change places, so that nothing is copied, and
	// nothing allocated once both are large enough.

	// waiting, since and syncing are guarded by mu. since is when the first
	// delta of waiting was queued; syncing is true while a DeltaSyncAll
	// waits.
	waiting []Delta[T]
	since   time.Time
	syncing bool

	// left is len(taken) - next, for producers. Only the consumer writes it.
	left atomic.Int64

	// popping is true while a Pop runs. What follows belongs to the goroutine
	// that set it: taken[next:] has not been handed out yet.
	popping    atomic.Bool
	taken      []Delta[T]
	next       int
	takenSince time.Time
	seen       keySet
	spare      int // how many times in a row taken was far larger than needed
}

// minWaiting is the capacity that waiting begins with.
const minWaiting = 8

var _ Queue[any] = (*InOrder[any])(nil)

// NewInOrder returns an empty InOrder for API objects, with keys as client-go's
// MetaNamespaceKeyFunc makes them. The error says which of the options cannot
// be, and what to give instead.
func NewInOrder[T metav1.Object](opts Options[T]) (*InOrder[T], error) {
	return NewInOrderWithAccess(object.Meta[T](), opts)
}

// NewInOrderWithAccess is NewInOrder for objects of any kind, which access can
// read. The error is object.ErrNoAccess for the zero Access.
func NewInOrderWithAccess[T any](access object.Access[T], opts Options[T]) (*InOrder[T], error) {
	q := &InOrder[T]{maxBatch: opts.MaxBatch, seen: newKeySet()}
	if q.maxBatch == 0 {
		q.maxBatch = DefaultMaxBatch
	}
	if err := q.core.init(kindInOrder, access, opts); err != nil {
		return nil, err
	}
	return q, nil
}

// Add queues a DeltaAdded. The error is an *object.RefusedError when obj has no key or
// the transform refuses it, ErrClosed after Close, and ctx.Err() when ctx ends
// while the queue is full; obj is then not queued.
func (q *InOrder[T]) Add(ctx context.Context, obj T) error {
	return q.event(ctx, DeltaAdded, "Add", obj)
}

// Update is Add with a DeltaUpdated.
func (q *InOrder[T]) Update(ctx context.Context, obj T) error {
	return q.event(ctx, DeltaUpdated, "Update", obj)
}

// Delete is Add with a DeltaDeleted; obj is the last state of the object.
func (q *InOrder[T]) Delete(ctx context.Context, obj T) error {
	return q.event(ctx, DeltaDeleted, "Delete", obj)
}

// DeleteKey is Delete where only the key is known: it queues a DeltaDeleted with
// FinalStateUnknown and NoObject. While a list is open it takes the key out of that
// instead, whatever the list had of it so far, and queues nothing. The error is
// ErrClosed after Close, and ctx.Err() when ctx ends while the queue is full.
func (q *InOrder[T]) DeleteKey(ctx context.Context, key string) error {
	if q.core.list.remove(key) {
		return nil
	}
	q.core.lock()
	if err := q.admit(ctx); err != nil {
		q.core.mu.Unlock()
		return err
	}
	q.core.first.event()
	d := q.extend()
	d.Key, d.Type, d.FinalStateUnknown, d.NoObject = key, DeltaDeleted, true, true
	q.core.unlockAndWake()
	return nil
}

func (q *InOrder[T]) event(ctx context.Context, t DeltaType, op string, obj T) error {
	key, obj, err := q.core.in.event(op, obj)
	if err != nil {
		return err
	}
	q.core.lock()
	if err := q.admit(ctx); err != nil {
		q.core.mu.Unlock()
		return err
	}
	q.core.first.event()
	d := q.extend()
	d.Key, d.Object, d.Type = key, obj, t
	q.core.unlockAndWake()
	return nil
}

// Begin opens a list and drops the one that was open, if any. The error is
// ErrClosed after Close.
func (q *InOrder[T]) Begin(context.Context) error { return q.core.begin() }

// Page adds items to the open list. The slice stays the caller's. The error is
// ErrNoList, ErrClosed, or an errors.Join of one *object.RefusedError for each item that
// was not taken; the others are. Of two items with the same key the later one
// counts, unless Options.KeepRepeats is set. Page never waits.
//
// If the transform or the key function panics, the open list is dropped, so
// that it cannot be committed with holes, and the panic goes on.
func (q *InOrder[T]) Page(_ context.Context, items []T) error { return q.core.page(items) }

// Abort drops the open list, if there is one.
func (q *InOrder[T]) Abort() { q.core.list.take() }

// Bookmark queues a DeltaBookmark. The error is ErrClosed after Close, and
// ctx.Err() when ctx ends while the queue is full.
func (q *InOrder[T]) Bookmark(ctx context.Context, resourceVersion string) error {
	q.core.lock()
	if err := q.admit(ctx); err != nil {
		q.core.mu.Unlock()
		return err
	}
	d := q.extend()
	d.Type, d.ResourceVersion = DeltaBookmark, resourceVersion
	q.core.unlockAndWake()
	return nil
}

// Commit queues the open list as one DeltaReplacedAll. The error is ErrNoList
// when no list is open, ErrClosed after Close, and ctx.Err() when ctx ends while
// the queue is full. Commit ends the list in any case; with an error nothing of it
// is queued (F2).
func (q *InOrder[T]) Commit(ctx context.Context, resourceVersion string) error {
	if q.core.isClosed() {
		return ErrClosed
	}
	p, err := q.core.commit()
	if err != nil {
		return err
	}
	q.core.lock()
	if err := q.admit(ctx); err != nil {
		q.core.mu.Unlock()
		return err
	}
	q.core.first.list(1)
	d := q.extend()
	d.Type, d.List = DeltaReplacedAll, &List[T]{Keys: p.keys, Objects: p.objs, ResourceVersion: resourceVersion}
	q.core.unlockAndWake()
	return nil
}

// Resync queues a DeltaSyncAll, unless one waits already: the consumer sees
// anyway what was queued after that one. Resync never waits. The error is
// ErrClosed after Close.
func (q *InOrder[T]) Resync() error {
	q.core.lock()
	if q.core.closed {
		q.core.mu.Unlock()
		return ErrClosed
	}
	if !q.syncing {
		q.syncing = true
		q.stamp()
		q.extend().Type = DeltaSyncAll
	}
	q.core.unlockAndWake()
	return nil
}

// HasSynced reports whether the first list has been processed, or an event came
// before it (F4). It corresponds to client-go's Queue.HasSynced. Any goroutine
// may call it.
func (q *InOrder[T]) HasSynced() bool { return q.core.first.hasSynced() }

// Synced returns a channel that is closed when HasSynced turns true. It
// corresponds to client-go's HasSyncedChecker.
func (q *InOrder[T]) Synced() <-chan struct{} { return q.core.first.done }

// Close ends the producers' side: their methods, also those that wait, return
// ErrClosed from now on, and an open list is dropped. Pop hands out what is
// queued, and returns ErrClosed once that is done. Any goroutine may call it,
// more than once.
func (q *InOrder[T]) Close() { q.core.close() }

// Len is the number of deltas that wait; what is being processed does not.
func (q *InOrder[T]) Len() int {
	q.core.mu.Lock()
	defer q.core.mu.Unlock()
	return q.length()
}

// Age returns how long the oldest delta that waits has waited, at most: since its
// producer came, who may have waited for room. It is 0 when none waits, and when the
// queue was given neither Clock nor Metrics.
func (q *InOrder[T]) Age() time.Duration {
	q.core.mu.Lock()
	since := q.since
	if q.left.Load() > 0 {
		since = q.takenSince
	} else if len(q.waiting) == 0 {
		since = time.Time{}
	}
	q.core.mu.Unlock()
	return q.core.watch.since(since)
}

// length is Len; mu is held.
func (q *InOrder[T]) length() int { return len(q.waiting) + int(q.left.Load()) }

// admit waits until one more delta may be queued. The error is ErrClosed or
// ctx.Err(). mu is held on entry and return.
func (q *InOrder[T]) admit(ctx context.Context) error {
	for !q.core.closed {
		if q.core.bound <= 0 || q.length() < q.core.bound {
			q.stamp()
			return nil
		}
		if err := q.core.awaitRoom(ctx); err != nil {
			return err
		}
	}
	return ErrClosed
}

// extend puts a zero delta at the end of waiting and returns it; mu is held. The
// place is zero because finish clears what was handed out; to fill it there is
// faster than to append a whole delta (BenchmarkDeltaQueue/inorder).
func (q *InOrder[T]) extend() *Delta[T] {
	n := len(q.waiting)
	if n == cap(q.waiting) {
		q.waiting = slices.Grow(q.waiting, max(1, minWaiting-n))
	}
	q.waiting = q.waiting[:n+1]
	return &q.waiting[n]
}

// stamp notes when waiting begins to fill; a producer holds mu.
func (q *InOrder[T]) stamp() {
	if len(q.waiting) == 0 {
		q.since = q.core.now
	}
}

// When a used-up buffer is kept: a burst holds memory only for a while, and a
// queue that is filled and emptied in turns allocates nothing.
const (
	// bigBuffer is the capacity above which a buffer is dropped at once, for
	// another burst of that size may never follow.
	bigBuffer = 1 << 14
	// smallBuffer is the capacity up to which it is kept in any case. One in
	// between is dropped when less than a quarter of it was used spareRounds
	// times in a row.
	smallBuffer = 256
	spareRounds = 16
)

// Pop waits for deltas and calls process with a batch of them, under no lock: up
// to Options.MaxBatch deltas, each of another key, or one that comes alone. A
// batch ends before a key that comes again; because keys are told apart by hashes
// it may, rarely, end earlier. What process was given counts as consumed,
// whatever it returns, and even if it panics; the queue stays usable.
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
	if q.core.watch.metrics == nil {
		return process(b)
	}
	return q.core.watch.process(len(deltas), q.Len(), q.takenSince, func() error { return process(b) })
}

// fetch waits for deltas and moves them to taken, which is used up.
func (q *InOrder[T]) fetch(ctx context.Context) error {
	q.recycle()
	q.core.mu.Lock()
	defer q.core.mu.Unlock()
	for len(q.waiting) == 0 {
		if err := q.core.park(ctx); err != nil {
			return err
		}
	}
	q.taken, q.waiting = q.waiting, q.taken
	q.takenSince = q.since
	q.left.Store(int64(len(q.taken)))
	return nil
}

// recycle empties taken, and drops its buffer if that has become too large.
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

// cut takes the next batch from taken, which is not used up.
func (q *InOrder[T]) cut() []Delta[T] {
	deltas := q.taken[q.next:]
	n := q.prefix(deltas)
	deltas = deltas[:n:n] // without room behind it, where other deltas are
	q.next += len(deltas)
	q.left.Add(int64(-len(deltas)))
	if q.core.bound > 0 || deltas[0].Type == DeltaSyncAll {
		q.core.mu.Lock()
		if deltas[0].Type == DeltaSyncAll {
			q.syncing = false
		}
		q.core.makeRoom()
		q.core.mu.Unlock()
	}
	return deltas
}

// prefix returns how many of the first deltas make a batch.
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

// alone reports whether a delta of this type comes alone in its batch.
func alone(t DeltaType) bool { return t >= DeltaReplacedAll }

// finish ends a Pop, also one that panics. It clears the deltas, so that the
// buffer keeps no object alive.
func (q *InOrder[T]) finish(from int, t DeltaType) {
	clear(q.taken[from:q.next])
	if t == DeltaReplacedAll {
		q.core.mu.Lock()
		q.core.first.processed()
		q.core.mu.Unlock()
	}
	q.popping.Store(false)
}
