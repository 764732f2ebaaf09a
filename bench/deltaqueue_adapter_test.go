package bench

import (
	"context"
	"errors"
	"sync"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/deltafifo/fifotest"
	"k8s.io/client-go/tools/cache"
)

// foreignQueue is one of client-go's queues behind deltafifo.Queue. It adds
// nothing that the queue has not, but for the staging of pages and for Len,
// which client-go leaves to the reflector and to nobody.
type foreignQueue struct {
	cache.Queue
	bookmark func(version string) error
	pop      func(process func([]cache.Delta, bool) error) error

	mu     sync.Mutex
	staged []any
	open   bool
	length int
}

func newForeignRealFIFO(c fifotest.Config) *foreignQueue {
	fifo := cache.NewRealFIFOWithOptions(cache.RealFIFOOptions{
		Transformer:           foreignTransform(c),
		AtomicEvents:          true,
		UnlockWhileProcessing: true,
		EmitDeltaTypeBookmark: true,
	})
	return &foreignQueue{Queue: fifo, bookmark: fifo.Bookmark, pop: func(process func([]cache.Delta, bool) error) error {
		return fifo.PopBatch(process, func(obj any, initial bool) error { return process(obj.(cache.Deltas), initial) })
	}}
}

func newForeignDeltaFIFO(c fifotest.Config) *foreignQueue {
	fifo := cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{
		Transformer:           foreignTransform(c),
		KnownObjects:          foreignKnown{c.KnownObjects},
		EmitDeltaTypeReplaced: true,
	})
	return &foreignQueue{
		Queue:    fifo,
		bookmark: func(string) error { return nil },
		pop: func(process func([]cache.Delta, bool) error) error {
			_, err := fifo.Pop(func(obj any, initial bool) error { return process(obj.(cache.Deltas), initial) })
			return err
		},
	}
}

func foreignTransform(c fifotest.Config) cache.TransformFunc {
	if c.Transform == nil {
		return nil
	}
	return func(obj any) (any, error) { return c.Transform(obj.(*fifotest.Object)) }
}

// foreignKnown is KnownObjects as client-go asks for it.
type foreignKnown struct {
	deltafifo.KnownObjects[*fifotest.Object]
}

func (k foreignKnown) GetByKey(key string) (any, bool, error) {
	return k.KnownObjects.GetByKey(key)
}

func (q *foreignQueue) Begin(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.staged, q.open = nil, true
	return nil
}

func (q *foreignQueue) Page(_ context.Context, items []*fifotest.Object) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.open {
		return deltafifo.ErrNoList
	}
	for _, item := range items {
		q.staged = append(q.staged, item)
	}
	return nil
}

func (q *foreignQueue) Commit(_ context.Context, version string) error {
	q.mu.Lock()
	staged, open := q.staged, q.open
	q.staged, q.open = nil, false
	q.mu.Unlock()
	if !open {
		return deltafifo.ErrNoList
	}
	return q.Replace(staged, version)
}

func (q *foreignQueue) Abort() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.staged, q.open = nil, false
}

func (q *foreignQueue) Add(_ context.Context, obj *fifotest.Object) error {
	return q.count(q.Queue.Add(obj))
}

func (q *foreignQueue) Update(_ context.Context, obj *fifotest.Object) error {
	return q.count(q.Queue.Update(obj))
}

func (q *foreignQueue) Delete(_ context.Context, obj *fifotest.Object) error {
	return q.count(q.Queue.Delete(obj))
}

func (q *foreignQueue) Bookmark(_ context.Context, version string) error {
	return q.bookmark(version)
}

func (q *foreignQueue) count(err error) error {
	if err == nil {
		q.mu.Lock()
		q.length++
		q.mu.Unlock()
	}
	return err
}

// Len is right while there are only events.
func (q *foreignQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}

func (q *foreignQueue) Synced() <-chan struct{} { return q.HasSyncedChecker().Done() }

// Pop looks at ctx once: client-go's queues cannot be waited for with one.
func (q *foreignQueue) Pop(ctx context.Context, process func(deltafifo.Batch[*fifotest.Object]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := q.pop(func(deltas []cache.Delta, initial bool) error {
		q.mu.Lock()
		q.length -= len(deltas)
		q.mu.Unlock()
		b := deltafifo.Batch[*fifotest.Object]{Initial: initial}
		for _, d := range deltas {
			b.Deltas = append(b.Deltas, translate(d))
		}
		return process(b)
	})
	if errors.Is(err, cache.ErrFIFOClosed) {
		return deltafifo.ErrClosed
	}
	return err
}

var ourTypes = map[cache.DeltaType]deltafifo.DeltaType{
	cache.Added:       deltafifo.DeltaAdded,
	cache.Updated:     deltafifo.DeltaUpdated,
	cache.Deleted:     deltafifo.DeltaDeleted,
	cache.Replaced:    deltafifo.DeltaReplaced,
	cache.Sync:        deltafifo.DeltaSync,
	cache.ReplacedAll: deltafifo.DeltaReplacedAll,
	cache.SyncAll:     deltafifo.DeltaSyncAll,
	cache.Bookmark:    deltafifo.DeltaBookmark,
}

// translate makes a Delta of ours.
func translate(d cache.Delta) deltafifo.Delta[*fifotest.Object] {
	out := deltafifo.Delta[*fifotest.Object]{Type: ourTypes[d.Type]}
	switch obj := d.Object.(type) {
	case *fifotest.Object:
		out.Object, out.Key = obj, keyOf(obj)
	case cache.DeletedFinalStateUnknown:
		out.Key, out.FinalStateUnknown = obj.Key, true
		last, known := obj.Obj.(*fifotest.Object)
		out.Object, out.NoObject = last, !known
	case cache.BookmarkInfo:
		out.ResourceVersion = obj.ResourceVersion
	case cache.ReplacedAllInfo:
		out.List = &deltafifo.List[*fifotest.Object]{ResourceVersion: obj.ResourceVersion}
		for _, item := range obj.Objects {
			out.List.Objects = append(out.List.Objects, item.(*fifotest.Object))
			out.List.Keys = append(out.List.Keys, keyOf(item.(*fifotest.Object)))
		}
	}
	return out
}

func keyOf(obj *fifotest.Object) string { return obj.Namespace + "/" + obj.Name }
