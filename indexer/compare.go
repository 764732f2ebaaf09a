package indexer

import "slices"

// compare finds the items in the present state, and what must be stored.
func (r *replacement[T]) compare(e *engine[T]) error {
	v, pin := e.read()
	defer e.release(pin)
	r.version, r.places = v.version, r.places[:0]
	r.kept = make(marks, e.chunks.Len())
	near := nearby[T]{view: v}
	for i, item := range r.items {
		h, readable := r.header(e, i)
		there, found, err := r.find(&near, i, h, readable)
		if err != nil {
			return err
		}
		// Of a key that comes twice the last item counts.
		again := found && r.kept.mark(there.slot)
		same := found && !again && h.version != "" && !e.options.Renew && h.version == near.version(there)
		if same && !r.complete {
			if r.changes != nil {
				r.changes[i] = Change[T]{Key: there.key, Object: there.obj, Old: there.obj, Existed: true, Type: ChangeUnchanged}
			}
			continue
		}
		r.makeRoom(i)
		p := place{key: there.key, item: uint32(i), slot: there.slot, same: same}
		if !found {
			p.slot = noSlot
		}
		p.values = r.valuesOf(e, p, again, item)
		r.places = append(r.places, p)
	}
	return nil
}

// find looks item i up. What it returns has the key, found or not.
func (r *replacement[T]) find(near *nearby[T], i int, h header, readable bool) (there stored[T], found bool, err error) {
	var key string
	switch {
	case r.keys != nil:
		key = r.keys[i]
	default:
		if r.name != nil && readable {
			if there, found = near.byName(h.name); found {
				return there, true, nil
			}
		}
		if key, err = r.key(r.items[i]); err != nil {
			return there, false, err
		}
	}
	if there, found = near.byKey(key); !found {
		there.key = key
	}
	return there, found, nil
}

// valuesOf asks the index functions about an item and returns what the place
// needs to know of the values: remembered if they do not change. With again, an
// item before this one goes into the same slot, so that all values are kept.
func (r *replacement[T]) valuesOf(e *engine[T], p place, again bool, item T) uint32 {
	from := r.index(e, len(r.places), p.key, item)
	if p.slot == noSlot || again || r.complete {
		return uint32(from)
	}
	for n, values := range r.of(from) {
		if !(*r.indexes)[n].remembers(p.slot, values) {
			return uint32(from)
		}
	}
	r.drop(from)
	return remembered
}

// makeRoom grows what the items to store need, before item i is added, as if
// as many of the items to come had to be stored as of those before.
func (r *replacement[T]) makeRoom(i int) {
	if len(r.places) == cap(r.places) {
		r.places = slices.Grow(r.places, r.expect(len(r.places), i))
	}
	if n := len(*r.indexes); len(r.values)+n > cap(r.values) {
		r.values = slices.Grow(r.values, r.expect(len(r.values), i)+n)
	}
}

// expect returns how many more of something to make room for when item i comes,
// of which the items before needed n.
func (r *replacement[T]) expect(n, i int) int {
	return n*(len(r.items)-i)/max(i, 1) + 64
}

// marks is a set of slots, one word a chunk.
type marks []uint32

// mark adds a slot and reports whether it was there already.
func (m *marks) mark(slot uint32) (before bool) {
	for number := int(slot / chunkSize); number >= len(*m); {
		*m = append(*m, 0)
	}
	word, bit := &(*m)[slot/chunkSize], uint32(1)<<(slot%chunkSize)
	before = *word&bit != 0
	*word |= bit
	return before
}

// of returns the marks of a chunk.
func (m marks) of(number uint32) uint32 {
	if int(number) < len(m) {
		return m[number]
	}
	return 0
}
