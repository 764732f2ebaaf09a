package informer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/informant-go/informant/internal/nils"
)

// Syncer is what one can wait for: an informer, whose store has a first list
// then, or a Registration, whose handler was told of it. It corresponds to
// client-go's DoneChecker.
type Syncer interface {
	// Name describes what is waited for.
	Name() string
	// Synced is closed when it has come true; it never turns back.
	Synced() <-chan struct{}
	// Unsynced is why it has not come true, nil once it has.
	Unsynced() error
}

// WaitForSync waits, without polling, until all of what it is given has
// synced. When ctx ends first, the error is a *SyncError with the names of
// those that have not, and why (R5); for a nil Syncer it is ErrNoSyncer, at once. It
// corresponds to client-go's WaitFor and WaitForCacheSync.
//
// An informer that never runs, and a handler that was removed, never sync: ctx
// should end some time.
func WaitForSync(ctx context.Context, syncers ...Syncer) error {
	for i, s := range syncers {
		if nils.Is(s) {
			return fmt.Errorf("%w (number %d of %d)", ErrNoSyncer, i+1, len(syncers))
		}
	}
	for _, s := range syncers {
		select {
		case <-s.Synced():
			continue
		case <-ctx.Done():
		}
		if missing, reasons := unsynced(syncers); len(missing) > 0 {
			return &SyncError{Unsynced: missing, Reasons: reasons, Err: context.Cause(ctx)}
		}
	}
	return nil
}

func unsynced(syncers []Syncer) (names []string, reasons []error) {
	for _, s := range syncers {
		if reason := s.Unsynced(); !isClosed(s.Synced()) {
			names, reasons = append(names, s.Name()), append(reasons, reason)
		}
	}
	return names, reasons
}

// Why an informer has not synced, where its source does not say more.
var (
	errNotRun   = errors.New("it does not run: call Run")
	errNoList   = errors.New("the first list is not complete")
	errUntold   = errors.New("its handler has not been told of the whole first list")
	errRemoved  = errors.New("its handler was removed")
	errUnstored = errors.New("the first list is complete and not stored yet")
)

// whyUnsynced is why the first list is not in the store.
func (b *base[T]) whyUnsynced() error {
	s := b.sourceStatus()
	switch {
	case !b.lifecycle.isRunning():
		return errNotRun
	case s == nil:
		return errNoList
	case s.Cause != nil:
		return s.Cause
	case s.Synced:
		return errUnstored
	case s.LastError != nil:
		return fmt.Errorf("%w; the last error was: %w", errNoList, s.LastError)
	}
	return errNoList
}

// Unsynced is why the informer has not synced, nil once it has: it does not
// run, or its source has not answered, and with what error.
func (in *SharedIndexInformer[T]) Unsynced() error {
	if in.HasSynced() {
		return nil
	}
	return in.base.whyUnsynced()
}

// Unsynced is why the controller has not synced, nil once it has.
func (c *Controller[T]) Unsynced() error {
	if c.HasSynced() {
		return nil
	}
	return c.base.whyUnsynced()
}

// Unsynced is why the handler has not been told of its whole initial list, nil
// once it has: its informer has not synced, and why, or it is not yet done.
func (r *Registration[T]) Unsynced() error {
	switch {
	case r.HasSynced():
		return nil
	case r.Err() != nil:
		return r.Err()
	case r.halt.Load() == haltRemoved:
		return errRemoved
	case !isClosed(r.p.syncedC):
		return r.p.base.whyUnsynced()
	}
	return errUntold
}

// latch is something that comes true once, as a channel that is made when somebody
// asks for it: most handlers are never waited for, and a channel is 112 bytes
// (Informer/idle-handler). Its zero value has not come true.
type latch struct {
	// c is nil while nobody has asked, and comeTrue if it came true before.
	c atomic.Pointer[chan struct{}]
}

// comeTrue is the channel of every latch that came true before somebody asked.
var comeTrue = func() *chan struct{} {
	c := make(chan struct{})
	close(c)
	return &c
}()

// set makes it true. One goroutine does, once.
func (l *latch) set() {
	if !l.c.CompareAndSwap(nil, comeTrue) {
		close(*l.c.Load())
	}
}

func (l *latch) isSet() bool {
	c := l.c.Load()
	return c != nil && isClosed(*c)
}

// done is closed when it comes true. It is the same channel each time.
func (l *latch) done() <-chan struct{} {
	c := l.c.Load()
	if c == nil {
		asked := make(chan struct{})
		l.c.CompareAndSwap(nil, &asked)
		c = l.c.Load()
	}
	return *c
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
