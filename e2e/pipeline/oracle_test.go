package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/httpsource"
)

// oracle is a handler that believes nothing: it rebuilds the collection from
// its events and notes each one that cannot follow those before (I1) or that is
// ahead of the store (I2).
type oracle[T httpsource.Object] struct {
	store indexer.Indexer[T]
	bell  bell

	mu      sync.Mutex
	calling bool                // a call is going on: there must be no other (I3)
	table   map[string]T        // the collection as the events tell it
	journal map[string][]string // what was told of each key
	events  []informer.Event[T]
	faults  []string
}

func newOracle[T httpsource.Object](store indexer.Indexer[T]) *oracle[T] {
	return &oracle[T]{store: store, table: make(map[string]T), journal: make(map[string][]string)}
}

func (o *oracle[T]) OnEvent(_ context.Context, e informer.Event[T]) {
	o.enter(e)
	stored, exists, err := o.store.GetByKey(e.Key)
	o.record(e, stored, exists, err)
	o.bell.ring()
}

func (o *oracle[T]) enter(e informer.Event[T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calling {
		o.fault(e, "I3: it came during another call")
	}
	o.calling = true
}

func (o *oracle[T]) record(e informer.Event[T], stored T, exists bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calling = false
	if err != nil {
		o.fault(e, "the store: "+err.Error())
	}
	o.checkOrder(e)
	o.checkStore(e, stored, exists)
	o.events = append(o.events, e)
	o.journal[e.Key] = append(o.journal[e.Key], entryOf(e))
	if e.Type == informer.EventDelete {
		delete(o.table, e.Key)
	} else {
		o.table[e.Key] = e.Object
	}
}

// checkOrder is I1: Add, Update…, Delete, with old as it was last given, and
// versions that rise.
func (o *oracle[T]) checkOrder(e informer.Event[T]) {
	known, present := o.table[e.Key]
	if present != (e.Type != informer.EventAdd) {
		o.fault(e, fmt.Sprintf("I1: the key was present before: %v", present))
		return
	}
	if !present {
		return
	}
	if any(e.Old) != any(known) {
		o.fault(e, "I1: old is not the state that was last given")
	}
	if e.Type != informer.EventUpdate {
		return
	}
	if e.Object.GetUID() != known.GetUID() {
		o.fault(e, "I1: an update replaces an object by another of its name")
	}
	if c, err := object.CompareVersions(e.Object.GetResourceVersion(), known.GetResourceVersion()); err != nil || c <= 0 {
		o.fault(e, fmt.Sprintf("I1: the version was %s before (%v)", known.GetResourceVersion(), err))
	}
}

// checkStore is I2: the store holds the event's state or a later one. A key that
// the store has lost meanwhile is no fault; its Delete has to follow.
func (o *oracle[T]) checkStore(e informer.Event[T], stored T, exists bool) {
	if !exists {
		return
	}
	c, err := object.CompareVersions(stored.GetResourceVersion(), e.Object.GetResourceVersion())
	gone := e.Type == informer.EventDelete && stored.GetUID() == e.Object.GetUID()
	if err != nil || c < 0 || gone {
		o.fault(e, fmt.Sprintf("I2: the store holds version %s of %s (%v)", stored.GetResourceVersion(), stored.GetUID(), err))
	}
}

// fault notes what is wrong with an event; mu is held.
func (o *oracle[T]) fault(e informer.Event[T], what string) {
	o.faults = append(o.faults, fmt.Sprintf("%s %s (%v): %s; it was told %v before", entryOf(e), e.Key, e.Reason, what, o.journal[e.Key]))
}

// entryOf is an event as the journal tells it. The version of a deletion is not
// in it, since a client that deletes does not learn it.
func entryOf[T httpsource.Object](e informer.Event[T]) string {
	if e.Type == informer.EventDelete {
		return e.Type.String()
	}
	return e.Type.String() + " " + e.Object.GetResourceVersion()
}

// has reports whether the oracle was told of the key.
func (o *oracle[T]) has(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.journal[key]) > 0
}

// knowsAll reports whether the oracle was told of all that the store has, and of what
// it has no more.
func (o *oracle[T]) knowsAll() bool {
	stored := maps.Collect(o.store.Snapshot().All())
	return maps.Equal(versions(stored), versions(o.rebuilt()))
}

// told is the number of events so far.
func (o *oracle[T]) told() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.events)
}

// since are the events after the first n.
func (o *oracle[T]) since(n int) []informer.Event[T] {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.events[n:])
}

func (o *oracle[T]) rebuilt() map[string]T {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.table)
}

// history is the journal of the keys for which keep is true.
func (o *oracle[T]) history(keep func(key string) bool) map[string][]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	h := make(map[string][]string)
	for key, entries := range o.journal {
		if keep(key) {
			h[key] = slices.Clone(entries)
		}
	}
	return h
}

func (o *oracle[T]) broken() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.faults)
}
