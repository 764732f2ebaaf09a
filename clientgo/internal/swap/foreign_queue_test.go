package swap

import (
	"context"
	"errors"

	"github.com/informant-go/informant/deltafifo"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// foreignQueue is one of client-go's queues of deltas under our informer.
type foreignQueue struct {
	onto  // the producer's side
	inner upstream.Queue
}

var _ deltafifo.Queue[*corev1.Pod] = (*foreignQueue)(nil)

func newForeignQueue(inner upstream.Queue) *foreignQueue {
	return &foreignQueue{onto: onto{queue: inner}, inner: inner}
}

// HasSynced, Synced, Resync and Close are client-go's; Len is not to be had there.

func (q *foreignQueue) HasSynced() bool         { return q.inner.HasSynced() }
func (q *foreignQueue) Synced() <-chan struct{} { return q.inner.HasSyncedChecker().Done() }
func (q *foreignQueue) Resync() error           { return q.inner.Resync() }
func (q *foreignQueue) Close()                  { q.inner.Close() }
func (q *foreignQueue) Len() int                { return 0 }

// Pop waits without regard to ctx, which client-go's queues do not know: the informer
// closes the queue as well.
func (q *foreignQueue) Pop(ctx context.Context, process func(deltafifo.Batch[*corev1.Pod]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := q.pop(func(deltas []upstream.Delta, initial bool) error {
		b := deltafifo.Batch[*corev1.Pod]{Initial: initial}
		for _, d := range deltas {
			b.Deltas = append(b.Deltas, delta(d))
		}
		return process(b)
	})
	if errors.Is(err, upstream.ErrFIFOClosed) {
		return deltafifo.ErrClosed
	}
	return err
}

func (q *foreignQueue) pop(process func(deltas []upstream.Delta, initial bool) error) error {
	one := func(obj any, initial bool) error { return process(obj.(upstream.Deltas), initial) }
	if batches, has := q.inner.(upstream.QueueWithBatch); has {
		return batches.PopBatch(process, one)
	}
	_, err := q.inner.Pop(one)
	return err
}

var deltaTypes = map[upstream.DeltaType]deltafifo.DeltaType{
	upstream.Added:       deltafifo.DeltaAdded,
	upstream.Updated:     deltafifo.DeltaUpdated,
	upstream.Deleted:     deltafifo.DeltaDeleted,
	upstream.Replaced:    deltafifo.DeltaReplaced,
	upstream.Sync:        deltafifo.DeltaSync,
	upstream.ReplacedAll: deltafifo.DeltaReplacedAll,
	upstream.SyncAll:     deltafifo.DeltaSyncAll,
	upstream.Bookmark:    deltafifo.DeltaBookmark,
}

// delta is a delta of client-go in our words.
func delta(d upstream.Delta) deltafifo.Delta[*corev1.Pod] {
	out := deltafifo.Delta[*corev1.Pod]{Type: deltaTypes[d.Type]}
	switch obj := d.Object.(type) {
	case *corev1.Pod:
		out.Object, out.Key = obj, keyOf(obj)
	case upstream.DeletedFinalStateUnknown:
		last, known := obj.Obj.(*corev1.Pod)
		out.Key, out.Object, out.FinalStateUnknown, out.NoObject = obj.Key, last, true, !known
	case upstream.BookmarkInfo:
		out.ResourceVersion = obj.ResourceVersion
	case upstream.ReplacedAllInfo:
		out.List = &deltafifo.List[*corev1.Pod]{ResourceVersion: obj.ResourceVersion}
		for _, item := range obj.Objects {
			pod := item.(*corev1.Pod)
			out.List.Objects, out.List.Keys = append(out.List.Objects, pod), append(out.List.Keys, keyOf(pod))
		}
	}
	return out
}

func keyOf(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// knownTo is our KnownObjects as client-go asks for it.
type knownTo struct {
	deltafifo.KnownObjects[*corev1.Pod]
}

func (k knownTo) GetByKey(key string) (any, bool, error) {
	pod, exists, err := k.KnownObjects.GetByKey(key)
	if !exists {
		return nil, false, err
	}
	return pod, true, err
}
