package swap

import (
	"context"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// What follows are parts that lose one key, by which a test proves that the comparison at
// the end finds it: each part stands where the table says that it does.

// lostKey is the key that they lose. The history sees to it that it is there in the end.
const lostKey = "default/pod-0"

func isLost(obj any) bool {
	pod, ok := obj.(*corev1.Pod)
	return ok && keyOf(pod) == lostKey
}

// without returns all but the lost ones.
func without[T any](all []T, lost func(T) bool) []T {
	kept := []T{}
	for _, one := range all {
		if !lost(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

// lossyRunner is a reflector that loses a key.
type lossyRunner struct{ reflector.Runner[*corev1.Pod] }

func (r lossyRunner) Run(ctx context.Context, sink reflector.Sink[*corev1.Pod]) error {
	return r.Runner.Run(ctx, lossySink{sink})
}

type lossySink struct{ reflector.Sink[*corev1.Pod] }

func (s lossySink) Page(ctx context.Context, items []*corev1.Pod) error {
	return s.Sink.Page(ctx, without(items, func(pod *corev1.Pod) bool { return isLost(pod) }))
}

func (s lossySink) Add(ctx context.Context, pod *corev1.Pod) error {
	if isLost(pod) {
		return nil
	}
	return s.Sink.Add(ctx, pod)
}

func (s lossySink) Update(ctx context.Context, pod *corev1.Pod) error {
	if isLost(pod) {
		return nil
	}
	return s.Sink.Update(ctx, pod)
}

// lossyQueue is a queue of deltas that loses a key.
type lossyQueue struct{ deltafifo.Queue[*corev1.Pod] }

func (q lossyQueue) Pop(ctx context.Context, process func(deltafifo.Batch[*corev1.Pod]) error) error {
	return q.Queue.Pop(ctx, func(b deltafifo.Batch[*corev1.Pod]) error {
		b.Deltas = without(b.Deltas, func(d deltafifo.Delta[*corev1.Pod]) bool { return d.Key == lostKey })
		if len(b.Deltas) == 0 {
			return nil
		}
		if list := b.Deltas[0].List; list != nil {
			list.Objects = without(list.Objects, func(pod *corev1.Pod) bool { return isLost(pod) })
			list.Keys = without(list.Keys, func(key string) bool { return key == lostKey })
		}
		return process(b)
	})
}

// lossyStore is a store that loses a key, under our informer.
type lossyStore struct{ indexer.Indexer[*corev1.Pod] }

func (s lossyStore) Apply(changes []indexer.Change[*corev1.Pod], resourceVersion string) {
	for i := range changes {
		if changes[i].Key != lostKey {
			s.Indexer.Apply(changes[i:i+1], resourceVersion)
		}
	}
}

func (s lossyStore) ReplaceAll(_ []string, items []*corev1.Pod, resourceVersion string, diff func(indexer.Change[*corev1.Pod])) {
	items = without(items, func(pod *corev1.Pod) bool { return isLost(pod) })
	keys := make([]string, len(items))
	for i, pod := range items {
		keys[i] = keyOf(pod)
	}
	s.Indexer.ReplaceAll(keys, items, resourceVersion, diff)
}

// lossyIntake is a queue of deltas as a reflector that loses a key fills it.
type lossyIntake struct{ upstream.Queue }

func (q lossyIntake) Add(obj any) error {
	if isLost(obj) {
		return nil
	}
	return q.Queue.Add(obj)
}

func (q lossyIntake) Update(obj any) error {
	if isLost(obj) {
		return nil
	}
	return q.Queue.Update(obj)
}

func (q lossyIntake) Replace(list []any, resourceVersion string) error {
	return q.Queue.Replace(without(list, isLost), resourceVersion)
}

// lossyIndexer is a store that loses a key, under client-go's Controller.
type lossyIndexer struct{ upstream.Indexer }

func (s lossyIndexer) Update(obj any) error {
	if isLost(obj) {
		return nil
	}
	return s.Indexer.Update(obj)
}

// lossyWork is a work queue that loses a key.
type lossyWork struct {
	workqueue.TypedRateLimitingInterface[string]
}

func (q lossyWork) Add(key string) {
	if key != lostKey {
		q.TypedRateLimitingInterface.Add(key)
	}
}
