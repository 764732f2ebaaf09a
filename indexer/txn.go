package indexer

import (
	"slices"

	"github.com/informant-go/informant/internal/mvcc"
)

// txn is one writer's turn: everything it changes becomes visible at once,
// when it commits. It is used between lock and commit, under engine.mu, and
// calls no user code.
//
// There is one, which the engine owns: a write allocates no other.
type txn[T any] struct {
	*engine[T]
	version uint64
	state   *summary[T]
	revived bool
	notes   notes
}

// begin starts a transaction; mu is held.
func (e *engine[T]) begin() *txn[T] {
	tx := &e.turn
	*tx = txn[T]{engine: e, version: e.clock.Now() + 1, notes: e.notifier.begin()}
	state, fresh := e.summary.Edit(tx.version)
	if fresh {
		e.col.Retire(&e.summary)
	}
	tx.state = state
	return tx
}

// find returns the slot of a key in the pending state. A key that the pending
// commit took out is not found, but must come back to the slot returned with
// freed.
func (tx *txn[T]) find(hash uint32, key string) (slot uint32, found, freed bool) {
	for probe := tx.hints.Probe(hash); ; {
		place, ok := probe.Next()
		if !ok {
			return slot, false, freed
		}
		cell := tx.chunk(place)
		c := cell.Head()
		if c == nil || c.keys == nil {
			continue
		}
		i := place % chunkSize
		if cell.has(c, i, key) {
			return place, true, false
		}
		if before := cell.Before(tx.version); before != nil && before.used&(1<<i) != 0 && before.keys[i] == key {
			slot, freed = place, true
		}
	}
}

// edit returns the pending state of the chunk of a slot.
func (tx *txn[T]) edit(slot uint32) *chunk[T] {
	cell := tx.chunk(slot)
	c, fresh := cell.Edit(tx.version)
	if fresh {
		c.ownKeys = false
		tx.col.Retire(cell)
	}
	return c
}

// put stores what c says and fills in its Old and Existed.
func (tx *txn[T]) put(c *Change[T], indexes []*index[T], values [][]string) (slot uint32) {
	hash := tx.hash(c.Key)
	slot, found, freed := tx.find(hash, c.Key)
	if found {
		c.Old, c.Existed = tx.set(slot, c.Object, indexes, values), true
		return slot
	}
	var none T
	c.Old, c.Existed = none, false
	if freed {
		tx.revived = true
	} else {
		slot = tx.newSlot()
		tx.hints.Insert(hash, slot)
	}
	tx.occupy(slot, c.Key)
	tx.set(slot, c.Object, indexes, values)
	return slot
}

// set stores obj in a slot that has its key, and returns what was there.
func (tx *txn[T]) set(slot uint32, obj T, indexes []*index[T], values [][]string) (old T) {
	c := tx.edit(slot)
	place := &c.objs[slot%chunkSize]
	old, *place = *place, obj
	tx.notes.key(c.keys[slot%chunkSize])
	for n, ix := range indexes {
		tx.index(ix, slot, values[n])
	}
	return old
}

// clear takes the object out of a slot, and the slot out of the indexes.
func (tx *txn[T]) clear(slot uint32, indexes []*index[T]) (old T) {
	var none T
	c := tx.edit(slot)
	place := &c.objs[slot%chunkSize]
	old, *place = *place, none
	tx.notes.key(c.keys[slot%chunkSize])
	for _, ix := range indexes {
		tx.index(ix, slot, nil)
	}
	return old
}

// index makes values those of slot in one index.
func (tx *txn[T]) index(ix *index[T], slot uint32, values []string) {
	if tx.notes.taking {
		for _, id := range ix.ids(slot) {
			tx.notes.value(ix.name, ix.postings.Value(id))
		}
		for _, value := range values {
			tx.notes.value(ix.name, value)
		}
	}
	ix.set(tx.version, slot, values)
}

func (tx *txn[T]) newSlot() uint32 {
	if n := len(tx.free); n > 0 {
		slot := tx.free[n-1]
		tx.free = tx.free[:n-1]
		return slot
	}
	slot := tx.next
	tx.next++
	tx.chunks.Grow(slot/chunkSize + 1)
	return slot
}

// occupy gives a slot to a key.
func (tx *txn[T]) occupy(slot uint32, key string) {
	c := tx.edit(slot)
	if !c.ownKeys {
		keys := new([chunkSize]string)
		if c.keys != nil {
			*keys = *c.keys
		}
		c.keys, c.ownKeys = keys, true
		tx.chunk(slot).names.Store(keys)
	}
	c.keys[slot%chunkSize] = key
	c.used |= 1 << (slot % chunkSize)
	tx.state.len++
}

// remove takes out what c says and fills in its Old and Existed.
func (tx *txn[T]) remove(c *Change[T], indexes []*index[T]) {
	slot, found, _ := tx.find(tx.hash(c.Key), c.Key)
	if !found {
		var none T
		c.Old, c.Existed = none, false
		return
	}
	c.Old, c.Existed = tx.vacate(slot, indexes), true
}

// vacate empties a used slot and returns what was there. Key and hint stay
// until nobody can see the object any more.
func (tx *txn[T]) vacate(slot uint32, indexes []*index[T]) (old T) {
	old = tx.clear(slot, indexes)
	c := tx.edit(slot)
	c.used &^= 1 << (slot % chunkSize)
	tx.freed = append(tx.freed, slot)
	tx.state.len--
	return old
}

// raise makes resourceVersion that of the state if it is newer.
func (tx *txn[T]) raise(resourceVersion string) {
	if resourceVersion != "" && supersedes(resourceVersion, tx.state.resourceVersion) {
		tx.state.resourceVersion = resourceVersion
	}
}

// commit makes the transaction visible, drops what nobody sees any more and
// wakes who waited for it. mu is still held.
func (tx *txn[T]) commit() {
	resourceVersion := tx.state.resourceVersion
	tx.clock.Commit(tx.version)
	tx.retireAnchor()
	tx.giveBack()
	if !tx.col.PutOff() {
		tx.cleanUp.begin()
		if tx.col.Collect() {
			tx.cleanUp.stale.Store(true)
		}
	}
	tx.notifier.publish(tx.notes, resourceVersion)
	tx.validateAfterCommit()
}

// giveBack makes the slots free that the commit gave up. Their hints are removed
// together with the last state that has their keys.
func (tx *txn[T]) giveBack() {
	if tx.revived {
		slices.Sort(tx.freed)
		tx.freed = slices.Compact(tx.freed)
	}
	for _, slot := range tx.freed {
		c := tx.chunk(slot).Head()
		if c.used&(1<<(slot%chunkSize)) != 0 {
			continue
		}
		key := c.keys[slot%chunkSize]
		tx.col.Retire(&deadKey[T]{engine: tx.engine, key: key, slot: slot})
		tx.free = append(tx.free, slot)
	}
	tx.freed = tx.freed[:0]
}

// deadKey is a hint to a key that is gone, which is kept as long as a Pin sees
// a state with the key.
type deadKey[T any] struct {
	engine *engine[T]
	key    string
	slot   uint32
}

// Collect removes the hint, or waits for a Pin that needs it.
func (d *deadKey[T]) Collect(col *mvcc.Collector) {
	e, i := d.engine, d.slot%chunkSize
	pin, seen := e.chunk(d.slot).SeenBy(col, func(c *chunk[T]) bool {
		return c.used&(1<<i) != 0 && c.keys[i] == d.key
	})
	if seen {
		col.Hold(pin, d)
		return
	}
	e.hints.Remove(e.hash(d.key), d.slot)
}
