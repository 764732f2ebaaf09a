package deltafifo

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InOrder is the queue that hands deltas out in the order in which they came,
// all keys together: the informer's default. A list is one ReplacedAll and a
// resync one SyncAll, so that the consumer's store goes from one state of the
// server to another. What is gone is for the consumer to see: it holds the
// state that the ReplacedAll replaces, and nothing else can come between (F2).
//
// It corresponds to client-go's RealFIFO with AtomicEvents,
// UnlockWhileProcessing and EmitDeltaTypeBookmark. It differs in that a batch
// is processed outside the lock however much is queued, that an object that
// is refused does not fail its list, and that a Resync adds nothing while a
// SyncAll still waits.
//
// Deltas are appended to waiting and handed out of taken. When taken is used
// up the two change places, so that nothing is copied and nothing allocated
// once both are large enough.
type InOrder[T any] struct {
	core[T]

	// waiting and since are guarded by mu. since is when waiting was empty
	// last.
	waiting  []Delta[T]
	since    time.Time
	syncing  bool // a SyncAll waits; guarded by mu
	maxBatch int

	// left is len(taken) - next, for those who do not own taken. The
	// consumer alone writes it.
	left atomic.Int64

	// popping is true while a Pop runs. What follows belongs to the goroutine
	// that set it: deltas that have changed sides, of which next is the
	// first that no process was given.
	popping    atomic.Bool
	taken      []Delta[T]
	next       int
	takenSince time.Time
	seen       keySet
	spare      int // how many times in a row taken was far larger than used
}

// minWaiting is the capacity that waiting begins with.
const minWaiting = 8

var _ Queue[any] = (*InOrder[any])(nil)

// NewInOrder returns an empty InOrder for objects that access can read. The
// error is object.ErrNoAccess when access can make no key.
func NewInOrder[T any](access object.Access[T], opts Options[T]) (*InOrder[T], error) {
	q := &InOrder[T]{maxBatch: opts.MaxBatch, seen: newKeySet()}
	if q.maxBatch <= 0 {
		q.maxBatch = DefaultMaxBatch
	}
	if err := q.init(access, opts); err != nil {
		return nil, err
	}
	return q, nil
}

// NewMetaInOrder returns an empty InOrder for API objects, with keys as
// client-go's MetaNamespaceKeyFunc makes them.
func NewMetaInOrder[T metav1.Object](opts Options[T]) *InOrder[T] {
	q, err := NewInOrder(object.Meta[T](), opts)
	if err != nil {
		panic(err) // object.Meta is complete
	}
	return q
}

// Add queues an Added. The error is an *ItemError when obj has no key or the
// transform refuses it, ErrClosed after Close, and ctx.Err() when ctx ends
// while the queue is full; obj is then not queued.
func (q *InOrder[T]) Add(ctx context.Context, obj T) error {
	return q.event(ctx, Added, "Add", obj)
}

// Update is Add with an Updated.
func (q *InOrder[T]) Update(ctx context.Context, obj T) error {
	return q.event(ctx, Updated, "Update", obj)
}

// Delete is Add with a Deleted, of which obj is the last state.
func (q *InOrder[T]) Delete(ctx context.Context, obj T) error {
	return q.event(ctx, Deleted, "Delete", obj)
}

func (q *InOrder[T]) event(ctx context.Context, t Type, op string, obj T) error {
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
	d := q.extend()
	d.Key, d.Object, d.Type = key, obj, t
	q.unlockAndWake()
	return nil
}

// Bookmark queues a Bookmark. It fails as Add does.
func (q *InOrder[T]) Bookmark(ctx context.Context, resourceVersion string) error {
	q.mu.Lock()
	if err := q.admit(ctx); err != nil {
		q.mu.Unlock()
		return err
	}
	d := q.extend()
	d.Type, d.ResourceVersion = Bookmark, resourceVersion
	q.unlockAndWake()
	return nil
}

// Commit queues the open list as one ReplacedAll. It ends the list, also when
// it fails, and then nothing of it shows (F2): with ErrNoList when none was
// open, otherwise as Add does.
func (q *InOrder[T]) Commit(ctx context.Context, resourceVersion string) error {
	if q.isClosed() {
		return ErrClosed
	}
	p, err := q.commit()
	if err != nil {
		return err
	}
	q.mu.Lock()
	if err := q.admit(ctx); err != nil {
		q.mu.Unlock()
		return err
	}
	q.first.list(1)
	d := q.extend()
	d.Type, d.List = ReplacedAll, &List[T]{Keys: p.keys, Objects: p.objs, ResourceVersion: resourceVersion}
	q.unlockAndWake()
	return nil
}

// Resync queues a SyncAll, unless one waits already: everything that was
// queued after that one shows itself. It never waits. The error is ErrClosed
// after Close.
func (q *InOrder[T]) Resync() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	if !q.syncing {
		q.syncing = true
		q.stamp()
		q.extend().Type = SyncAll
	}
	q.unlockAndWake()
	return nil
}

// Len is the number of deltas that wait; what is being processed does not.
func (q *InOrder[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length()
}

// Age tells how long the oldest delta that waits has done so, at most. It is 0
// when none waits and when the queue was given neither Clock nor Metrics.
func (q *InOrder[T]) Age() time.Duration {
	q.mu.Lock()
	since := q.since
	if q.left.Load() > 0 {
		since = q.takenSince
	} else if len(q.waiting) == 0 {
		since = time.Time{}
	}
	q.mu.Unlock()
	return q.watch.since(since)
}

// length is Len; mu is held.
func (q *InOrder[T]) length() int { return len(q.waiting) + int(q.left.Load()) }

// admit waits until one more delta may be queued. mu is held on entry and
// return.
func (q *InOrder[T]) admit(ctx context.Context) error {
	for !q.closed {
		if q.bound <= 0 || q.length() < q.bound {
			q.stamp()
			return nil
		}
		if err := q.awaitRoom(ctx); err != nil {
			return err
		}
	}
	return ErrClosed
}

// extend puts a zero delta at the end of waiting and returns it; mu is held.
// Filling it in place, it being zero already, is faster than append of a whole
// one (BenchmarkDeltaQueue/inorder): finish clears what was handed out.
func (q *InOrder[T]) extend() *Delta[T] {
	n := len(q.waiting)
	if n == cap(q.waiting) {
		q.waiting = slices.Grow(q.waiting, max(1, minWaiting-n))
	}
	q.waiting = q.waiting[:n+1]
	return &q.waiting[n]
}

// stamp notes when waiting begins to fill; mu is held.
func (q *InOrder[T]) stamp() {
	if len(q.waiting) == 0 && q.watch.clock != nil {
		q.since = q.watch.clock.Now()
	}
}
