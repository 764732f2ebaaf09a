package workqueue

// phase is where the item of an entry is. Whether it has a pending delay is
// told by entry.slot, in every phase.
type phase uint8

const (
	idle    phase = iota // no worker has it and none will be given it
	waiting              // in a lane, or in the Storage
	inHand               // with a worker
	dirty                // with a worker, and added again since
)

// entry is all that a queue knows of one key. It is 64 bytes for a string key;
// what few keys need is in more.
type entry[T comparable] struct {
	item T

	// next and prev are the neighbours in the one list that the phase
	// allows: the lane while waiting, the list of hands while in hand or
	// dirty (kept only for metrics), the free list when it is no entry.
	next, prev *entry[T]

	more *more[T]

	slot     int32  // 1 + index in the heap of delays; 0 when not delayed
	order    uint32 // breaks ties between equal delays: the first asked for
	age      uint32 // orders waiting entries by when they became ready
	priority int32  // while waiting or dirty
	later    int32  // priority of the pending delay
	phase    phase
	cached   bool // is in the cache of idle entries
	limited  bool // the pending delay was asked for by AddRateLimited
}

// more is what an entry needs only with groups, metrics or failures.
type more[T comparable] struct {
	group   *group[T] // while not idle, if the queue has a group function
	added   int64     // when it became waiting or dirty; metrics only
	started int64     // when it was handed out; metrics only

	// With RateLimitingOptions.Backoff: the number of failures, when the
	// last of them was, and the neighbours in the list of failed entries.
	failures     int32
	failedAt     int64
	older, newer *entry[T]
}

// active tells whether there is something to do for the entry.
func (e *entry[T]) active() bool { return e.phase != idle || e.slot != 0 }

// used tells whether the entry must stay in the table.
func (e *entry[T]) used() bool { return e.active() || e.failures() > 0 }

// failures is the number of failures that the entry remembers.
func (e *entry[T]) failures() int32 {
	if e.more == nil {
		return 0
	}
	return e.more.failures
}

// extra returns more, which it makes if there is none.
func (e *entry[T]) extra() *more[T] {
	if e.more == nil {
		e.more = new(more[T])
	}
	return e.more
}
