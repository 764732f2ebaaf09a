package informer

import (
	"context"
	"slices"
	"sync/atomic"
)

// Quiesce returns once everything that the source has handed over so far is in the
// store, whose watches and waiters then know of it, and the handlers that there are
// have been called for it and have returned (I10). It waits for a handler with a
// Backlog too, for the batch of a Batched one and for the lanes of a Parallel one, but
// for none that is added or removed meanwhile. It is for tests: after it, what
// handlers have done is there to be looked at.
//
// A list counts once the source has committed it. For what the server has and the
// source may not have read yet, wait with WaitFor of the store first; for the first
// list, with WaitForSync. A resync with a ResyncRate is not waited for.
//
// While events come faster than they are dealt with, it returns when those of now have
// been, and not only when there are none. It can be called by several goroutines, and
// is not meant for callbacks: inside one of them it waits for itself, until ctx ends.
//
// When ctx ends first, the error is a *QuiesceError that names who is behind. Without a
// run, and when that ends, it is ErrNotRunning, at once.
func (in *SharedIndexInformer[T]) Quiesce(ctx context.Context) error {
	run := in.base.lifecycle.present()
	if run == nil {
		return about(in.Name(), ErrNotRunning)
	}
	stored := in.base.pump.progress.fence()
	defer in.base.pump.progress.drop(stored)
	if !comesTrue(ctx, run, stored.passed) {
		return in.unrest(ctx, append(in.processor.whoHoldsUp(), "store"))
	}
	waits := in.processor.await()
	defer in.processor.forgo(waits)
	for _, w := range waits {
		if !comesTrue(ctx, run, w.over) {
			return in.unrest(ctx, behind(waits))
		}
	}
	return nil
}

// comesTrue waits until c is closed, and reports whether it is: ctx or run may end
// first.
func comesTrue(ctx, run context.Context, c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-ctx.Done():
	case <-run.Done():
	}
	return isClosed(c)
}

// unrest is why Quiesce returned too early.
func (in *SharedIndexInformer[T]) unrest(ctx context.Context, behind []string) error {
	if ctx.Err() == nil {
		return about(in.Name(), ErrNotRunning)
	}
	slices.Sort(behind)
	return &QuiesceError{Informer: in.Name(), Behind: behind, Err: ctx.Err()}
}

// wait is a Quiesce that waits for one handler.
type wait[T any] struct {
	r *Registration[T]

	// last is the number of the last entry that it waits for, of the log or of the
	// inbox. passed is true once the handler's goroutine has dealt with it, which
	// alone uses it; lanes may still have some.
	last   uint64
	passed bool

	ended atomic.Bool
	over  chan struct{} // closed when there is nothing left to wait for
}

// end ends the waiting. It may be called more than once.
func (w *wait[T]) end() {
	if !w.ended.Swap(true) {
		close(w.over)
	}
}

// await returns a wait for each handler that there is, for what log and inboxes have
// now.
func (p *processor[T]) await() (waits []*wait[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.handlers {
		if !r.joined {
			continue
		}
		w := &wait[T]{r: r, last: p.log.End(), over: make(chan struct{})}
		if r.inbox != nil {
			w.last = r.inbox.last()
		}
		r.setWaits(append(slices.Clone(r.waiting()), w))
		r.interrupt()
		waits = append(waits, w)
	}
	return waits
}

// forgo takes waits back.
func (p *processor[T]) forgo(waits []*wait[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range waits {
		is := func(other *wait[T]) bool { return other == w }
		w.r.setWaits(slices.DeleteFunc(slices.Clone(w.r.waiting()), is))
	}
}

// behind names the handlers that have something left.
func behind[T any](waits []*wait[T]) (names []string) {
	for _, w := range waits {
		if isClosed(w.over) {
			continue
		}
		names = append(names, w.r.describe())
	}
	return names
}

// whoHoldsUp names the handlers that the informer waits for.
func (p *processor[T]) whoHoldsUp() (names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.handlers {
		if r.inbox != nil && r.inbox.heldUp.Load() != 0 {
			names = append(names, r.describe())
		}
	}
	return names
}

// describe names r for an error.
func (r *Registration[T]) describe() string {
	name := "handler " + r.name
	if r.caller.inside() {
		name += " (in a callback)"
	}
	return name
}

// waiting are the waits for r. The slice is not changed.
func (r *Registration[T]) waiting() []*wait[T] {
	if waits := r.waits.Load(); waits != nil {
		return *waits
	}
	return nil
}

// setWaits sets them. The caller holds p.mu.
func (r *Registration[T]) setWaits(waits []*wait[T]) {
	if len(waits) == 0 {
		r.waits.Store(nil)
		return
	}
	r.waits.Store(&waits)
}

// endWaits ends the waits for r, which is removed.
func (r *Registration[T]) endWaits() {
	for _, w := range r.waiting() {
		w.end()
	}
}

// meetWaits ends the waits for what r has dealt with. The goroutine of r calls it, when
// no batch is being made.
func (r *Registration[T]) meetWaits() {
	if r.waits.Load() == nil || r.backlog != nil && r.backlog.reason == ReasonInitial {
		return
	}
	for _, w := range r.waiting() {
		if !w.passed && r.past(w.last) {
			w.passed = true
			r.caller.whenTold(w.end)
		}
	}
}

// isAwaited reports whether there is something for meetWaits to do.
func (r *Registration[T]) isAwaited() bool {
	if r.waits.Load() == nil {
		return false
	}
	return slices.ContainsFunc(r.waiting(), func(w *wait[T]) bool { return !w.passed && r.past(w.last) })
}

// past reports whether r has come past the entry of that number.
func (r *Registration[T]) past(last uint64) bool {
	if r.inbox != nil {
		return r.inbox.past(last)
	}
	return r.reader.Position() >= last
}
