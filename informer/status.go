package informer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/informant-go/informant/reflector"
)

// Status is the present state of an informer, for debug pages and tests. Its
// parts are read one after the other, not at one instant.
type Status struct {
	Name string

	// Running, and Synced: see Run and HasSynced.
	Running, Synced bool

	// Objects is the number of objects in the store, ResourceVersion the
	// state that they are.
	Objects         int
	ResourceVersion string

	// QueueDepth is the number of deltas that wait to be stored.
	QueueDepth int

	// Source is how the informer's Reflector stands with its server: whether
	// the store is in step, since when, and why not. It is nil for an informer
	// of a Runner that is no *reflector.Reflector.
	Source *reflector.Status `json:",omitempty"`

	// Handlers are in the order in which they were added.
	Handlers []HandlerStatus
}

// HandlerStatus is the present state of a handler.
type HandlerStatus struct {
	Name   string
	Synced bool

	// Busy is true while a callback runs.
	Busy bool

	// Lag is the number of entries of the log that the handler has yet to
	// read: events, and a few marks.
	Lag uint64
}

// Status returns the present state.
func (in *SharedIndexInformer[T]) Status() Status {
	s := Status{
		Name:            in.Name(),
		Running:         in.base.lifecycle.isRunning(),
		Synced:          in.HasSynced(),
		ResourceVersion: in.LastSyncResourceVersion(),
		Handlers:        in.processor.status(),
		Source:          in.base.sourceStatus(),
		QueueDepth:      in.base.pump.depth(),
	}
	snapshot := in.base.store.Snapshot()
	s.Objects = snapshot.Len()
	snapshot.Release()
	return s
}

func (p *processor[T]) status() []HandlerStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	regs := make([]*Registration[T], 0, len(p.handlers))
	for r := range p.handlers {
		regs = append(regs, r)
	}
	slices.SortFunc(regs, func(a, b *Registration[T]) int { return cmp.Compare(a.id, b.id) })
	statuses := make([]HandlerStatus, len(regs))
	for i, r := range regs {
		statuses[i] = HandlerStatus{Name: r.name, Synced: r.HasSynced(), Busy: r.calls.inside()}
		if r.reader != nil {
			statuses[i].Lag = p.log.End() - r.reader.Position()
		}
	}
	return statuses
}

// statusOf returns how to ask runner for its status, nil if it is no Reflector.
func statusOf[T any](runner reflector.Runner[T]) func() reflector.Status {
	if r, ok := runner.(*reflector.Reflector[T]); ok {
		return r.Status
	}
	return nil
}

func (b *base[T]) sourceStatus() *reflector.Status {
	if b.status == nil {
		return nil
	}
	s := b.status()
	return &s
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
	case r.halt.Load() == haltRemoved:
		return errRemoved
	case !isClosed(r.p.syncedC):
		return r.p.base.whyUnsynced()
	}
	return errUntold
}
