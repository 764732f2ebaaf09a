package indexer

import (
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/internal/mvcc"
)

// cleanUp says whether old states may be dropped, and who will do it: the next
// writer, or a timer if there is none. A reader does not. It could lose its
// processor while it has the writers' turn, and a writer that waits for the turn
// then waits for other goroutines to use up theirs, some milliseconds each
// (S2; see BenchmarkStore/readers=10).
type cleanUp struct {
	// stale says that something may be dropped. It is set by a reader that
	// gave up a version for which something is kept, and by who stops in the
	// middle of the clean-up.
	stale atomic.Bool

	// due is when the timer goes off that is set, in nanoseconds, 0 while none
	// is. One that is long overdue will never go off: it was set in a synctest
	// bubble that is over.
	due atomic.Int64
}

// overdue is how late a timer is that will never go off. To be wrong costs one
// timer more.
const overdue = time.Second

// writersPause is how long a store must not have been written before old states
// are dropped without a writer.
const writersPause = 10 * time.Millisecond

// stepSize is how much of the clean-up is done before a writer that arrived
// meanwhile is looked for: some microseconds of it.
const stepSize = 64

// begin takes note that somebody with the writers' turn looks at everything
// that was given up so far. It also forgets a timer that will never go off.
func (c *cleanUp) begin() {
	if c.stale.Load() {
		c.stale.Store(false)
	}
	if due := c.due.Load(); due != 0 && time.Since(time.Unix(0, due)).Abs() > overdue {
		c.due.CompareAndSwap(due, 0)
	}
}

// release gives a pinned version up.
func (e *engine[T]) release(pin mvcc.Pin) {
	e.clock.Release(pin)
	if !e.col.Waiting() {
		return
	}
	if !e.cleanUp.stale.Load() {
		e.cleanUp.stale.Store(true)
	}
	e.sweepLater()
}

// sweepLater sets the timer, unless it is set. It does not keep the store alive.
// Nobody waits for its goroutine, which lives for as long as the clean-up takes
// and calls no user code.
func (e *engine[T]) sweepLater() {
	c := &e.cleanUp
	if c.due.Load() != 0 || !c.due.CompareAndSwap(0, time.Now().Add(writersPause).UnixNano()) {
		return
	}
	self, version := e.self, e.clock.Now()
	time.AfterFunc(writersPause, func() {
		if e := self.Value(); e != nil {
			e.sweep(version)
		}
	})
}

// sweep does what no writer has done since version was the newest.
func (e *engine[T]) sweep(version uint64) {
	e.cleanUp.due.Store(0)
	switch {
	case !e.cleanUp.stale.Load():
	case e.clock.Now() != version: // there are writers
		e.sweepLater()
	default:
		e.reap()
	}
}

// reap does the clean-up in small steps, and leaves it to the first writer that
// arrives: that one waits for the rest of a step, whatever a snapshot held, and
// goes on with the clean-up when its turn is over.
func (e *engine[T]) reap() {
	for e.cleanUp.stale.Load() && e.arriving.Load() == 0 && e.mu.TryLock() {
		e.cleanUp.begin()
		if e.col.Step(stepSize) {
			e.cleanUp.stale.Store(true)
		}
		e.mu.Unlock()
	}
}

// lock begins a writer's turn.
func (e *engine[T]) lock() {
	if e.mu.TryLock() {
		return
	}
	e.arriving.Add(1)
	e.mu.Lock()
	e.arriving.Add(-1)
}

// unlock ends a writer's turn, and does what is left of the clean-up unless
// another writer is there.
func (e *engine[T]) unlock() {
	e.mu.Unlock()
	e.reap()
}
