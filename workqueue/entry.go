package workqueue

// phase says where the item of an entry is. In each of them the item can have a
// pending delay besides, which the method delayed reports.
type phase uint8

const (
	idle       phase = iota // it neither waits nor is being processed
	waiting                 // it is in the FIFO queue of its priority, or in the Storage
	processing              // a worker has it
	dirty                   // a worker has it, and it was added again since
)

// state is a phase and three flags in one byte.
type state uint8

const (
	phases   state = 3
	cached   state = 1 << 2 // the entry is in the ring of the cache
	limited  state = 1 << 3 // the pending delay is for a failure
	promised state = 1 << 4 // the pending delay waits for a token
)

// entry is a handle of what a queue knows of one key. That is stored in a slab.
// Entries refer to one another by number: a number is half as long as a pointer,
// and the garbage collector does not follow it.
type entry[T comparable] struct {
	slab *slab[T]
	id   uint32 // 0 means that there is no entry
}

// link is the place of an entry in a list and in the heap. A number is 0 if there
// is none.
type link struct {
	// next is the entry behind this one in the one list that its phase allows:
	// its FIFO queue while it is waiting, Queue.busy while it is processing or
	// dirty (with metrics only), the free list of its slab when it has no key.
	next uint32
	slot uint32 // place in the heap of delays; 0 without a delay
}

// rank is what an entry needs in a queue with priorities or metrics only.
type rank struct {
	prev     uint32 // the entry before this one in the list of next
	age      uint32 // orders waiting entries by when they became ready
	priority int32  // while waiting or dirty
	later    int32  // priority of the pending delay
}

// more is what an entry needs with groups, metrics or failures only.
type more[T comparable] struct {
	group   *group[T] // while not idle, if the queue has a group function
	added   int64     // when it became waiting or dirty; with metrics only
	started int64     // when it was handed out; with metrics only

	// With Options.Backoff: the number of failures, when the last of them
	// was, and the neighbours in the list failed.
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

// mark sets a flag, or clears it.
func (e entry[T]) mark(flag state, on bool) {
	s := e.state()
	if *s &^= flag; on {
		*s |= flag
	}
}

// rank returns the rank of the entry, nil in a queue that is not ranked.
func (e entry[T]) rank() *rank {
	if e.slab.ranks == nil {
		return nil
	}
	return &e.slab.ranks[e.id%slabSize]
}

// priority is the priority of the entry while it is waiting or dirty.
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

// more returns what few entries need, nil if no entry of the slab has it.
func (e entry[T]) more() *more[T] {
	if e.slab.more == nil {
		return nil
	}
	return &e.slab.more[e.id%slabSize]
}

// extra returns what few entries need, and makes it if the slab has none.
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

// group is the group of the entry, or nil.
func (e entry[T]) group() *group[T] {
	if x := e.more(); x != nil {
		return x.group
	}
	return nil
}

// active reports whether the entry waits, is being processed or has a delay.
func (e entry[T]) active() bool { return e.phase() != idle || e.delayed() }

// used reports whether the entry must stay in the table.
func (e entry[T]) used() bool { return e.active() || e.failures() > 0 }
