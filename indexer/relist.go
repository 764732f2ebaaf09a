package indexer

import (
	"math/bits"
	"slices"

	"github.com/informant-go/informant/internal/word"
	"github.com/informant-go/informant/object"
)

// incoming holds the items of a Replace and where their keys come from: either
// keys has them all, or key makes them. Unless name is nil, it gives the names
// that the keys are made of.
type incoming[T any] struct {
	items []T
	keys  []string
	key   func(T) (string, error)
	name  func(T) object.Name
}

// relist is a Replace in preparation: what user code said of the items, compared
// with the state of view.
type relist[T any] struct {
	*batch[T]
	incoming[T]
	view  view[T]
	ahead ahead
	// kept are the slots in which items were found.
	kept marks
	// found is how many there are.
	found int
	// places are the items to store, in their order.
	places []place
	// complete says that all items are in places, with their keys and index
	// values, so that the relist stays valid whatever is written meanwhile.
	complete bool
	// changes has a Change for each item, nil if nobody asked for them.
	changes []Change[T]
}

// place is an item to store.
type place struct {
	key  string
	item uint32
	// slot is where the key was found, or noSlot.
	slot uint32
	// values is where the batch has the item's index values, or remembered.
	values uint32
	// same says that the stored object has the version of the item. It is set
	// only if the relist is complete, and counts only while the slot is as it was.
	same bool
}

// remembered says that the index values are those of the object in the slot, for
// all indexes.
const remembered = 1<<32 - 1

// replaceAll is Indexer.ReplaceAll. Its error is that of a key; then nothing has
// changed. It returns the changes if asked to, and the index errors, which the
// caller is to tell last.
//
// The items are compared before the writer's turn. Items that are the same are
// only marked, of others the index functions run. When another writer made the
// comparison stale all items are compared anew with everything that a third
// time could need.
func (e *engine[T]) replaceAll(in incoming[T], resourceVersion string, record bool) ([]Change[T], []placedError, error) {
	r := &relist[T]{batch: e.newBatch(), incoming: in}
	if record {
		r.changes = make([]Change[T], len(in.items), len(in.items)+len(in.items)/8)
	}
	if err := r.compare(e); err != nil {
		return nil, nil, err
	}
	e.mu.Lock()
	for !r.valid(e) {
		e.mu.Unlock()
		r.complete = true
		r.restart(e)
		if err := r.compare(e); err != nil {
			return nil, nil, err
		}
		e.mu.Lock()
	}
	r.note(e) // first, so that who is woken finds it
	t := e.begin(len(r.places) + r.view.len - r.found)
	t.replace(r)
	if resourceVersion != "" {
		t.latest = resourceVersion
	}
	t.commit()
	e.errors.keep(func(key string) bool {
		_, exists := e.get(key)
		return exists
	})
	e.mu.Unlock()
	errs := r.errs
	e.recycle(r.batch)
	return r.changes, errs, nil
}

// compare finds the items in the present state, and what must be stored.
func (r *relist[T]) compare(e *engine[T]) error {
	r.view = e.seal()
	r.places, r.found = r.places[:0], 0
	r.kept = make(marks, r.view.objects.Len())
	near := nearby[T]{view: &r.view}
	for i, item := range r.items {
		h, readable := r.header(e, i)
		there, found, err := r.find(&near, i, h, readable)
		if err != nil {
			return err
		}
		// Of a key that comes twice the last item counts.
		again := found && r.kept.mark(there.slot)
		if found && !again {
			r.found++
		}
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
func (r *relist[T]) find(near *nearby[T], i int, h header, readable bool) (there stored[T], found bool, err error) {
	var key string
	switch {
	case r.incoming.keys != nil:
		key = r.incoming.keys[i]
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
func (r *relist[T]) valuesOf(e *engine[T], p place, again bool, item T) uint32 {
	from := r.index(e, len(r.places), p.key, item)
	if p.slot == noSlot || again || r.complete || !e.sameValues(r.view.state, p.slot, r.of(from)) {
		return uint32(from)
	}
	r.drop(from)
	return remembered
}

// makeRoom grows what the items to store need, before item i is added, as if
// as many of the items to come had to be stored as of those before.
func (r *relist[T]) makeRoom(i int) {
	if len(r.places) == cap(r.places) {
		r.places = slices.Grow(r.places, r.expect(len(r.places), i))
	}
	if n := len(r.indexes.all); len(r.values)+n > cap(r.values) {
		r.values = slices.Grow(r.values, r.expect(len(r.values), i)+n)
	}
}

// expect returns how many more of something to make room for when item i comes,
// of which the items before needed n.
func (r *relist[T]) expect(n, i int) int {
	return int(int64(n)*int64(len(r.items)-i)/int64(max(i, 1))) + 64
}

// valid reports, in the writer's turn, whether the relist can be done. What was
// found in a slot holds as long as the chunk is the one of the view, since a
// sealed chunk is not changed: a key that is in it stays there, and so do its
// object and its index values. The one light commit that may have been under way
// as the view was sealed is the exception.
func (r *relist[T]) valid(e *engine[T]) bool {
	st := e.head.Load()
	switch {
	case !r.current(e):
		return false
	case r.complete:
		for i := range r.places {
			r.adjust(e, st, &r.places[i])
		}
		return true
	case r.view.moved():
		return false
	case st == r.view.state:
		return true
	}
	for cell, slots := range r.kept {
		if slots != 0 && !r.stands(st, uint32(cell)) {
			return false
		}
	}
	return true
}

// adjust makes a place right for the present state: the key may have another slot
// or none by now, and the slot another object.
func (r *relist[T]) adjust(e *engine[T], st *state[T], p *place) {
	switch {
	case p.slot == noSlot:
	case !st.keys.Has(p.slot, p.key) || !st.used(p.slot):
		p.slot, p.same = noSlot, false
	case p.same && !r.stands(st, p.slot/chunkSize):
		was, _ := r.view.at(p.slot)
		p.same = word.Same(e.kind, st.place(p.slot), &was.obj)
	}
}

// stands reports whether the chunk of a cell that the view has is still there, and
// has its slots, which a new table may have given to other keys.
func (r *relist[T]) stands(st *state[T], cell uint32) bool {
	l := st.objects.Load(cell)
	return l != nil && l.Version <= r.view.version && !r.view.moved()
}

// note writes into the book of errors what the relist changed there, and leaves in
// errs what is new.
func (r *relist[T]) note(e *engine[T]) {
	fresh := r.errs[:0]
	for _, failure := range r.errs {
		if !r.places[failure.at].same {
			fresh = append(fresh, failure)
		}
	}
	r.errs = fresh
	e.errors.replay(len(r.places), func(i int) (key string, written bool) {
		return r.places[i].key, !r.places[i].same
	}, r.errs)
}

// replace makes the items the whole content.
func (t *turn[T]) replace(r *relist[T]) {
	if r.complete {
		clear(r.kept) // what was found may be elsewhere by now
	}
	fresh := 0
	for i := range r.places {
		if r.places[i].slot == noSlot {
			fresh++
		}
	}
	if fresh > 0 && !t.keys.Room(fresh) {
		t.rebuild(t.st.len + fresh)
	}
	for i := range r.places {
		p := &r.places[i]
		c := Change[T]{Key: p.key, Object: r.items[p.item], Type: ChangePut}
		r.kept.mark(t.replaceItem(r, p, &c))
		if r.changes != nil {
			r.changes[p.item] = c
		}
	}
	t.removeOthers(r)
}

// replaceItem stores one item, or finds that it is there.
func (t *turn[T]) replaceItem(r *relist[T], p *place, c *Change[T]) (slot uint32) {
	switch {
	case p.slot == noSlot:
		return t.put(c, noSlot, r.of(int(p.values)))
	case p.same:
		c.Object = *t.st.place(p.slot)
		c.Old, c.Existed, c.Type = c.Object, true, ChangeUnchanged
	case p.values == remembered:
		t.takeNotes(&t.notes, t.st, p.slot)
		c.Old, c.Existed = t.replaceObject(p.slot, c.Object), true
	default:
		c.Old, c.Existed = t.set(p.slot, c.Object, r.of(int(p.values))), true
	}
	return p.slot
}

// removeOthers takes out what is not kept.
func (t *turn[T]) removeOthers(r *relist[T]) {
	for cell := range t.st.objects.Len() {
		l := t.st.objects.Load(cell)
		if l == nil {
			continue
		}
		for others := l.Val.used &^ r.kept.of(cell); others != 0; others &= others - 1 {
			slot := cell*chunkSize + uint32(bits.TrailingZeros32(others))
			c := Change[T]{Key: t.st.keys.Name(slot), Existed: true, Type: ChangeRemove}
			c.Old = t.vacate(slot)
			if r.changes != nil {
				r.changes = append(r.changes, c)
			}
		}
	}
}

// marks is a set of slots, one word a chunk.
type marks []uint32

// mark adds a slot and reports whether it was there already.
func (m *marks) mark(slot uint32) (before bool) {
	for cell := int(slot / chunkSize); cell >= len(*m); {
		*m = append(*m, 0)
	}
	word, bit := &(*m)[slot/chunkSize], uint32(1)<<(slot%chunkSize)
	before = *word&bit != 0
	*word |= bit
	return before
}

// of returns the marks of a chunk.
func (m marks) of(cell uint32) uint32 {
	if int(cell) < len(m) {
		return m[cell]
	}
	return 0
}
