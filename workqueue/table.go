package workqueue

const (
	// freeEntries is how many entries without a key are kept for reuse.
	freeEntries = 1024

	// shrinkAbove is the room from which on a structure gives memory back,
	// and shrinkPart the part of the room below which it does.
	shrinkAbove = 8192
	shrinkPart  = 8

	// movedAtATime is how many slots are moved to another array with each
	// change, so that no single addition pays for the growth.
	movedAtATime = 64
)

// table finds the entry of a key. It keeps entries of idle keys, up to a
// limit, so that the keys that are added again and again cost one search and
// no allocation.
//
// It is a hash table of its own, and not a map, because a map stores each key
// a second time, hashes twice to add one, and never becomes smaller. See
// BenchmarkQueue/cycle and BenchmarkDelayingQueue/pending.
type table[T comparable] struct {
	now slots[T]

	// before is what now was before it grew or shrank. Its slots below moved
	// have been moved to now, and nothing is added to it.
	before slots[T]
	moved  int

	// idle holds entries with cached set, which are or were idle. It is a
	// ring of at most limit; hand is the next to be replaced. A limit of 0
	// is the default, a negative one none.
	idle  []*entry[T]
	hand  int
	limit int

	free  *entry[T]
	nfree int
}

func (t *table[T]) len() int { return t.now.n + t.before.n }

// ensure returns the entry of item, which it makes if there is none.
func (t *table[T]) ensure(hash mark, item T) *entry[T] {
	if e := t.get(hash, item); e != nil {
		return e
	}
	e := t.take()
	e.item = item
	t.reserve()
	t.now.put(hash, e)
	return e
}

// get returns the entry of item, or nil.
func (t *table[T]) get(hash mark, item T) *entry[T] {
	if t.now.marks == nil {
		return nil
	}
	if i := t.now.find(hash, item); i >= 0 {
		return t.now.entries[i]
	}
	if t.before.n > 0 {
		if i := t.before.find(hash, item); i >= 0 {
			return t.before.entries[i]
		}
	}
	return nil
}

// take returns an entry without a key.
func (t *table[T]) take() *entry[T] {
	e := t.free
	if e == nil {
		return new(entry[T])
	}
	t.free, e.next = e.next, nil
	t.nfree--
	return e
}

// retire takes note that e is not used any more. The entry is kept in place
// of the one that has been kept longest.
func (t *table[T]) retire(e *entry[T]) {
	if e.cached {
		return
	}
	if t.limit == 0 { // a zero Queue
		t.limit = DefaultIdleEntries
	}
	switch {
	case t.limit < 0:
		t.drop(e)
		return
	case len(t.idle) < t.limit:
		t.idle = append(t.idle, e)
	default:
		old := t.idle[t.hand]
		old.cached = false
		if !old.used() {
			t.drop(old)
		}
		t.idle[t.hand] = e
		if t.hand++; t.hand == t.limit {
			t.hand = 0
		}
	}
	e.cached = true
}

// drop removes an entry that is neither used nor cached.
func (t *table[T]) drop(e *entry[T]) {
	t.remove(e)
	if t.nfree < freeEntries {
		*e = entry[T]{next: t.free}
		t.free = e
		t.nfree++
	}
	t.move()
	if room := len(t.now.marks); room > shrinkAbove && t.len() < room/4 && t.before.marks == nil {
		t.resize(room / 2)
	}
}

func (t *table[T]) remove(e *entry[T]) {
	hash := hashOf(e.item)
	if i := t.now.find(hash, e.item); i >= 0 {
		t.now.close(i)
		return
	}
	if t.before.n > 0 {
		if i := t.before.find(hash, e.item); i >= 0 {
			t.before.leave(i)
		}
	}
}

// reserve makes room for one more entry.
func (t *table[T]) reserve() {
	t.move()
	room := len(t.now.marks)
	if room == 0 {
		t.now = makeSlots[T](leastSlots)
		return
	}
	if (t.now.n+1)*4 <= room*3 {
		return
	}
	// By now before is empty: with each of the additions that filled now, more
	// slots were moved than it took to fill it.
	t.resize(2 * room)
}

func (t *table[T]) resize(room int) {
	t.before, t.moved = t.now, 0
	t.now = makeSlots[T](room)
}

// move moves a few slots, if there are any to be moved.
func (t *table[T]) move() {
	if t.before.marks == nil {
		return
	}
	end := min(t.moved+movedAtATime, len(t.before.marks))
	for i := t.moved; i < end; i++ {
		if hash := t.before.marks[i]; hash >= leastMark {
			e := t.before.entries[i]
			t.before.leave(i)
			t.now.put(hash, e)
		}
	}
	t.moved = end
	if t.before.n == 0 {
		t.before, t.moved = slots[T]{}, 0
	}
}

// all calls f for each entry, in no order.
func (t *table[T]) all(f func(*entry[T])) {
	for _, s := range []*slots[T]{&t.now, &t.before} {
		for _, e := range s.entries {
			if e != nil {
				f(e)
			}
		}
	}
}
