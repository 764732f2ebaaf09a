package informer

import (
	"cmp"
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
	// that was made from a Runner without Options.SourceStatus.
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
		statuses[i] = HandlerStatus{Name: r.name, Synced: r.HasSynced(), Busy: r.caller.inside()}
		if r.reader != nil {
			statuses[i].Lag = p.log.End() - r.reader.Position()
		}
	}
	return statuses
}

// sourceStatus is how the source stands with its server, nil if it cannot say.
func (b *base[T]) sourceStatus() *reflector.Status {
	if b.status == nil {
		return nil
	}
	s := b.status()
	return &s
}
