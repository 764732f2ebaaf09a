package indexer

import "math/bits"

// place is what a replacement knows of one item.
type place struct {
	// slot is where the item's key was in the version that was read, when
	// found.
	slot uint32
	// values is where the batch has the item's index values.
	values uint32
	found  bool
	// same says that the stored object had the version of the item; it is
	// taken back when the item is stored all the same.
	same bool
}

// replacement is a Replace in preparation: what user code said of the items,
// compared with the state at version.
type replacement[T any] struct {
	*batch[T]
	keys    []string
	items   []T
	version uint64
	places  []place
	// complete says that items that are the same have index values too, so
	// that the replacement stays valid whatever is written meanwhile.
	complete bool
}

// replaceAll is Indexer.ReplaceAll, and returns the changes if asked to. Index
// functions run for the items that change only, before the writer's turn. When
// another writer made the comparison stale they run once more for all items,
// so that a third time is not needed.
func (e *engine[T]) replaceAll(keys []string, items []T, resourceVersion string, record bool) []Change[T] {
	r := &replacement[T]{batch: e.newBatch(), keys: keys, items: items}
	r.compare(e)
	e.mu.Lock()
	for !r.valid(e) {
		e.mu.Unlock()
		r.complete = true
		r.restart(e)
		r.compare(e)
		e.mu.Lock()
	}
	var changes []Change[T]
	if record {
		changes = make([]Change[T], 0, len(items))
	}
	tx := e.begin()
	changes = tx.replace(r, changes)
	if resourceVersion != "" {
		tx.state.resourceVersion = resourceVersion
	}
	tx.commit()
	r.note(e)
	e.unlock()
	e.tell(r.errs)
	e.recycle(r.batch)
	return changes
}

// compare finds the items in the present state.
func (r *replacement[T]) compare(e *engine[T]) {
	v, pin := e.read()
	defer e.release(pin)
	r.version = v.version
	r.places = make([]place, len(r.keys))
	seen := make(marks, e.chunks.Len())
	for i, key := range r.keys {
		p := &r.places[i]
		*p = r.place(v, key, i)
		if p.found && seen.mark(p.slot) {
			p.same = false // the key comes twice, the last item counts
		}
		if !p.same || r.complete {
			if r.values == nil {
				r.values = make([][]string, 0, len(*r.indexes)*(len(r.keys)-i))
			}
			p.values = uint32(r.index(e, i, key, r.items[i]))
		}
	}
}

func (r *replacement[T]) place(v view[T], key string, i int) place {
	slot, old, found := v.locate(key)
	if !found {
		return place{}
	}
	if v.engine.renew {
		return place{slot: slot, found: true}
	}
	version := v.engine.versionOf(r.items[i])
	return place{slot: slot, found: true, same: version != "" && version == v.engine.versionOf(old)}
}

// valid tells, in the writer's turn, whether the replacement can be done.
func (r *replacement[T]) valid(e *engine[T]) bool {
	if !r.current(e) {
		return false
	}
	if r.complete || e.clock.Now() == r.version {
		return true
	}
	for i := range r.places {
		if p := &r.places[i]; p.same && r.outdated(e.chunk(p.slot).Version()) {
			return false
		}
	}
	return true
}

// outdated tells, by the version of the chunk in which a key was found, whether
// the key may be elsewhere by now. A chunk without a version has been dropped.
func (r *replacement[T]) outdated(version uint64) bool {
	return version == 0 || version > r.version
}

// note writes into the book of errors what the replacement changed there, and
// leaves in errs what is new.
func (r *replacement[T]) note(e *engine[T]) {
	fresh := r.errs[:0]
	for _, failure := range r.errs {
		if !r.places[failure.at].same {
			fresh = append(fresh, failure)
		}
	}
	r.errs = fresh
	e.errors.replay(len(r.keys), func(i int) string {
		if r.places[i].same {
			return ""
		}
		return r.keys[i]
	}, r.errs)
	e.errors.keep(func(key string) bool {
		_, exists := e.get(key)
		return exists
	})
}

// replace makes the items the whole content and appends what that changes to
// changes, unless it is nil.
func (tx *txn[T]) replace(r *replacement[T], changes []Change[T]) []Change[T] {
	tx.hints.Reserve(len(r.keys))
	for _, ix := range *r.indexes {
		ix.reserve(len(r.keys))
	}
	kept := make(marks, tx.chunks.Len())
	for i, key := range r.keys {
		c := Change[T]{Key: key, Object: r.items[i], Type: Put}
		kept.mark(tx.replaceItem(r, i, &c))
		if changes != nil {
			changes = append(changes, c)
		}
	}
	return tx.removeOthers(kept, *r.indexes, changes)
}

// replaceItem stores one item, or finds that it is there.
func (tx *txn[T]) replaceItem(r *replacement[T], i int, c *Change[T]) (slot uint32) {
	p := &r.places[i]
	if !p.found || r.outdated(tx.chunk(p.slot).VersionBefore(tx.version)) {
		p.same = false
		return tx.put(c, *r.indexes, r.of(int(p.values)))
	}
	if p.same {
		c.Object = tx.chunk(p.slot).Head().objs[p.slot%chunkSize]
		c.Old, c.Existed, c.Type = c.Object, true, Unchanged
		return p.slot
	}
	c.Old, c.Existed = tx.set(p.slot, c.Object, *r.indexes, r.of(int(p.values))), true
	return p.slot
}

// removeOthers takes out what is not in kept.
func (tx *txn[T]) removeOthers(kept marks, indexes []*index[T], changes []Change[T]) []Change[T] {
	for number := range tx.chunks.Len() {
		head := tx.chunks.At(number).Head()
		if head == nil {
			continue
		}
		for others := head.used &^ kept.of(number); others != 0; others &= others - 1 {
			i := uint32(bits.TrailingZeros32(others))
			c := Change[T]{Key: head.keys[i], Existed: true, Type: Remove}
			c.Old = tx.vacate(number*chunkSize+i, indexes)
			if changes != nil {
				changes = append(changes, c)
			}
		}
	}
	return changes
}

// locate is get with the place of the key.
func (v view[T]) locate(key string) (slot uint32, obj T, found bool) {
	e := v.engine
	for probe := e.hints.Probe(e.hash(key)); ; {
		slot, ok := probe.Next()
		if !ok {
			return 0, obj, false
		}
		c := e.chunk(slot).At(v.version)
		if i := slot % chunkSize; c != nil && c.used&(1<<i) != 0 && c.keys[i] == key {
			return slot, c.objs[i], true
		}
	}
}

// marks is a set of slots, one word a chunk.
type marks []uint32

// mark adds a slot and tells whether it was there already.
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
