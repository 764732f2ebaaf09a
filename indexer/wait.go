package indexer

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/object"
)

// waiters are those who wait for a resource version.
//
// No wake-up is lost: a waiter is counted before it reads the state, a writer
// commits the state before it reads the count.
type waiters struct {
	count atomic.Int64

	mu   sync.Mutex
	heap waiterHeap
}

type waiter struct {
	resourceVersion string
	reached         chan struct{}
	at              int // its place in the heap, -1 when it is not there
}

func (w *waiters) add(resourceVersion string) *waiter {
	waiting := &waiter{resourceVersion: resourceVersion, reached: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	heap.Push(&w.heap, waiting)
	w.count.Store(int64(len(w.heap)))
	return waiting
}

func (w *waiters) remove(waiting *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if waiting.at >= 0 {
		heap.Remove(&w.heap, waiting.at)
	}
	w.count.Store(int64(len(w.heap)))
}

// wake wakes those whose version the state includes.
func (w *waiters) wake(state string) {
	if w.count.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.heap) > 0 && includes(state, w.heap[0].resourceVersion) {
		close(heap.Pop(&w.heap).(*waiter).reached)
	}
	w.count.Store(int64(len(w.heap)))
}

// includes tells whether a state of version state includes version.
func includes(state, version string) bool {
	c, err := object.CompareVersions(state, version)
	return err == nil && c >= 0
}

// waitFor is Indexer.WaitFor.
func (e *engine[T]) waitFor(ctx context.Context, resourceVersion string) error {
	if _, err := object.CompareVersions(resourceVersion, resourceVersion); err != nil {
		return fmt.Errorf("indexer: %s: cannot wait for resource version %q: wait for one that the server gave to an object: %w",
			e.options.Name, resourceVersion, err)
	}
	switch state := e.resourceVersion(); {
	case includes(state, resourceVersion):
		return nil
	case state != "" && !includes(state, state):
		return fmt.Errorf("indexer: %s: cannot wait for resource version %q: the state is at %q, which has no order",
			e.options.Name, resourceVersion, state)
	}
	waiting := e.waiters.add(resourceVersion)
	defer e.waiters.remove(waiting)
	if includes(e.resourceVersion(), resourceVersion) {
		return nil
	}
	select {
	case <-waiting.reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *engine[T]) resourceVersion() string {
	return e.summary.Latest(&e.clock).resourceVersion
}

// waiterHeap has the oldest version first.
type waiterHeap []*waiter

func (h waiterHeap) Len() int { return len(h) }

func (h waiterHeap) Less(i, j int) bool {
	c, _ := object.CompareVersions(h[i].resourceVersion, h[j].resourceVersion)
	return c < 0
}

func (h waiterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (h *waiterHeap) Push(x any) {
	w := x.(*waiter)
	w.at = len(*h)
	*h = append(*h, w)
}

func (h *waiterHeap) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.at = -1
	return w
}
