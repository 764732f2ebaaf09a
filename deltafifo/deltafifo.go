package deltafifo

import (
	"context"
	"slices"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeltaFIFO is the queue that gathers the deltas of a key until the consumer
// gets to that key: a batch has all deltas of one key, oldest first, and keys
// come in the order in which they began to wait. Two deletions in a row count as
// one. A list becomes one DeltaReplaced for each of its objects and one
// DeltaDeleted with FinalStateUnknown for each key that is gone; a resync becomes
// one DeltaSync for each known key of which nothing is queued.
//
// It corresponds to client-go's DeltaFIFO with EmitDeltaTypeReplaced. It
// differs in that a batch is processed outside the lock, that an object that
// is refused does not fail its list, that a Delete is queued without known
// objects too, and that bookmarks and the versions of lists are queued:
// everything that was queued before a DeltaBookmark is handed out before it.
type DeltaFIFO[T any] struct {
	core          core[T]
	bookmarks     bool
	deletionsLast bool
	refusedSync   bool

	// All below is guarded by mu.

	entries entries[T]

	// processing is what the Pop that set popping has handed out. Its key may
	// be queued again.
	processing processing[T]
	popping    bool

	// pops counts how often something was handed out; traces record each
	// time.
	pops   uint64
	traces []*trace[T]
}

// processing is the entry that is being processed, with what producers may read
// of it: its deltas belong to the consumer.
type processing[T any] struct {
	entry   *entry[T] // nil when nothing is being processed
	deltas  []Delta[T]
	since   time.Time // the entry's, which may be queued again
	key     string
	keyed   bool // it has a key: it is no Bookmark
	last    last[T]
	initial bool // it belongs to the first list
}

var _ Queue[any] = (*DeltaFIFO[any])(nil)

// NewDeltaFIFO returns an empty DeltaFIFO for API objects, with keys as
// client-go's MetaNamespaceKeyFunc makes them. The error says which of the
// options cannot be, and what to give instead.
func NewDeltaFIFO[T metav1.Object](opts Options[T]) (*DeltaFIFO[T], error) {
	return NewDeltaFIFOWithAccess(object.Meta[T](), opts)
}

// NewDeltaFIFOWithAccess is NewDeltaFIFO for objects of any kind, which access
// can read. The error is object.ErrNoAccess for the zero Access.
func NewDeltaFIFOWithAccess[T any](access object.Access[T], opts Options[T]) (*DeltaFIFO[T], error) {
	q := &DeltaFIFO[T]{
		bookmarks:     !opts.NoBookmarks,
		deletionsLast: opts.DeletionsLast,
		refusedSync:   opts.RefusedSync,
		entries:       entries[T]{byKey: make(map[string]*entry[T])},
	}
	if err := q.core.init(kindDeltaFIFO, access, opts); err != nil {
		return nil, err
	}
	return q, nil
}

// Add queues a DeltaAdded. The error is an *object.RefusedError when obj has no key or
// the transform refuses it, ErrClosed after Close, and ctx.Err() when ctx ends
// while the queue is full; obj is then not queued.
func (q *DeltaFIFO[T]) Add(ctx context.Context, obj T) error {
	return q.event(ctx, DeltaAdded, "Add", obj)
}

// Update is Add with a DeltaUpdated.
func (q *DeltaFIFO[T]) Update(ctx context.Context, obj T) error {
	return q.event(ctx, DeltaUpdated, "Update", obj)
}

func (q *DeltaFIFO[T]) event(ctx context.Context, t DeltaType, op string, obj T) error {
	q.attempted()
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
	q.push(Delta[T]{Key: key, Object: obj, Type: t})
	q.core.unlockAndWake()
	return nil
}

// attempted notes that a producer has begun to hand over an event, if
// Options.RefusedSync makes that count.
func (q *DeltaFIFO[T]) attempted() {
	if !q.refusedSync || q.core.first.hasSynced() {
		return
	}
	q.core.mu.Lock()
	q.core.first.event()
	q.core.mu.Unlock()
}

// Delete is Add with a DeltaDeleted; obj is the last state of the object. With
// known objects, Delete adds nothing if the key is neither known, nor queued, nor
// being processed, or if its deletion is being processed: it was reported
// before. The transform is not called then.
func (q *DeltaFIFO[T]) Delete(ctx context.Context, obj T) error {
	key, err := q.core.in.eventKey("Delete", obj)
	if err != nil {
		return err
	}
	q.attempted()
	if q.core.in.transform != nil {
		if done, err := q.delete(ctx, key, nil); done || err != nil {
			return err
		}
		if key, obj, err = q.core.in.transformed("Delete", key, obj); err != nil {
			return err
		}
	}
	_, err = q.delete(ctx, key, &obj)
	return err
}

// delete queues a deletion of key, if the key exists, and reports whether
// nothing is left to do. If the key exists and obj is nil, the object is still to
// be transformed: delete then queues nothing and returns false.
func (q *DeltaFIFO[T]) delete(ctx context.Context, key string, obj *T) (done bool, err error) {
	q.core.lock()
	defer q.core.unlockAndWake()
	exists, err := q.exists(ctx, key)
	if err != nil || exists && obj == nil {
		return false, err
	}
	q.core.first.event()
	if exists {
		q.push(Delta[T]{Key: key, Object: *obj, Type: DeltaDeleted})
	}
	return true, nil
}

// Begin opens a list and drops the one that was open, if any. The error is
// ErrClosed after Close.
func (q *DeltaFIFO[T]) Begin(context.Context) error { return q.core.begin() }

// Page adds items to the open list. The slice stays the caller's. The error is
// ErrNoList, ErrClosed, or an errors.Join of one *object.RefusedError for each item that
// was not taken; the others are. Of two items with the same key the later one
// counts, unless Options.KeepRepeats is set. Page never waits.
//
// If the transform or the key function panics, the open list is dropped, so
// that it cannot be committed with holes, and the panic goes on.
func (q *DeltaFIFO[T]) Page(_ context.Context, items []T) error { return q.core.page(items) }

// Abort drops the open list, if there is one.
func (q *DeltaFIFO[T]) Abort() { q.core.list.take() }

// Bookmark queues a DeltaBookmark behind everything that is queued, unless
// Options.NoBookmarks is set. The error is ErrClosed after Close, and ctx.Err()
// when ctx ends while the queue is full.
func (q *DeltaFIFO[T]) Bookmark(ctx context.Context, resourceVersion string) error {
	q.core.lock()
	if err := q.admit(ctx); err != nil {
		q.core.mu.Unlock()
		return err
	}
	q.pushBookmark(resourceVersion)
	q.core.unlockAndWake()
	return nil
}

// Resync queues a DeltaSync for each known object, but not for a key of which
// something is queued, is being processed, or was handed out while the known
// objects were read (F5): the consumer sees the state of such a key anyway.
// Resync never waits. The error is ErrClosed after Close.
func (q *DeltaFIFO[T]) Resync() error {
	if q.core.isClosed() {
		return ErrClosed
	}
	if q.core.in.known == nil {
		return nil
	}
	tr := q.trace()
	defer q.untrace(tr)
	syncs := q.lookup(q.core.in.known.ListKeys(), DeltaSync)
	q.core.lock()
	if q.core.closed {
		q.core.mu.Unlock()
		return ErrClosed
	}
	for _, d := range syncs {
		if !d.NoObject && q.entries.waiting(d.Key) == nil && !tr.has(d.Key) {
			q.push(d)
		}
	}
	q.core.unlockAndWake()
	return nil
}

// HasSynced reports whether the first list has been processed, or an event came
// before it (F4). It corresponds to client-go's Queue.HasSynced. Any goroutine
// may call it.
func (q *DeltaFIFO[T]) HasSynced() bool { return q.core.first.hasSynced() }

// Synced returns a channel that is closed when HasSynced turns true. It
// corresponds to client-go's HasSyncedChecker.
func (q *DeltaFIFO[T]) Synced() <-chan struct{} { return q.core.first.done }

// Close ends the producers' side: their methods, also those that wait, return
// ErrClosed from now on, and an open list is dropped. Pop hands out what is
// queued, and returns ErrClosed once that is done. Any goroutine may call it,
// more than once.
func (q *DeltaFIFO[T]) Close() { q.core.close() }

// Len is the number of deltas that wait; what is being processed does not.
func (q *DeltaFIFO[T]) Len() int {
	q.core.mu.Lock()
	defer q.core.mu.Unlock()
	return q.entries.deltas
}

// Age returns how long the key that has waited longest has waited, at most: since its
// producer came, who may have waited for room. It is 0 when none waits, and when the
// queue was given neither Clock nor Metrics.
func (q *DeltaFIFO[T]) Age() time.Duration {
	var since time.Time
	q.core.mu.Lock()
	if e := q.entries.queued.head; e != nil {
		since = e.since
	}
	q.core.mu.Unlock()
	return q.core.watch.since(since)
}

// admit waits until one more delta may be queued. The error is ErrClosed or
// ctx.Err(). mu is held on entry and return.
func (q *DeltaFIFO[T]) admit(ctx context.Context) error {
	for !q.core.closed {
		if q.core.bound <= 0 || q.entries.deltas < q.core.bound {
			return nil
		}
		if err := q.core.awaitRoom(ctx); err != nil {
			return err
		}
	}
	return ErrClosed
}

// push queues d, which has a key; mu is held.
func (q *DeltaFIFO[T]) push(d Delta[T]) {
	if q.entries.push(d, q.processing.entry) {
		q.stamp()
	}
}

func (q *DeltaFIFO[T]) pushAll(deltas []Delta[T]) {
	for _, d := range deltas {
		q.push(d)
	}
}

// pushBookmark queues a DeltaBookmark, unless Options.NoBookmarks is set; mu is
// held.
func (q *DeltaFIFO[T]) pushBookmark(resourceVersion string) {
	if q.bookmarks && q.entries.pushBookmark(resourceVersion) {
		q.stamp()
	}
}

// stamp notes when the last entry was queued; a producer holds mu.
func (q *DeltaFIFO[T]) stamp() { q.entries.queued.tail.since = q.core.now }

// Pop waits for a key and calls process with all its deltas, or with one
// DeltaBookmark, under no lock. What process was given counts as consumed,
// whatever it returns, and even if it panics; the queue stays usable.
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
	if q.core.watch.metrics == nil {
		return process(b)
	}
	return q.core.watch.process(len(b.Deltas), left, q.processing.since, func() error { return process(b) })
}

// take waits for an entry and begins to process it. left is the number of deltas
// that wait besides.
func (q *DeltaFIFO[T]) take(ctx context.Context) (b Batch[T], left int, err error) {
	q.core.mu.Lock()
	defer q.core.mu.Unlock()
	if q.popping {
		return b, 0, ErrConcurrentPop
	}
	q.popping = true
	for q.entries.queued.head == nil {
		if err := q.core.park(ctx); err != nil {
			q.popping = false
			return b, 0, err
		}
	}
	q.processing.entry, q.processing.deltas = q.entries.take()
	q.processing.since = q.processing.entry.since
	q.pops++
	if d := &q.processing.deltas[len(q.processing.deltas)-1]; d.Type != DeltaBookmark {
		q.takeKey(d)
	}
	q.core.makeRoom()
	return Batch[T]{Deltas: slices.Clip(q.processing.deltas), Initial: !q.core.first.synced()}, q.entries.deltas, nil
}

// takeKey notes that the deltas of a key are being processed, of which d is the
// newest; mu is held.
func (q *DeltaFIFO[T]) takeKey(d *Delta[T]) {
	q.processing.key, q.processing.keyed, q.processing.last = d.Key, true, lastOf(d)
	q.processing.initial = q.core.first.left > 0
	for _, tr := range q.traces {
		tr.record(d.Key, q.processing.last)
	}
}

// finish ends a Pop, also one that panics.
func (q *DeltaFIFO[T]) finish() {
	q.core.mu.Lock()
	if q.processing.initial {
		q.core.first.processed()
	}
	q.entries.release(q.processing.entry, q.processing.deltas)
	q.processing = processing[T]{}
	q.popping = false
	q.core.mu.Unlock()
}
