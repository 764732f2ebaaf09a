package hints

import (
	"fmt"
	"sync/atomic"
)

// Keeper gives out the places of a Table. One goroutine at a time uses it. The
// zero Keeper has an empty Table without room.
type Keeper struct {
	table *Table
	// next is the first place that was never given out since the Table was made,
	// free are places below it that no cell leads to, the smallest last.
	next uint32
	free []uint32
	// used counts the cells that lead to a place, room is how many may.
	used, room int
}

var none Table

// Table returns the present Table.
func (k *Keeper) Table() *Table {
	if k.table == nil {
		return &none
	}
	return k.table
}

// Room reports whether n more names can be added to the present Table.
func (k *Keeper) Room(n int) bool { return k.used+n <= k.room }

// Add gives a place to a name that has none; there is Room for it.
func (k *Keeper) Add(hash uint32, name string) (place uint32) {
	if n := len(k.free); n > 0 {
		place, k.free = k.free[n-1], k.free[:n-1]
	} else {
		place = k.next
		k.next++
	}
	k.used++
	k.table.names[place] = name
	k.table.add(uint64(hash)<<32 | uint64(place+1))
	return place
}

// Rebuild makes a Table of the names whose places live, which keep them, with
// room for n names in all, or for those that there are. The other places are
// free from now on.
func (k *Keeper) Rebuild(n int, live func(place uint32) bool) {
	old := k.Table()
	var keep []uint64
	var next uint32
	for i := range old.cells {
		if c := old.cells[i].Load(); c != 0 && live(uint32(c)-1) {
			keep = append(keep, c)
			next = max(next, uint32(c))
		}
	}
	// What this costs goes by the largest place, so it has room for a part of that.
	n = max(n, len(keep), int(next/4), 8)
	t := &Table{cells: make([]atomic.Uint64, n+n/4+n/64+2)}
	k.room = len(t.cells) - len(t.cells)/5
	t.names = make([]string, max(int(next), k.room))
	for _, c := range keep {
		t.add(c)
		t.names[uint32(c)-1] = old.names[uint32(c)-1]
	}
	k.table, k.next, k.used = t, next, len(keep)
	k.free = nil
	for place := next; place > 0; place-- {
		if !live(place - 1) {
			k.free = append(k.free, place-1)
		}
	}
}

// Validate checks the Table: every cell is found by its name, each place is given
// out once or free. It is for tests and debug builds.
func (k *Keeper) Validate() error {
	t := k.Table()
	taken := make(map[uint32]bool)
	cells := 0
	for i := range t.cells {
		c := t.cells[i].Load()
		if c == 0 {
			continue
		}
		cells++
		place := uint32(c) - 1
		if at, ok := t.Find(uint32(c>>32), t.names[place]); !ok || at != place || taken[place] {
			return fmt.Errorf("hints: %q at place %d is found at %d (%v), given out twice: %v", t.names[place], place, at, ok, taken[place])
		}
		taken[place] = true
	}
	for _, place := range k.free {
		if taken[place] || place >= k.next {
			return fmt.Errorf("hints: place %d is free and below %d: %v, and has a name: %v", place, k.next, place < k.next, taken[place])
		}
	}
	if cells != k.used || cells > k.room || cells+len(k.free) != int(k.next) || int(k.next) > len(t.names) {
		return fmt.Errorf("hints: %d cells, %d counted, room for %d; %d places free of %d, names for %d", cells, k.used, k.room, len(k.free), k.next, len(t.names))
	}
	return nil
}
