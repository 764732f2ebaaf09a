package indexer

import (
	"math/bits"

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

// replacement is a Replace in preparation: what user code said of the items,
// compared with the state at version.
type replacement[T any] struct {
	*batch[T]
	incoming[T]
	ahead   ahead
	version uint64
	// kept are the slots in which items were found.
	kept marks
	// places are the items to store, in their order.
	places []place
	// complete says that all items are in places, with their keys and index
	// values, so that the replacement stays valid whatever is written
	// meanwhile.
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
	// only if the replacement is complete, and counts only if the chunk is as
	// it was.
	same bool
}

const (
	noSlot = 1<<32 - 1
	// remembered says that the index values are those of the object in the
	// slot, for all indexes.
	remembered = 1<<32 - 1
)

// replaceAll is Indexer.ReplaceAll. Its error is that of a key; then nothing has
// changed. It returns the changes if asked to, and the index errors, which the
// caller is to tell last.
//
// The items are compared before the writer's turn. Items that are the same are
// only marked, of others the index functions run. When another writer made the
// comparison stale all items are compared anew with everything that a third
// time could need.
func (e *engine[T]) replaceAll(in incoming[T], resourceVersion string, record bool) ([]Change[T], []placedError, error) {
	r := &replacement[T]{batch: e.newBatch(), incoming: in}
	if record {
		r.changes = make([]Change[T], len(in.items), len(in.items)+len(in.items)/8)
	}
	if err := r.compare(e); err != nil {
		return nil, nil, err
	}
	e.lock()
	for !r.valid(e) {
		e.mu.Unlock()
		r.complete = true
		r.restart(e)
		if err := r.compare(e); err != nil {
			return nil, nil, err
		}
		e.lock()
	}
	tx := e.begin()
	tx.replace(r)
	if resourceVersion != "" {
		tx.state.resourceVersion = resourceVersion
	}
	tx.commit()
	r.note(e)
	e.unlock()
	errs := r.errs
	e.recycle(r.batch)
	return r.changes, errs, nil
}

// valid reports, in the writer's turn, whether the replacement can be done. What
// was found in a chunk holds as long as the chunk has the same version: a key
// that is in it stays there, and so do its object and its index values.
func (r *replacement[T]) valid(e *engine[T]) bool {
	if !r.current(e) {
		return false
	}
	if r.complete || e.clock.Now() == r.version {
		return true
	}
	for number, slots := range r.kept {
		if slots != 0 && r.outdated(e.chunks.At(uint32(number)).Version()) {
			return false
		}
	}
	return true
}

// outdated reports, by the version of the chunk in which a key was found, whether
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
	e.errors.replay(len(r.places), func(i int) (key string, written bool) {
		return r.places[i].key, !r.places[i].same
	}, r.errs)
	e.errors.keep(func(key string) bool {
		_, exists := e.get(key)
		return exists
	})
}

// replace makes the items the whole content.
func (tx *txn[T]) replace(r *replacement[T]) {
	tx.hints.Reserve(len(r.items))
	for _, ix := range *r.indexes {
		ix.reserve(len(r.items))
	}
	if r.complete {
		clear(r.kept) // what was found may be elsewhere by now
	}
	for i := range r.places {
		p := &r.places[i]
		c := Change[T]{Key: p.key, Object: r.items[p.item], Type: ChangePut}
		slot := tx.replaceItem(r, p, &c)
		r.kept.mark(slot)
		if r.changes != nil {
			r.changes[p.item] = c
		}
	}
	tx.removeOthers(r)
}

// replaceItem stores one item, or finds that it is there.
func (tx *txn[T]) replaceItem(r *replacement[T], p *place, c *Change[T]) (slot uint32) {
	indexes := *r.indexes
	switch {
	case p.slot == noSlot, r.outdated(tx.chunk(p.slot).VersionBefore(tx.version)):
		p.same = false
		return tx.put(c, indexes, r.of(int(p.values)))
	case p.same:
		c.Object = tx.chunk(p.slot).Head().objs[p.slot%chunkSize]
		c.Old, c.Existed, c.Type = c.Object, true, ChangeUnchanged
	case p.values == remembered:
		c.Old, c.Existed = tx.exchange(p.slot, c.Object, indexes), true
	default:
		c.Old, c.Existed = tx.set(p.slot, c.Object, indexes, r.of(int(p.values))), true
	}
	return p.slot
}

// exchange does what set does, for an object whose index values do not change.
func (tx *txn[T]) exchange(slot uint32, obj T, indexes []*index[T]) (old T) {
	old = tx.set(slot, obj, nil, nil)
	for _, ix := range indexes {
		ix.touch(slot)
		if tx.notes.taking {
			for _, id := range ix.ids(slot) {
				tx.notes.value(ix.name, ix.postings.Value(id))
			}
		}
	}
	return old
}

// removeOthers takes out what is not kept.
func (tx *txn[T]) removeOthers(r *replacement[T]) {
	for number := range tx.chunks.Len() {
		head := tx.chunks.At(number).Head()
		if head == nil {
			continue
		}
		for others := head.used &^ r.kept.of(number); others != 0; others &= others - 1 {
			i := uint32(bits.TrailingZeros32(others))
			c := Change[T]{Key: head.keys[i], Existed: true, Type: ChangeRemove}
			c.Old = tx.vacate(number*chunkSize+i, *r.indexes)
			if r.changes != nil {
				r.changes = append(r.changes, c)
			}
		}
	}
}
