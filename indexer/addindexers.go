package indexer

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/informant-go/informant/internal/postings"
)

// addIndexers is Indexer.AddIndexers. From its first turn on writers keep the new
// indexes, hidden from readers. Then the index functions run over the objects that
// were there, and nobody waits for them. A second turn puts what they gave into the
// indexes, and shows them.
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
	slots, values := e.valuesFrom(from)
	e.mu.Lock()
	t := e.begin(maxInPlace + 1)
	told := slices.DeleteFunc(values.errs, func(failure placedError) bool {
		return !t.isUnknown(t.st.indexes.number(failure.err.Index), slots[failure.at])
	})
	for _, failure := range told {
		e.errors.add([]*IndexError{failure.err})
	}
	t.fill(from, slots, values)
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

// valuesFrom computes the values of all objects for the indexes from number from
// on, outside any turn. The object in slots[i] has number i in the batch.
func (e *engine[T]) valuesFrom(from int) (slots []uint32, b *batch[T]) {
	v := e.seal()
	b = &batch[T]{indexes: &indexList[T]{all: v.indexes.all[from:]}}
	v.each(everything, func(key string, obj T) bool {
		slot, _ := v.keys.Find(e.hash(key), key)
		b.index(e, len(slots), key, obj)
		slots = append(slots, slot)
		return true
	})
	return slots, b
}

// isUnknown reports whether the object in a slot is still one that was there
// before the index, and was not written since.
func (t *turn[T]) isUnknown(n int, slot uint32) bool {
	words := t.rows.Load().of(slot)
	return n < len(words) && words[n].Load() == unknown
}

// fill indexes the objects that were not written since writers keep the indexes.
func (t *turn[T]) fill(from int, slots []uint32, b *batch[T]) {
	added := len(b.indexes.all)
	for i, slot := range slots {
		for n, values := range b.of(i * added) {
			if t.isUnknown(from+n, slot) {
				t.index(from+n, slot, values)
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
