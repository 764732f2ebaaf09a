package indexer

import (
	"fmt"
	"math/bits"
	"slices"
)

// validate checks, in the writer's turn and after a commit, that every object
// is found by its key, that no used slot is free, and that indexes and rows tell
// the same (S3).
func (e *engine[T]) validate() error {
	st := e.head.Load()
	if err := e.validateSlots(st); err != nil {
		return err
	}
	if err := e.keys.Validate(); err != nil {
		return err
	}
	for n := range st.sets {
		if err := e.validateIndex(st, n); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine[T]) validateSlots(st *state[T]) error {
	if st.keys != e.keys.Table() {
		return fmt.Errorf("indexer: the state has another table than the writer")
	}
	used := 0
	for cell, l := range st.objects.All {
		if l.Version > st.version {
			return fmt.Errorf("indexer: chunk %d is of version %d, the state of %d", cell, l.Version, st.version)
		}
		used += bits.OnesCount32(l.Val.used)
		for mask := l.Val.used; mask != 0; mask &= mask - 1 {
			slot := cell*chunkSize + uint32(bits.TrailingZeros32(mask))
			key := st.keys.Name(slot)
			if at, found := st.keys.Find(e.hash(key), key); !found || at != slot {
				return fmt.Errorf("indexer: %q in slot %d is found in slot %d (%v)", key, slot, at, found)
			}
		}
	}
	if st.len != used {
		return fmt.Errorf("indexer: %d objects counted, %d found", st.len, used)
	}
	return nil
}

func (e *engine[T]) validateIndex(st *state[T], n int) error {
	ix := st.indexes.all[n]
	sets, err := ix.book.Validate(st.sets[n])
	if err != nil {
		return err
	}
	pairs := 0
	rows := e.rows.Load()
	for slot := range rows.slots() {
		for _, id := range ix.ids(slot, rows.of(slot)[n].Load()) {
			pairs++
			value := st.sets[n].Value(id)
			if _, listed := slices.BinarySearch(sets[value], slot); !listed {
				return fmt.Errorf("indexer: index %q does not list slot %d under %q", ix.name, slot, value)
			}
			if l := st.objects.Load(slot / chunkSize); l == nil || l.Val.used&(1<<(slot%chunkSize)) == 0 {
				return fmt.Errorf("indexer: index %q remembers values of slot %d, which is free", ix.name, slot)
			}
		}
	}
	for value, slots := range sets {
		if pairs -= len(slots); pairs < 0 {
			return fmt.Errorf("indexer: index %q lists more under %q than it remembers", ix.name, value)
		}
	}
	return nil
}
