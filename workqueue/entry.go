package workqueue

// phase is where the item of an entry is. Whether it has a pending delay is
// told by delayed, in every phase.
type phase uint8

const (
	idle       phase = iota // no worker has it and none will be given it
	waiting                 // in a queue, or in the Storage
	processing              // with a worker
	dirty                   // with a worker, and added again since
)

// state is a phase and two flags in one byte.
type state uint8

const (
	phases   state = 3
	cached   state = 1 << 2 // is in the ring of idle entries
	limited  state = 1 << 3 // the pending delay was asked for by AddRateLimited
	promised state = 1 << 4 // the pending delay is one until there is a token
)

// entry is a handle of all that a queue knows of one key, which is in a slab.
// The parts of an entry name each other by its number, which is half as long as
// a pointer and nothing to a garbage collector.
type entry[T comparable] struct {
	slab *slab[T]
	id   uint32 // 0 is no entry
}

// link is what ties an entry to others. Numbers are 0 where there is none.
type link struct {
	// next is the neighbour in the one list that the phase allows: the queue
	// while waiting, the list busy while processing or dirty (kept only for
	// metrics), the free list of the slab when it is no entry.
	next uint32
	slot uint32 // place in the heap of delays; 0 when not delayed
}

// rank is what an entry needs only in a queue that is ranked.
type rank struct {
	prev     uint32 // the other neighbour in a queue or in the list busy
	age      uint32 // orders waiting entries by when they became ready
	priority int32  // while waiting or dirty
	later    int32  // priority of the pending delay
}

// more is what an entry needs only with groups, metrics or failures.
type more[T comparable] struct {
	group   *group[T] // while not idle, if the queue has a group function
	added   int64     // when it became waiting or dirty; metrics only
	started int64     // when it was handed out; metrics only

	// With RateLimitingOptions.Backoff: the number of failures, when the
	// last of them was, and the neighbours in the list of failed entries.
	failedAt     int64
	failures     int32
	older, newer uint32
}

func (e entry[T]) none() bool         { return e.id == 0 }
func (e entry[T]) item() T            { return e.slab.items[e.id%slabSize] }
func (e entry[T]) link() *link        { return &e.slab.links[e.id%slabSize] }
func (e entry[T]) state() *state      { return &e.slab.states[e.id%slabSize] }
func (e entry[T]) phase() phase       { return phase(*e.state() & phases) }
func (e entry[T]) is(flag state) bool { return *e.state()&flag != 0 }
func (e entry[T]) enter(p phase)      { s := e.state(); *s = *s&^phases | state(p) }
func (e entry[T]) delayed() bool      { return e.link().slot != 0 }

// mark sets a flag or removes it.
func (e entry[T]) mark(flag state, on bool) {
	s := e.state()
	if *s &^= flag; on {
		*s |= flag
	}
}

// rank returns what the entry has only in a ranked queue, else nil.
func (e entry[T]) rank() *rank {
	if e.slab.ranks == nil {
		return nil
	}
	return &e.slab.ranks[e.id%slabSize]
}

// priority is that of the entry while it is waiting or dirty.
func (e entry[T]) priority() int32 {
	if r := e.rank(); r != nil {
		return r.priority
	}
	return 0
}

// later is the priority of the pending delay.
func (e entry[T]) later() int32 {
	if r := e.rank(); r != nil {
		return r.later
	}
	return 0
}

// more returns what few entries need, nil if none of the slab does.
func (e entry[T]) more() *more[T] {
	if e.slab.more == nil {
		return nil
	}
	return &e.slab.more[e.id%slabSize]
}

// extra is more for an entry that needs it.
func (e entry[T]) extra() *more[T] {
	if e.slab.more == nil {
		e.slab.more = new([slabSize]more[T])
	}
	return e.more()
}

// failures is the number of failures that the entry remembers.
func (e entry[T]) failures() int32 {
	if x := e.more(); x != nil {
		return x.failures
	}
	return 0
}

// group is the group that the entry refers to, or nil.
func (e entry[T]) group() *group[T] {
	if x := e.more(); x != nil {
		return x.group
	}
	return nil
}

// active tells whether there is something to do for the entry.
func (e entry[T]) active() bool { return e.phase() != idle || e.delayed() }

// used tells whether the entry must stay in the table.
func (e entry[T]) used() bool { return e.active() || e.failures() > 0 }
