package informer

import (
	"slices"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/mutation"
	"github.com/informant-go/informant/object"
	"k8s.io/klog/v2"
)

// keptScratch is the capacity up to which an applier keeps its buffers: a
// batch fits, a list that was large once does not stay.
const keptScratch = 2 * deltafifo.DefaultMaxBatch

// applier brings batches of deltas into the store and makes the events of them. The one goroutine that consumes the queue uses it; it is the
// store's only writer.
type applier[T any] struct {
	store  indexer.Indexer[T]
	access object.Access[T]

	// detector and observe, which is Options.Observe, are nil where nobody
	// asked for them.
	detector *mutation.Detector[T]
	observe  func(key string, obj T)
	logger   klog.Logger

	// relistUpdates and uidUpdates are the Options of these names.
	relistUpdates, uidUpdates bool

	// round returns the resync that a Sync is part of, nil for none.
	round func() *round[T]

	// at is when the batch came: the time of its entries.
	at int64

	// entries are the events of the batch, in order. Both buffers are in use
	// from apply to tidy.
	changes []indexer.Change[T]
	entries []entry[T]
}

// apply stores a batch and leaves the events of it in entries, also when the
// store panics after it has taken the batch, as it does where index functions
// are made to panic. initial is true if this batch belongs to the first list.
// For a DeltaSyncAll it does nothing.
func (a *applier[T]) apply(b deltafifo.Batch[T], initial bool) {
	switch first := &b.Deltas[0]; first.Type {
	case deltafifo.DeltaReplacedAll:
		a.replaceAll(first.List, initial)
	case deltafifo.DeltaBookmark:
		a.store.Bookmark(first.ResourceVersion)
	case deltafifo.DeltaSyncAll:
	default:
		a.each(b.Deltas, initial)
	}
}

// tidy empties the buffers once the events are sent, so that they keep no object
// alive on a collection that is quiet from then on, and drops large ones.
func (a *applier[T]) tidy() {
	clear(a.changes)
	clear(a.entries)
	a.changes, a.entries = a.changes[:0], a.entries[:0]
	if max(cap(a.changes), cap(a.entries)) > keptScratch {
		a.changes, a.entries = nil, nil
	}
}

// replaceAll stores a list and makes the events of what it changes: deletions
// first, as client-go does. A handler that keeps objects by something that one
// passes to the next, such as an address, would else drop the new owner with the
// old one.
func (a *applier[T]) replaceAll(list *deltafifo.List[T], initial bool) {
	reason := listed(initial)
	a.observeList(list)
	defer func() { deletionsFirst(a.entries) }()
	told, all := 0, len(list.Objects)
	a.store.ReplaceAll(list.Keys, list.Objects, list.ResourceVersion, func(c indexer.Change[T]) {
		a.makeRoom(told, all)
		told++
		if c.Type == indexer.ChangeRemove {
			a.emit(gone(&c, reason))
			return
		}
		a.put(&c, reason)
	})
}

// makeRoom grows the entries, if they are full, as if as many of the changes of a list
// that are still to be told of made one as of those that were. To double them time and
// again is to leave garbage of three times their size where memory is at its peak.
func (a *applier[T]) makeRoom(told, all int) {
	if n := len(a.entries); n == cap(a.entries) && told < all {
		a.entries = slices.Grow(a.entries, int(int64(n)*int64(all-told)/int64(max(told, 1)))+64)
	}
}

// deletionsFirst sorts the deletions to the front and changes no order besides.
func deletionsFirst[T any](entries []entry[T]) {
	rank := func(e entry[T]) int {
		if e.Type == EventDelete {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(entries, func(a, b entry[T]) int { return rank(a) - rank(b) })
}

// listed is the Reason of what a list shows.
func listed(initial bool) Reason {
	if initial {
		return ReasonInitial
	}
	return ReasonRelist
}

// each applies the deltas of single keys.
func (a *applier[T]) each(deltas []deltafifo.Delta[T], initial bool) {
	for i := range deltas {
		a.changes = append(a.changes, change(&deltas[i]))
	}
	a.observeEach(deltas)
	stored := false
	defer func() {
		a.fetchOld()
		for i := range a.changes {
			if c := &a.changes[i]; stored || c.Done {
				a.tell(c, &deltas[i], initial)
			}
		}
	}()
	a.store.Apply(a.changes, "")
	stored = true
}

// fetchOld reads the version of each state that was replaced and does nothing with
// it: no cache of the processor has these states any more, and in a loop with nothing
// else in it it waits for many of them at once, in tell for one after the other. That
// saves 5 to 15% of the time of an event (BenchmarkInformer/events). Nobody asks a state
// that was removed for its version, and a store of bytes may not know it.
func (a *applier[T]) fetchOld() {
	for i := range a.changes {
		if c := &a.changes[i]; c.Existed && c.Type == indexer.ChangePut {
			a.access.Version(c.Old)
		}
	}
}

// tell makes the event of the change that a delta made.
func (a *applier[T]) tell(c *indexer.Change[T], d *deltafifo.Delta[T], initial bool) {
	switch d.Type {
	case deltafifo.DeltaDeleted:
		a.remove(c, d)
	case deltafifo.DeltaSync:
		a.put(c, ReasonResync)
	case deltafifo.DeltaReplaced:
		a.put(c, listed(initial))
	default:
		a.put(c, ReasonWatch)
	}
}

func change[T any](d *deltafifo.Delta[T]) indexer.Change[T] {
	c := indexer.Change[T]{Key: d.Key, Object: d.Object, Type: indexer.ChangePut}
	if d.Type == deltafifo.DeltaDeleted {
		c.Type = indexer.ChangeRemove
	}
	return c
}

// put makes the event of an object that was stored, or found unchanged.
func (a *applier[T]) put(c *indexer.Change[T], reason Reason) {
	if c.Existed && a.sameState(c) {
		a.repeat(c, reason)
		return
	}
	if reason == ReasonResync {
		reason = ReasonWatch // the queue held a state that the store had not
	}
	switch {
	case !c.Existed:
		a.emit(added(c, reason))
	case a.otherLife(c):
		a.emit(gone(c, reason))
		a.emit(added(c, reason))
	default:
		a.emit(Event[T]{Key: c.Key, Old: c.Old, Object: c.Object, Type: EventUpdate, Reason: reason})
	}
}

// repeat makes the event of a state that is in the store already: for the handlers
// of a resync, for all with RelistUpdates, and else none.
func (a *applier[T]) repeat(c *indexer.Change[T], reason Reason) {
	event := Event[T]{Key: c.Key, Old: c.Old, Object: c.Object, Type: EventUpdate, Reason: reason}
	switch {
	case reason == ReasonResync:
		if round := a.round(); round != nil {
			a.entries = append(a.entries, entry[T]{Event: event, round: round, at: a.at})
		}
	case a.relistUpdates:
		a.emit(event)
	}
}

// remove makes the event of a deletion, if there was something to delete.
func (a *applier[T]) remove(c *indexer.Change[T], d *deltafifo.Delta[T]) {
	if !c.Existed {
		return
	}
	event := Event[T]{Key: c.Key, Old: c.Old, Object: d.Object, Type: EventDelete, Reason: ReasonWatch}
	if d.NoObject {
		event.Object = c.Old
	}
	if d.FinalStateUnknown {
		event.FinalStateUnknown, event.Reason = true, ReasonRelist
	}
	a.emit(event)
}

func added[T any](c *indexer.Change[T], reason Reason) Event[T] {
	return Event[T]{Key: c.Key, Object: c.Object, Type: EventAdd, Reason: reason}
}

// gone is the deletion of c.Old, which nobody saw.
func gone[T any](c *indexer.Change[T], reason Reason) Event[T] {
	return Event[T]{Key: c.Key, Old: c.Old, Object: c.Old, Type: EventDelete, Reason: reason, FinalStateUnknown: true}
}

func (a *applier[T]) emit(event Event[T]) {
	a.entries = append(a.entries, entry[T]{Event: event, at: a.at})
}

// sameState reports whether the object was stored already as it is now.
func (a *applier[T]) sameState(c *indexer.Change[T]) bool {
	if c.Type == indexer.ChangeUnchanged {
		return true
	}
	version := a.access.Version(c.Object)
	return version != "" && version == a.access.Version(c.Old)
}

// otherLife reports whether the key belongs to another object than before, which
// makes two events, an EventDelete and an EventAdd.
func (a *applier[T]) otherLife(c *indexer.Change[T]) bool {
	if a.uidUpdates {
		return false
	}
	before, now := a.access.UID(c.Old), a.access.UID(c.Object)
	return before != "" && now != "" && before != now
}
