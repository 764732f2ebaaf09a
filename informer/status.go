package informer

import (
	"cmp"
	"maps"
	"slices"
	"time"

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

	// Indexes are the names of the store's indexes, sorted.
	Indexes []string

	// QueueDepth is the number of deltas that wait to be stored.
	QueueDepth int

	// FreshAt: see the method.
	FreshAt time.Time `json:",omitzero"`

	// Resyncs is the number of resyncs that there were, each for all handlers
	// that were due.
	Resyncs uint64

	// Source is how the informer's Reflector stands with its server: whether
	// the store is in step, since when, and why not. It is nil for an informer
	// that was made from a Runner without Options.SourceStatus.
	Source *reflector.Status `json:",omitempty"`

	// Handlers are in the order in which they were added.
	Handlers []HandlerStatus

	// Leases are those who have asked a Group for the informer and have not
	// released it, in the order in which they asked. It is empty for an informer
	// that belongs to no Group.
	Leases []LeaseStatus `json:",omitempty"`

	// Query is what an informer of a Group asks for now, such as "pods.v1 in a, b
	// where app=web", and ViewOf the name of the informer that it is a view of. Both
	// are "" for others.
	Query, ViewOf string `json:",omitempty"`
}

// LeaseStatus says who holds a Lease.
type LeaseStatus struct {
	// By is folder/file:line of the call that asked for it.
	By string

	// Since is when it was asked for.
	Since time.Time
}

// HandlerStatus is the present state of a handler.
type HandlerStatus struct {
	Name   string
	Synced bool

	// Busy is true while a callback runs.
	Busy bool

	// Backlog and Panics are those of the handler's options.
	Backlog Backlog
	Panics  PanicPolicy

	// Lag is the number of entries that the handler has yet to come to: events,
	// and a few marks. Without a Backlog they are those of the log that all
	// handlers read, whether they concern this one or not.
	Lag uint64

	// Depth is the number of events that wait for the handler: those of Lag, and
	// what it has not been told of the snapshot with which it joined or is
	// resynced, or of a resync with a ResyncRate. Without a Backlog the marks count as well, and what the handler
	// has not asked for.
	Depth int

	// Age is how long ago the informer had the event from its queue that the
	// handler is called with now, or is next; without a Backlog, that event or
	// one of the fifteen before it. It is 0 when nothing waits, and before the
	// informer runs.
	Age time.Duration

	// HoldsUp is how long the informer has been waiting for this handler
	// (BacklogBackpressure), 0 when it does not.
	HoldsUp time.Duration

	// Latency says how long events waited for the handler.
	Latency Latency
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
		Resyncs:         in.processor.resyncs(),
		Indexes:         in.base.indexes(),
		FreshAt:         in.FreshAt(),
	}
	snapshot := in.base.store.Snapshot()
	s.Objects = snapshot.Len()
	return s
}

// Status returns the present state of the handler.
func (r *Registration[T]) Status() HandlerStatus {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	return r.status()
}

func (p *processor[T]) status() []HandlerStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	byID := func(a, b *Registration[T]) int { return cmp.Compare(a.id, b.id) }
	regs := slices.SortedFunc(maps.Keys(p.handlers), byID)
	statuses := make([]HandlerStatus, len(regs))
	for i, r := range regs {
		statuses[i] = r.status()
	}
	return statuses
}

// resyncs is the number of resyncs that there were.
func (p *processor[T]) resyncs() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resync.served
}

// status returns the present state of r. The caller holds p.mu.
func (r *Registration[T]) status() HandlerStatus {
	s := HandlerStatus{
		Name:    r.name,
		Synced:  r.HasSynced(),
		Busy:    r.caller.inside(),
		Panics:  r.caller.panics,
		Latency: r.meter.latency(),
	}
	if r.inbox != nil {
		s.Backlog, s.HoldsUp = r.inbox.backlog, r.since(r.inbox.heldUp.Load())
	}
	oldest := r.meter.oldest.Load()
	switch {
	case r.halt.Load() == haltRemoved:
	case r.inbox != nil:
		entries, events, first := r.inbox.depth()
		s.Lag, s.Depth = uint64(entries), events
		if !s.Busy {
			oldest = first
		}
	case r.reader != nil:
		s.Lag = r.p.log.End() - r.reader.Position()
		s.Depth = int(s.Lag)
	}
	if s.Depth += int(r.owed.Load()); s.Depth > 0 || s.Busy {
		s.Age = r.since(oldest)
	}
	return s
}

// since returns how long ago t was, 0 if it is 0.
func (r *Registration[T]) since(t int64) time.Duration {
	if t == 0 {
		return 0
	}
	return time.Duration(r.p.now() - t)
}

// indexes are the names of the store's indexes, sorted.
func (b *base[T]) indexes() []string {
	indexers := b.store.GetIndexers()
	names := slices.AppendSeq(make([]string, 0, len(indexers)), maps.Keys(indexers))
	slices.Sort(names)
	return names
}

// sourceStatus is how the source stands with its server, nil if it cannot say.
func (b *base[T]) sourceStatus() *reflector.Status {
	if b.status == nil {
		return nil
	}
	s := b.status()
	return &s
}
