package deltafifo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeltaFIFO is the queue that gathers what happens to a key until the consumer
// gets to it: a batch is all deltas of one key, oldest first, and keys come in
// the order in which they began to wait. Two deletions in a row count as one.
// A list is told key by key, as a Replaced for what it holds and a Deleted
// with FinalStateUnknown for what is gone; a resync as a Sync for each known
// key of which nothing is queued.
//
// It corresponds to client-go's DeltaFIFO with EmitDeltaTypeReplaced. It
// differs in that a batch is processed outside the lock, that an object that
// is refused does not fail its list, that a Delete counts without known
// objects too, and that Bookmarks and the versions of lists pass through:
// everything that was queued before a Bookmark is handed out before it.
type DeltaFIFO[T any] struct {
	core[T]
	known         KnownObjects[T]
	bookmarks     bool
	deletionsLast bool
	refusedSync   bool

	// All below is guarded by mu.

	entries entries[T]

	// hand is what is being processed, by the Pop that set popping. Its key
	// may be queued again.
	hand    hand[T]
	popping bool

	// pops counts how often something was handed out, and traces are told
	// of each.
	pops   uint64
	traces []*trace[T]
}

// hand is the entry that is being processed, and what producers may know of
// it: its deltas are the consumer's alone.
type hand[T any] struct {
	entry   *entry[T] // nil when nothing is being processed
	deltas  []Delta[T]
	since   time.Time // the entry's, which may be in line again
	key     string
	keyed   bool // there is a key: it is not a Bookmark
	last    last[T]
	initial bool // it counts for first
}

var _ Queue[any] = (*DeltaFIFO[any])(nil)

var errHalfKnown = errors.New("KnownObjects has one of Keys and Get: set both, or neither")

// NewDeltaFIFO returns an empty DeltaFIFO for objects that access can read. The
// error is object.ErrNoAccess when access can make no key, or tells that
// KnownObjects is incomplete.
func NewDeltaFIFO[T any](access object.Access[T], opts DeltaOptions[T]) (*DeltaFIFO[T], error) {
	q := &DeltaFIFO[T]{
		known:         opts.KnownObjects,
		bookmarks:     !opts.NoBookmarks,
		deletionsLast: opts.DeletionsLast,
		refusedSync:   opts.RefusedSync,
		entries:       entries[T]{byKey: make(map[string]*entry[T])},
	}
	if opts.Known == nil {
		opts.Known = opts.KnownObjects.Get
	}
	if err := q.init(access, opts.Options); err != nil {
		return nil, err
	}
	if (q.known.Keys == nil) != (q.known.Get == nil) {
		return nil, fmt.Errorf("deltafifo: queue %s: %w", q.in.name, errHalfKnown)
	}
	return q, nil
}

// NewMetaDeltaFIFO returns an empty DeltaFIFO for API objects, with keys as
// client-go's MetaNamespaceKeyFunc makes them. It fails as NewDeltaFIFO does.
func NewMetaDeltaFIFO[T metav1.Object](opts DeltaOptions[T]) (*DeltaFIFO[T], error) {
	return NewDeltaFIFO(object.Meta[T](), opts)
}

// Add queues an Added. The error is an *ItemError when obj has no key or the
// transform refuses it, ErrClosed after Close, and ctx.Err() when ctx ends
// while the queue is full; obj is then not queued.
func (q *DeltaFIFO[T]) Add(ctx context.Context, obj T) error {
	return q.event(ctx, Added, "Add", obj)
}

// Update is Add with an Updated.
func (q *DeltaFIFO[T]) Update(ctx context.Context, obj T) error {
	return q.event(ctx, Updated, "Update", obj)
}

func (q *DeltaFIFO[T]) event(ctx context.Context, t Type, op string, obj T) error {
	q.attempted()
	key, obj, err := q.in.event(op, obj)
	if err != nil {
		return err
	}
	q.mu.Lock()
	if err := q.admit(ctx); err != nil {
		q.mu.Unlock()
		return err
	}
	q.first.event()
	q.push(Delta[T]{Key: key, Object: obj, Type: t})
	q.unlockAndWake()
	return nil
}

// attempted notes that a producer has begun to hand over an event, where that
// counts.
func (q *DeltaFIFO[T]) attempted() {
	if !q.refusedSync || q.first.hasSynced() {
		return
	}
	q.mu.Lock()
	q.first.event()
	q.mu.Unlock()
}

// Delete is Add with a Deleted, of which obj is the last state. With known
// objects, the deletion of a key that is neither known, nor queued, nor being
// processed, and of one whose Deleted is being processed, adds nothing: it was
// reported before. The transform does not see what adds nothing.
func (q *DeltaFIFO[T]) Delete(ctx context.Context, obj T) error {
	key, err := q.in.eventKey("Delete", obj)
	if err != nil {
		return err
	}
	q.attempted()
	if q.in.transform != nil {
		if done, err := q.delete(ctx, key, nil); done || err != nil {
			return err
		}
		if key, obj, err = q.in.transformed("Delete", key, obj); err != nil {
			return err
		}
	}
	_, err = q.delete(ctx, key, &obj)
	return err
}

// delete queues the Deleted of key, if that adds something, and reports whether
// all is done. It is not while the key exists and obj is nil: the object is
// still to be transformed.
func (q *DeltaFIFO[T]) delete(ctx context.Context, key string, obj *T) (done bool, err error) {
	q.mu.Lock()
	defer q.unlockAndWake()
	exists, err := q.exists(ctx, key)
	if err != nil || exists && obj == nil {
		return false, err
	}
	q.first.event()
	if exists {
		q.push(Delta[T]{Key: key, Object: *obj, Type: Deleted})
	}
	return true, nil
}

// exists tells whether the consumer holds key, or will by the time it gets to
// what is queued now, and waits for room like admit. mu is held on entry and
// return, and not while the known objects are read: an answer counts if
// nothing was handed out meanwhile.
func (q *DeltaFIFO[T]) exists(ctx context.Context, key string) (bool, error) {
	var known, asked bool
	var pops uint64
	for {
		if err := q.admit(ctx); err != nil {
			return false, err
		}
		switch {
		case q.known.Get == nil || q.entries.waiting(key) != nil:
			return true, nil
		case q.hand.keyed && q.hand.key == key:
			return !q.hand.last.gone, nil
		case asked && pops == q.pops:
			return known, nil
		}
		asked, pops = true, q.pops
		q.mu.Unlock()
		_, known = q.known.Get(key)
		q.mu.Lock()
	}
}

// Bookmark queues a Bookmark behind everything that is queued. It fails as Add
// does.
func (q *DeltaFIFO[T]) Bookmark(ctx context.Context, resourceVersion string) error {
	q.mu.Lock()
	if err := q.admit(ctx); err != nil {
		q.mu.Unlock()
		return err
	}
	q.pushBookmark(resourceVersion)
	q.unlockAndWake()
	return nil
}

// Resync queues a Sync for each known object of which nothing is queued, being
// processed, or handed out while the known objects were read (F5): those show
// themselves. It never waits. The error is ErrClosed after Close.
func (q *DeltaFIFO[T]) Resync() error {
	if q.isClosed() {
		return ErrClosed
	}
	if q.known.Keys == nil {
		return nil
	}
	tr := q.trace()
	defer q.untrace(tr)
	syncs := q.lookup(q.known.Keys(), Sync)
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	for _, d := range syncs {
		if !d.NoObject && q.entries.waiting(d.Key) == nil && !tr.has(d.Key) {
			q.push(d)
		}
	}
	q.unlockAndWake()
	return nil
}

// lookup makes a delta of the known object of each key, with NoObject where it
// is gone already. It calls user code: mu is not held.
func (q *DeltaFIFO[T]) lookup(keys []string, t Type) []Delta[T] {
	deltas := make([]Delta[T], len(keys))
	for i, key := range keys {
		obj, exists := q.known.Get(key)
		deltas[i] = Delta[T]{Key: key, Object: obj, Type: t, NoObject: !exists}
	}
	return deltas
}

// trace begins a trace with what is in hand.
func (q *DeltaFIFO[T]) trace() *trace[T] {
	tr := &trace[T]{}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hand.keyed {
		tr.record(q.hand.key, q.hand.last)
	}
	q.traces = append(q.traces, tr)
	return tr
}

func (q *DeltaFIFO[T]) untrace(tr *trace[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.traces = slices.DeleteFunc(q.traces, func(t *trace[T]) bool { return t == tr })
}

// Len is the number of deltas that wait; what is being processed does not.
func (q *DeltaFIFO[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.entries.deltas
}

// Age tells how long the key that waits longest has done so. It is 0 when none
// waits and when the queue was given neither Clock nor Metrics.
func (q *DeltaFIFO[T]) Age() time.Duration {
	var since time.Time
	q.mu.Lock()
	if e := q.entries.line.head; e != nil {
		since = e.since
	}
	q.mu.Unlock()
	return q.watch.since(since)
}

// admit waits until one more delta may be queued. mu is held on entry and
// return.
func (q *DeltaFIFO[T]) admit(ctx context.Context) error {
	for !q.closed {
		if q.bound <= 0 || q.entries.deltas < q.bound {
			return nil
		}
		if err := q.awaitRoom(ctx); err != nil {
			return err
		}
	}
	return ErrClosed
}

// push queues d, which has a key; mu is held.
func (q *DeltaFIFO[T]) push(d Delta[T]) {
	if q.entries.push(d, q.hand.entry) {
		q.stamp()
	}
}

func (q *DeltaFIFO[T]) pushAll(deltas []Delta[T]) {
	for _, d := range deltas {
		q.push(d)
	}
}

// pushBookmark queues a Bookmark, if they are wanted; mu is held.
func (q *DeltaFIFO[T]) pushBookmark(resourceVersion string) {
	if q.bookmarks && q.entries.pushBookmark(resourceVersion) {
		q.stamp()
	}
}

// stamp notes when the last entry got in line; mu is held.
func (q *DeltaFIFO[T]) stamp() {
	if q.watch.clock != nil {
		q.entries.line.tail.since = q.watch.clock.Now()
	}
}
