package workqueue

const (
	// shrinkAbove is the size from which on a table gives memory back, and
	// shrinkPart the part of its greatest size below which it does: a Go map
	// keeps the room of its greatest size for ever.
	shrinkAbove = 8192
	shrinkPart  = 8

	// freeEntries is how many entries without a key are kept for reuse.
	freeEntries = 1024
)

// table finds the entry of a key. It keeps entries of idle keys, up to a
// limit, so that the keys that are added again and again cost one lookup and
// no allocation.
type table[T comparable] struct {
	entries map[T]*entry[T]
	most    int // greatest len(entries) since the map was made

	// idle holds entries with cached set, which are or were idle. It is a
	// ring of at most limit; hand is the next to be replaced.
	idle  []*entry[T]
	hand  int
	limit int

	free  *entry[T]
	nfree int
}

// get returns the entry of item, or nil.
func (t *table[T]) get(item T) *entry[T] { return t.entries[item] }

// make returns a new idle entry of item, which has none.
func (t *table[T]) make(item T) *entry[T] {
	e := t.free
	if e != nil {
		t.free, e.next = e.next, nil
		t.nfree--
	} else {
		e = new(entry[T])
	}
	e.item = item
	if t.entries == nil {
		t.entries = map[T]*entry[T]{}
	}
	t.entries[item] = e
	t.most = max(t.most, len(t.entries))
	return e
}

// retire takes note that e is not used any more. The entry is kept in place
// of the one that has been kept longest.
func (t *table[T]) retire(e *entry[T]) {
	if e.cached {
		return
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
	delete(t.entries, e.item)
	if t.nfree < freeEntries {
		*e = entry[T]{next: t.free}
		t.free = e
		t.nfree++
	}
	if t.most > shrinkAbove && len(t.entries) < t.most/shrinkPart {
		t.shrink()
	}
}

func (t *table[T]) shrink() {
	entries := make(map[T]*entry[T], len(t.entries))
	for item, e := range t.entries {
		entries[item] = e
	}
	t.entries, t.most = entries, len(entries)
}
