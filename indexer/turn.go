package indexer

import (
	"slices"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/postings"
)

// turn is one writer's full commit: everything it changes becomes visible at once,
// when it commits. It is used under engine.mu, and calls no user code. There is
// one, which the engine owns.
type turn[T any] struct {
	*engine[T]
	before, st *state[T]
	notes      notes
}

// maxInPlace is how many objects a commit may have that begins to change the state
// before in place.
const maxInPlace = cells.MaxUndo

// begin starts a commit of about n changes; mu is held.
func (e *engine[T]) begin(n int) *turn[T] {
	before := e.head.Load()
	e.editor.Begin(before.version, &before.undo)
	if n > maxInPlace {
		e.editor.NewOwner()
	}
	e.turn = turn[T]{engine: e, before: before, notes: e.notifier.begin(), st: &state[T]{
		version: before.version + 1, keys: before.keys, objects: before.objects,
		indexes: before.indexes, sets: before.sets, len: before.len,
	}}
	return &e.turn
}

// commit makes the turn visible and wakes who waited for it.
func (t *turn[T]) commit() {
	t.shrink()
	t.st.resourceVersion = t.latest
	t.step()
	t.head.Store(t.st)
	t.step()
	t.editor.Finish(t.before.sealed.Load())
	t.notifier.publish(t.notes, t.latest)
	t.validateAfterCommit()
	e := t.engine
	e.turn = turn[T]{}
}

// chunk returns the pending chunk of a slot.
func (t *turn[T]) chunk(slot uint32) *chunk[T] {
	l, _ := cells.Edit(&t.editor, &t.st.objects, whichObjects, slot/chunkSize)
	return &l.Val
}

func (t *turn[T]) used(slot uint32) bool { return t.st.used(slot) }

// put stores what c says and fills in its Old and Existed. slot is where the key
// has one in the present table, or noSlot.
func (t *turn[T]) put(c *Change[T], slot uint32, values [][]string) uint32 {
	if slot == noSlot {
		slot = t.slotFor(c.Key)
	}
	if t.used(slot) {
		c.Old, c.Existed = t.set(slot, c.Object, values), true
		return slot
	}
	t.chunk(slot).used |= 1 << (slot % chunkSize)
	t.st.len++
	c.Old, c.Existed = t.set(slot, c.Object, values), false
	return slot
}

// set stores obj in a used slot and returns what was there.
func (t *turn[T]) set(slot uint32, obj T, values [][]string) (old T) {
	old = t.replaceObject(slot, obj)
	for n := range t.st.sets {
		t.index(n, slot, values[n])
	}
	return old
}

func (t *turn[T]) replaceObject(slot uint32, obj T) (old T) {
	place := &t.chunk(slot).objs[slot%chunkSize]
	old, *place = *place, obj
	t.notes.key(t.st.keys.Name(slot))
	return old
}

// slotFor returns the slot of a key, or gives it one. A key that had an object
// keeps its slot until the table is made anew, see package hints.
func (t *turn[T]) slotFor(key string) (slot uint32) {
	hash := t.hash(key)
	if slot, ok := t.st.keys.Find(hash, key); ok {
		return slot
	}
	if !t.keys.Room(1) {
		t.rebuild(t.st.len + t.st.len/4)
	}
	return t.keys.Add(hash, key)
}

// remove takes out what c says and fills in its Old and Existed.
func (t *turn[T]) remove(c *Change[T]) {
	slot, known := t.st.keys.Find(t.hash(c.Key), c.Key)
	if !known || !t.used(slot) {
		var none T
		c.Old, c.Existed = none, false
		return
	}
	c.Old, c.Existed = t.vacate(slot), true
}

// vacate empties a used slot and returns what was there.
func (t *turn[T]) vacate(slot uint32) (old T) {
	var none T
	old = t.replaceObject(slot, none)
	for n := range t.st.sets {
		t.index(n, slot, nil)
	}
	t.chunk(slot).used &^= 1 << (slot % chunkSize)
	t.st.len--
	return old
}

// raise makes resourceVersion that of the state if it is newer.
func (t *turn[T]) raise(resourceVersion string) { t.latest = newest(t.latest, resourceVersion) }

// change begins a change of the sets of index n, changed ends it.
func (t *turn[T]) change(n int) postings.Change {
	return postings.Change{
		Book: &t.st.indexes.all[n].book, Editor: &t.editor, Which: n + 1,
		Index: t.st.sets[n], Own: t.st.sets[n] != t.before.sets[n],
	}
}

func (t *turn[T]) changed(n int, c postings.Change) {
	if c.Index == t.st.sets[n] {
		return
	}
	if &t.st.sets[0] == &t.before.sets[0] {
		t.st.sets = slices.Clone(t.st.sets)
	}
	t.st.sets[n] = c.Index
}

// rebuild makes the table of keys anew, with room for n in all. Slots without an
// object become free, chunks without one are dropped.
func (t *turn[T]) rebuild(n int) {
	t.keys.Rebuild(n, t.used)
	t.st.keys = t.keys.Table()
	slots := t.st.keys.Len()
	cells.Resize(&t.editor, &t.st.objects, (slots+chunkSize-1)/chunkSize)
	for cell, l := range t.st.objects.All {
		if l.Val.used == 0 {
			cells.Put(&t.editor, &t.st.objects, cell, nil)
		}
	}
	t.rows.Store(t.rows.Load().resize(slots, len(t.st.sets)))
}

// shrink makes the tables smaller when most of the objects are gone. That takes
// the time of the table, so the table must have been used.
func (t *turn[T]) shrink() {
	if slots := int(t.st.keys.Len()); t.st.len < t.most/4 && t.most > slots/8 && slots > 1024 {
		t.rebuild(t.st.len + t.st.len/4)
		for n := range t.st.sets {
			c := t.change(n)
			c.Shrink()
			t.changed(n, c)
		}
		t.most = 0
	}
	t.most = max(t.most, t.st.len)
}
