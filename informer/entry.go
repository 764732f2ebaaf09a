package informer

import "github.com/informant-go/informant/indexer"

// entry is what the shared log holds: an event for all handlers or, with a
// round, for those that the round names. Without an event type it is a mark:
// with a round, the round's handlers repeat their objects here; with none, the
// first list ends here.
type entry[T any] struct {
	Event[T]
	round *round[T]
}

// isSyncMark tells whether the first list ends with this entry.
func (e *entry[T]) isSyncMark() bool { return e.Type == 0 && e.round == nil }

// isResyncMark tells whether objects are to be repeated here.
func (e *entry[T]) isResyncMark() bool { return e.Type == 0 && e.round != nil }

// concerns tells whether the event is for r.
func (e *entry[T]) concerns(r *Registration[T]) bool {
	return e.round == nil || e.round.includes(r)
}

// round is one resync: the handlers that were due at one tick.
type round[T any] struct {
	// targets has the handlers, each with the snapshot that it repeats at
	// the round's mark; nil where the queue resyncs key by key. It is
	// written before the round is in the log, and not after.
	targets map[*Registration[T]]indexer.Snapshot[T]

	// served is true once the queue has answered to the tick. It is guarded
	// by the processor's lock.
	served bool
}

func (r *round[T]) includes(reg *Registration[T]) bool {
	_, ok := r.targets[reg]
	return ok
}
