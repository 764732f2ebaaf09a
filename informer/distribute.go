package informer

import (
	"context"
	"slices"
	"time"

	"github.com/informant-go/informant/internal/eventlog"
	"k8s.io/klog/v2"
)

// asleep returns the readers of those of regs that wait for something to read and
// that no entry concerns. Others find that out when they come to the entries.
func asleep[T any](regs []*Registration[T], entries []entry[T]) (readers []*eventlog.Reader[entry[T]]) {
	for _, r := range regs {
		if r.inbox == nil && r.reader.Parked() && !slices.ContainsFunc(entries, r.wants) {
			readers = append(readers, r.reader)
		}
	}
	return readers
}

// wants reports whether r is to be woken for the entry.
func (r *Registration[T]) wants(e entry[T]) bool {
	if !e.concerns(r) {
		return false
	}
	_, ok := r.selection.see(e.Event)
	return ok || e.Type == 0
}

// distribute puts into the inboxes of regs what is for them, and waits until
// those with BacklogBackpressure have room for it.
func (p *processor[T]) distribute(ctx context.Context, regs []*Registration[T], entries []entry[T]) {
	var waiting []parcel[T]
	for _, r := range regs {
		if r.inbox == nil {
			continue
		}
		rest := r.inbox.put(r.cut(entries), false)
		switch {
		case len(rest) == 0:
		case r.inbox.backlog.Policy == BacklogFail:
			p.fail(ctx, r)
		default:
			waiting = append(waiting, parcel[T]{r, rest})
		}
	}
	if len(waiting) > 0 {
		p.awaitRoom(ctx, waiting)
	}
}

// cut returns those of entries that are for r, as r is to see them.
func (r *Registration[T]) cut(entries []entry[T]) []entry[T] {
	forSome := func(e entry[T]) bool { return e.round != nil }
	if r.selection == nil && !slices.ContainsFunc(entries, forSome) {
		return entries
	}
	var mine []entry[T]
	for i := range entries {
		mine = r.cutOne(mine, &entries[i])
	}
	return mine
}

// cutOne appends what r is to see of e.
func (r *Registration[T]) cutOne(mine []entry[T], e *entry[T]) []entry[T] {
	switch {
	case !e.concerns(r):
		return mine
	case e.isResyncMark() && r.coalesces():
		return r.repeat(mine, e)
	case e.Type == 0:
		return append(mine, *e)
	}
	event, ok := r.selection.see(e.Event)
	if !ok {
		return mine
	}
	return append(mine, entry[T]{Event: event, at: e.at})
}

// repeat appends the resync of a handler that coalesces, and a mark behind it:
// each object of the snapshot is an event that can be merged with what waits for
// its key and with what follows. So resyncs that the handler has not reached are
// one.
func (r *Registration[T]) repeat(mine []entry[T], mark *entry[T]) []entry[T] {
	b := backlog[T]{snapshot: mark.round.targets[r], reason: ReasonResync, at: mark.at}
	if b.snapshot == nil {
		return mine
	}
	for key, obj := range b.all(r.selection) {
		if event, ok := r.selection.see(b.event(key, obj)); ok {
			mine = append(mine, entry[T]{Event: event, at: mark.at})
		}
	}
	return append(mine, entry[T]{round: new(round[T]), at: mark.at})
}

// fail removes a handler for which more waits than it allows.
func (p *processor[T]) fail(ctx context.Context, r *Registration[T]) {
	err := &BacklogError{Informer: p.base.lifecycle.name, Handler: r.name, Bound: r.inbox.backlog.Bound}
	if p.remove(r, err) {
		klog.FromContext(r.context(ctx)).Error(err, "A handler was removed, for it is too slow for the bound that it has set", "handler", r.name)
	}
}

// parcel is what is still to be put into the inbox of r.
type parcel[T any] struct {
	r    *Registration[T]
	rest []entry[T]
}

// sayHeldUp is how long an informer waits for a handler before it says so.
const sayHeldUp = 30 * time.Second

// awaitRoom puts each parcel into its inbox as room comes, while the source waits
// as well. When ctx ends, what is left goes in at once: it is for the next run.
func (p *processor[T]) awaitRoom(ctx context.Context, waiting []parcel[T]) {
	limit := waiting[0].r.inbox.backlog.Bound
	for _, w := range waiting {
		w.r.inbox.heldUp.Store(p.now())
		limit = min(limit, w.r.inbox.backlog.Bound)
	}
	defer p.base.pump.gate.shut(limit)()
	say := time.NewTimer(sayHeldUp)
	defer say.Stop()
	for len(waiting) > 0 {
		select {
		case <-p.room:
		case <-say.C:
			sayWhoHoldsUp(ctx, waiting)
		case <-ctx.Done():
			deliverParcels(waiting, true)
			return
		}
		waiting = deliverParcels(waiting, false)
	}
}

// deliverParcels puts in what there is room for and returns what is left.
func deliverParcels[T any](waiting []parcel[T], force bool) (left []parcel[T]) {
	left = waiting[:0]
	for _, w := range waiting {
		if w.rest = w.r.inbox.put(w.rest, force); len(w.rest) > 0 {
			left = append(left, w)
		} else {
			w.r.inbox.heldUp.Store(0)
		}
	}
	return left
}

// sayWhoHoldsUp logs it, with the context of the run.
func sayWhoHoldsUp[T any](ctx context.Context, waiting []parcel[T]) {
	names := make([]string, len(waiting))
	for i, w := range waiting {
		names[i] = w.r.name
	}
	klog.FromContext(ctx).Error(nil, "An informer stands still, since handlers with BacklogBackpressure take no events", "handlers", names, "for", sayHeldUp)
}
