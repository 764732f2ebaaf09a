package postings

import (
	"slices"
	"sync/atomic"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/hints"
)

// Book is what the writer of an Index knows of it. The zero Book is that of New.
type Book struct {
	values hints.Keeper
	// sizes has how many slots each id has. A value without slots is dead.
	sizes []uint32
	live  int
	// next is the first cell that was never used since the Index was made anew,
	// free are cells below it without a range.
	next uint32
	free []uint32
}

// Change is a writer's turn with one Index. Index is replaced when a state that
// somebody sealed has it, or when it is made anew.
type Change struct {
	Book   *Book
	Editor *cells.Editor
	// Which is the number of the Index's array for Editor.
	Which int
	// Index is that of the state to come. Own says that the state before does not
	// have it.
	Index *Index
	Own   bool
}

// ID returns the id of value, which it creates if there is none. The id is valid
// as long as a slot is in its set, and until the next call.
func (c *Change) ID(hash uint32, value string) uint32 {
	b := c.Book
	if id, ok := b.values.Table().Find(hash, value); ok {
		return id
	}
	if !b.values.Room(1) {
		c.rebuild()
	}
	id := b.values.Add(hash, value)
	b.sizes[id] = 0
	return id
}

// own makes Index one that the state before does not have.
func (c *Change) own() *Index {
	if !c.Own {
		x := *c.Index
		c.Index, c.Own = &x, true
	}
	return c.Index
}

// Shrink makes Index anew where most of the values are dead.
func (c *Change) Shrink() {
	if slots := int(c.Book.values.Table().Len()); slots > 1024 && c.Book.live < slots/4 {
		c.rebuild()
	}
}

// rebuild leaves out what is dead, and makes room for a quarter more values.
func (c *Change) rebuild() {
	b := c.Book
	b.values.Rebuild(b.live+b.live/4+8, func(id uint32) bool { return b.sizes[id] > 0 })
	table := b.values.Table()
	before := *c.Index
	x := c.own()
	x.values, x.ranges = table, make([]atomic.Pointer[[]spot], table.Len())
	kept := make([]bool, b.next)
	b.next, b.free = 0, nil
	for id := range table.All {
		list := slices.DeleteFunc(slices.Clone(before.list(id)), func(s spot) bool {
			l := before.sets.Load(s.cell)
			return l == nil || l.Val.len() == 0
		})
		for _, s := range list {
			kept[s.cell] = true
			b.next = max(b.next, s.cell+1)
		}
		x.ranges[id].Store(&list)
	}
	cells.Resize(c.Editor, &x.sets, b.next+b.next/4)
	for cell := b.next; cell > 0; cell-- {
		if !kept[cell-1] {
			b.free = append(b.free, cell-1)
			if x.sets.Load(cell-1) != nil {
				cells.Put(c.Editor, &x.sets, cell-1, nil)
			}
		}
	}
	sizes := make([]uint32, table.Len())
	copy(sizes, b.sizes)
	b.sizes = sizes
}

// Add puts a slot, which is not in it, into the set of id.
func (c *Change) Add(id, slot uint32) {
	c.edit(id, slot).add(uint16(slot % rangeSize))
	if c.Book.sizes[id]++; c.Book.sizes[id] == 1 {
		c.Book.live++
	}
}

// Remove takes a slot, which is in it, out of the set of id.
func (c *Change) Remove(id, slot uint32) {
	c.edit(id, slot).remove(uint16(slot % rangeSize))
	if c.Book.sizes[id]--; c.Book.sizes[id] == 0 {
		c.Book.live--
	}
}

// edit returns the pending members of the range that slot lies in.
func (c *Change) edit(id, slot uint32) *members {
	cell := c.cell(id, slot>>rangeBits)
	sets := c.Index.sets
	l, fresh := cells.Edit(c.Editor, &sets, c.Which, cell)
	if sets != c.Index.sets {
		c.own().sets = sets
	}
	if fresh {
		l.Val.own()
	}
	return &l.Val
}

// cell returns the cell of a range, which it creates if there is none.
func (c *Change) cell(id, number uint32) uint32 {
	list := c.Index.list(id)
	at, found := find(list, number)
	if found {
		return list[at].cell
	}
	b := c.Book
	s := spot{number: number, cell: b.next}
	if n := len(b.free); n > 0 {
		s.cell, b.free = b.free[n-1], b.free[:n-1]
	} else if b.next++; s.cell >= c.Index.sets.Len() {
		x := c.own()
		cells.Resize(c.Editor, &x.sets, b.next+b.next/4)
	}
	list = slices.Insert(slices.Clone(list), at, s)
	c.Index.ranges[id].Store(&list)
	return s.cell
}
