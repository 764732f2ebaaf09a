package indexer

import (
	"fmt"
	"math/bits"
	"slices"
)

// validate checks, in the writer's turn and after a commit, that every object
// is found by its key, that every slot is used or free, and that indexes and
// columns tell the same (S3).
func (e *engine[T]) validate() error {
	if err := e.validateSlots(); err != nil {
		return err
	}
	for _, ix := range *e.running.Load() {
		if err := e.validateIndex(ix); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine[T]) validateSlots() error {
	used := 0
	free := make(map[uint32]bool, len(e.free))
	for _, slot := range e.free {
		free[slot] = true
	}
	for number := range e.chunks.Len() {
		c := e.chunks.At(number).Head()
		if c == nil {
			continue
		}
		used += bits.OnesCount32(c.used)
		for i := range uint32(chunkSize) {
			slot := number*chunkSize + i
			if c.used&(1<<i) == 0 {
				continue
			}
			v := view[T]{engine: e, version: e.clock.Now()}
			if at, found := v.locate(c.keys[i]); !found || at.slot != slot {
				return fmt.Errorf("indexer: %q in slot %d is found in slot %d (%v)", c.keys[i], slot, at.slot, found)
			}
			if free[slot] {
				return fmt.Errorf("indexer: slot %d of %q is free", slot, c.keys[i])
			}
		}
	}
	if n := e.summary.Head().len; n != used || len(free) != len(e.free) || used+len(free) != int(e.next) {
		return fmt.Errorf("indexer: %d objects counted, %d found, %d slots free of %d", n, used, len(e.free), e.next)
	}
	return nil
}

func (e *engine[T]) validateIndex(ix *index[T]) error {
	sets, err := ix.postings.Validate()
	if err != nil {
		return err
	}
	pairs := 0
	for slot := range uint32(len(ix.slots())) {
		for _, id := range ix.ids(slot) {
			pairs++
			value := ix.postings.Value(id)
			if _, listed := slices.BinarySearch(sets[value], slot); !listed {
				return fmt.Errorf("indexer: index %q does not list slot %d under %q", ix.name, slot, value)
			}
			if c := e.chunk(slot).Head(); c == nil || c.used&(1<<(slot%chunkSize)) == 0 {
				return fmt.Errorf("indexer: index %q remembers values of slot %d, which is free", ix.name, slot)
			}
		}
	}
	for value, slots := range sets {
		pairs -= len(slots)
		if pairs < 0 {
			return fmt.Errorf("indexer: index %q lists more under %q than it remembers", ix.name, value)
		}
	}
	return nil
}
