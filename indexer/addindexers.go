package indexer

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/informant-go/informant/internal/postings"
)

// addIndexers is Indexer.AddIndexers. From its first turn on writers keep the new
// indexes, hidden from readers; then the objects that were there are indexed
// without stopping anyone, and last the indexes are shown.
func (e *engine[T]) addIndexers(more Indexers[T]) error {
	if len(more) == 0 {
		return nil
	}
	if err := checkIndexers(e.options.Name, more); err != nil {
		return err
	}
	from, err := e.keepIndexes(more)
	if err != nil {
		return err
	}
	existing, errs := e.valuesFrom(from)
	e.mu.Lock()
	t := e.begin(maxInPlace + 1)
	told := make([]placedError, 0, len(errs))
	for _, failure := range errs {
		if t.isUnknown(failure.index, failure.slot) {
			e.errors.add([]*IndexError{failure.err.err})
			told = append(told, failure.err)
		}
	}
	t.fill(from, existing)
	t.show(from, len(more))
	t.commit()
	e.mu.Unlock()
	e.tell(told)
	return nil
}

// keepIndexes lets writers keep new indexes from now on, and returns the number of
// the first one.
func (e *engine[T]) keepIndexes(more Indexers[T]) (from int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := *e.head.Load().indexes
	for _, ix := range list.all {
		if _, twice := more[ix.name]; twice {
			return 0, fmt.Errorf("%w: %q in %s: choose another name; nothing was added",
				ErrIndexExists, ix.name, e.options.Name)
		}
	}
	t := e.begin(0)
	from = len(list.all)
	list.all, t.st.sets = slices.Clone(list.all), slices.Clone(t.st.sets)
	for _, name := range sortedKeys(more) {
		list.all = append(list.all, newIndex(name, more[name]))
		t.st.sets = append(t.st.sets, postings.New())
	}
	t.st.indexes = &list
	grown := e.rows.Load().resize(t.st.keys.Len(), len(list.all))
	for cell, l := range t.st.objects.All {
		for used := l.Val.used; used != 0; used &= used - 1 {
			for n, words := from, grown.of(cell*chunkSize+uint32(bits.TrailingZeros32(used))); n < len(words); n++ {
				words[n].Store(unknown)
			}
		}
	}
	e.rows.Store(grown)
	t.commit()
	return from, nil
}

// existing has the values of one object that was there before the new indexes.
type existing struct {
	slot   uint32
	values [][]string // by new index
}

type existingError struct {
	index int
	slot  uint32
	err   placedError
}

// valuesFrom computes the values of all objects for the indexes from number from
// on, outside any turn.
func (e *engine[T]) valuesFrom(from int) (all []existing, errs []existingError) {
	v := e.seal()
	added := v.indexes.all[from:]
	all = make([]existing, 0, v.len)
	v.each(everything, func(key string, obj T) bool {
		slot, _ := v.keys.Find(e.hash(key), key)
		object := existing{slot: slot, values: make([][]string, len(added))}
		for n, ix := range added {
			if isNil(obj) {
				continue
			}
			values, err := ix.values(obj)
			if err != nil {
				errs = append(errs, existingError{from + n, slot, e.indexError(0, ix, key, obj, err)})
			}
			object.values[n] = values
		}
		all = append(all, object)
		return true
	})
	return all, errs
}

// isUnknown reports whether the object in a slot is still one that was there
// before the index, and was not written since.
func (t *turn[T]) isUnknown(n int, slot uint32) bool {
	words := t.rows.Load().of(slot)
	return n < len(words) && words[n].Load() == unknown
}

// fill indexes the objects that were not written since writers keep the indexes.
func (t *turn[T]) fill(from int, all []existing) {
	for _, object := range all {
		for n, values := range object.values {
			if t.isUnknown(from+n, object.slot) {
				t.index(from+n, object.slot, values)
			}
		}
	}
}

// show makes the count indexes from number from on visible with the commit.
func (t *turn[T]) show(from, count int) {
	list := *t.st.indexes
	list.shown = maps.Clone(list.shown)
	for n := from; n < from+count; n++ {
		list.shown[list.all[n].name] = n
	}
	t.st.indexes = &list
}
