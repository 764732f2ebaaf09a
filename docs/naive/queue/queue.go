package queue

import (
	"sync"
	"time"
)

// Queue hands each item that is added to one worker at a time. It must be made
// by New. All methods may be called by any goroutine.
type Queue[T comparable] struct {
	mu      sync.Mutex
	changed *sync.Cond // an item waits, is done, or the queue is shut down

	waiting    []T            // the order of what waits
	dirty      map[T]struct{} // what waits, or will after Done
	processing map[T]struct{} // what a worker has
	down       bool
	forced     int // how often ShutDown was called
}

// New returns an empty queue.
func New[T comparable]() *Queue[T] {
	q := &Queue[T]{dirty: map[T]struct{}{}, processing: map[T]struct{}{}}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// Add asks that item is handed to a worker. After ShutDown it does nothing.
func (q *Queue[T]) Add(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.dirty[item]; known || q.down {
		return
	}
	q.dirty[item] = struct{}{}
	if _, busy := q.processing[item]; !busy {
		q.waiting = append(q.waiting, item)
		q.changed.Broadcast()
	}
}

// AddAfter adds item once delay has passed, or at once if it is not positive.
func (q *Queue[T]) AddAfter(item T, delay time.Duration) {
	if delay <= 0 {
		q.Add(item)
		return
	}
	time.AfterFunc(delay, func() { q.Add(item) })
}

// Get waits for an item and hands it to the caller, who must call Done with it.
// shutdown is true once the queue is shut down and nothing waits.
func (q *Queue[T]) Get() (item T, shutdown bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.down {
		q.changed.Wait()
	}
	if len(q.waiting) == 0 {
		return item, true
	}
	item, q.waiting = q.waiting[0], q.waiting[1:]
	delete(q.dirty, item)
	q.processing[item] = struct{}{}
	return item, false
}

// Done says that the work on item, which Get returned, is over. An item that was
// added meanwhile goes to the end of the queue.
func (q *Queue[T]) Done(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, busy := q.processing[item]; !busy {
		return
	}
	delete(q.processing, item)
	if _, again := q.dirty[item]; again {
		q.waiting = append(q.waiting, item)
	}
	q.changed.Broadcast()
}

// Len is the number of items that wait for a worker.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// ShutDown makes the queue ignore new items. Workers still get what waits. It
// ends the wait of every ShutDownWithDrain.
func (q *Queue[T]) ShutDown() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = true
	q.forced++
	q.changed.Broadcast()
}

// ShutDownWithDrain is ShutDown and then waits until nothing waits and no
// worker is processing anything.
func (q *Queue[T]) ShutDownWithDrain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = true
	q.changed.Broadcast()
	for forced := q.forced; forced == q.forced && len(q.waiting)+len(q.processing) > 0; {
		q.changed.Wait()
	}
}

// ShuttingDown reports whether the queue was shut down.
func (q *Queue[T]) ShuttingDown() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.down
}
