package indexer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/internal/heap"
	"github.com/informant-go/informant/object"
)

// waiters are those who wait for a resource version.
//
// No wake-up is lost: a waiter is counted before it reads the state, a writer
// commits the state before it reads the count.
type waiters struct {
	count atomic.Int64

	mu sync.Mutex
	// oldest has the waiter for the oldest version first.
	oldest heap.Heap[*waiter]
}

type waiter struct {
	resourceVersion string
	reached         chan struct{}
	at              int // its place in the heap, -1 when it is not there
}

func (w *waiter) before(other *waiter) bool {
	c, _ := object.CompareVersions(w.resourceVersion, other.resourceVersion)
	return c < 0
}

func (w *waiter) moved(at int) { w.at = at }

func (w *waiters) add(resourceVersion string) *waiter {
	waiting := &waiter{resourceVersion: resourceVersion, reached: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.oldest.Less == nil {
		w.oldest.Less, w.oldest.Moved = (*waiter).before, (*waiter).moved
	}
	w.oldest.Push(waiting)
	w.count.Store(int64(w.oldest.Len()))
	return waiting
}

func (w *waiters) remove(waiting *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if waiting.at >= 0 {
		w.oldest.Remove(waiting.at)
	}
	w.count.Store(int64(w.oldest.Len()))
}

// wake wakes those whose version the state includes.
func (w *waiters) wake(state string) {
	if w.count.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.oldest.Len() > 0 && includes(state, w.oldest.First().resourceVersion) {
		close(w.oldest.Pop().reached)
	}
	w.count.Store(int64(w.oldest.Len()))
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
	v, pin := e.read()
	defer e.release(pin)
	return v.summary().resourceVersion
}
