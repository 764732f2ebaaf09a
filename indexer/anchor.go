package indexer

import (
	"runtime"
	"sync/atomic"
	"weak"

	"github.com/informant-go/informant/internal/mvcc"
)

// anchor pins a version for all snapshots of it. While that version is the
// newest one, an anchor without a snapshot stays: pinning the newest version
// costs nothing, and taking and releasing snapshots between two writes is then
// counting up and down.
//
// Once there is a newer version only the snapshots refer to the anchor. If all of
// them are forgotten without a Release, the garbage collector finds the anchor,
// and its cleanup gives the version up.
type anchor[T any] struct {
	view    view[T]
	pin     mvcc.Pin
	cleanup runtime.Cleanup

	// snapshots counts those that were not released; -1 means that the
	// version was given up. Only who makes it -1, from 0, gives it up.
	snapshots atomic.Int64
}

// held is what the cleanup of a forgotten anchor needs. It must not keep the
// engine alive, which may refer to the anchor.
type held[T any] struct {
	engine weak.Pointer[engine[T]]
	pin    mvcc.Pin
}

func (h held[T]) giveUp() {
	if e := h.engine.Value(); e != nil {
		e.release(h.pin)
	}
}

// anchor returns one that counts the caller's snapshot, of the present version.
func (e *engine[T]) anchor() *anchor[T] {
	shared := e.shared.Load()
	if shared != nil && shared.view.version == e.clock.Now() && shared.join() {
		return shared
	}
	v, pin := e.read()
	a := &anchor[T]{view: v, pin: pin}
	a.snapshots.Store(1)
	a.cleanup = runtime.AddCleanup(a, held[T].giveUp, held[T]{e.self, pin})
	if e.shared.CompareAndSwap(shared, a) {
		if shared != nil {
			shared.giveUp()
		}
		if e.clock.Now() != v.version {
			// The writer of the newer version may have looked before.
			if a := e.takeShared(); a != nil {
				a.giveUp()
			}
		}
	}
	return a
}

// join counts one more snapshot, unless the version was given up.
func (a *anchor[T]) join() bool {
	for {
		n := a.snapshots.Load()
		if n < 0 {
			return false
		}
		if a.snapshots.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave counts one snapshot less. The last one gives the version up if there is a
// newer one, unless the writer of the newer one does so.
func (a *anchor[T]) leave() {
	if a.snapshots.Add(-1) == 0 && a.view.engine.shared.Load() != a {
		a.giveUp()
	}
}

func (a *anchor[T]) giveUp() {
	if a.snapshots.CompareAndSwap(0, -1) {
		a.cleanup.Stop()
		a.view.engine.release(a.pin)
		runtime.KeepAlive(a)
	}
}

// retireAnchor gives up the anchor of a version that is no longer the newest. The
// writer calls it before it collects.
func (e *engine[T]) retireAnchor() {
	if a := e.takeShared(); a != nil && a.snapshots.CompareAndSwap(0, -1) {
		a.cleanup.Stop()
		e.clock.Release(a.pin)
	}
}

func (e *engine[T]) takeShared() *anchor[T] {
	if a := e.shared.Load(); a != nil && e.shared.CompareAndSwap(a, nil) {
		return a
	}
	return nil
}
