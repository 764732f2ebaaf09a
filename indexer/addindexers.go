package indexer

import (
	"fmt"
	"maps"
	"slices"
)

// addIndexers is Indexer.AddIndexers. The new indexes run at once, hidden from
// readers, so that writes keep them; then the objects that were there are
// indexed without stopping anyone, and last the indexes are shown.
func (e *engine[T]) addIndexers(more Indexers[T]) error {
	if len(more) == 0 {
		return nil
	}
	if err := checkIndexers(e.options.Name, more); err != nil {
		return err
	}
	added, err := e.run(more)
	if err != nil {
		return err
	}
	existing, errs := e.valuesOf(added)
	e.lock()
	tx := e.begin()
	errs = slices.DeleteFunc(errs, func(failure existingError[T]) bool {
		_, written := failure.index.written[failure.slot]
		return written
	})
	for i, ix := range added {
		tx.fill(ix, existing, i)
	}
	tx.show(added)
	tx.commit()
	told := make([]placedError, 0, len(errs))
	for _, failure := range errs {
		e.errors.add([]*IndexError{failure.err.err})
		told = append(told, failure.err)
	}
	e.unlock()
	e.tell(told)
	return nil
}

// run lets writers keep the new indexes from now on.
func (e *engine[T]) run(more Indexers[T]) ([]*index[T], error) {
	e.lock()
	defer e.unlock()
	running := *e.running.Load()
	for _, ix := range running {
		if _, twice := more[ix.name]; twice {
			return nil, fmt.Errorf("%w: %q in %s: choose another name; nothing was added",
				ErrIndexExists, ix.name, e.options.Name)
		}
	}
	added := make([]*index[T], 0, len(more))
	for _, name := range sortedKeys(more) {
		ix := newIndex(name, more[name], &e.col)
		ix.written = make(map[uint32]struct{})
		added = append(added, ix)
	}
	running = append(slices.Clone(running), added...)
	e.running.Store(&running)
	return added, nil
}

// existing has the values of one object that was there before the new indexes.
type existing struct {
	slot   uint32
	values [][]string // by new index
}

type existingError[T any] struct {
	index *index[T]
	slot  uint32
	err   placedError
}

// valuesOf computes the values of all objects, outside any turn.
func (e *engine[T]) valuesOf(added []*index[T]) (all []existing, errs []existingError[T]) {
	v, pin := e.read()
	defer e.release(pin)
	all = make([]existing, 0, v.summary().len)
	for number := range e.chunks.Len() {
		c := e.chunks.At(number).At(v.version)
		if c == nil {
			continue
		}
		for i := range uint32(chunkSize) {
			if c.used&(1<<i) == 0 {
				continue
			}
			object := existing{slot: number*chunkSize + i, values: make([][]string, len(added))}
			for n, ix := range added {
				values, err := ix.values(c.objs[i])
				if err != nil {
					errs = append(errs, existingError[T]{ix, object.slot, e.indexError(0, ix, c.keys[i], c.objs[i], err)})
				}
				object.values[n] = values
			}
			all = append(all, object)
		}
	}
	return all, errs
}

// fill indexes the objects that were not written since the index began to run.
func (tx *txn[T]) fill(ix *index[T], all []existing, n int) {
	written := ix.written
	ix.written = nil
	for _, object := range all {
		if _, since := written[object.slot]; !since {
			tx.index(ix, object.slot, object.values[n])
		}
	}
}

// show makes indexes visible with the commit.
func (tx *txn[T]) show(added []*index[T]) {
	indexes := maps.Clone(tx.state.indexes)
	for _, ix := range added {
		indexes[ix.name] = ix
	}
	tx.state.indexes = indexes
}
