package postings

import (
	"slices"
	"sync/atomic"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/hints"
)

// Index is one index as states have it in common: readers look values up in it by
// a View, a Book changes it.
type Index struct {
	values *hints.Table
	// ranges has a list for each id, by number. A list is replaced, never changed.
	ranges []atomic.Pointer[[]spot]
	sets   *cells.Array[members]
}

// spot is where the members of a range are.
type spot struct{ number, cell uint32 }

// list returns the ranges of an id.
func (x *Index) list(id uint32) []spot {
	if l := x.ranges[id].Load(); l != nil {
		return *l
	}
	return nil
}

// find returns where the range of a number is in a list, or belongs. A value with
// slots in all ranges has range n at place n, so that is looked at first.
func find(list []spot, number uint32) (at int, found bool) {
	if int(number) < len(list) && list[number].number == number {
		return int(number), true
	}
	return slices.BinarySearchFunc(list, number, func(s spot, n uint32) int { return int(s.number) - int(n) })
}

// New returns an Index without values.
func New() *Index { return &Index{values: new(hints.Table), sets: new(cells.Array[members])} }

// Has reports whether id, which a Book has given out at some time, stands for
// value. Any goroutine may ask.
func (x *Index) Has(id uint32, value string) bool { return x.values.Has(id, value) }

// Value returns the value of an id that has a slot.
func (x *Index) Value(id uint32) string { return x.values.Name(id) }

// View is an Index in one state.
type View struct {
	*Index
	// Which is the number of the Index's array in Undo.
	Which   int
	Version uint64
	// Undo is that of the state if it is sealed, or nil. Then what is asked of the
	// View may be answered by false: a commit that is under way has changed what
	// the state had.
	Undo *cells.Undo
}

// none are the members of a cell without a leaf.
var none members

// members returns those of a cell.
func (v *View) members(cell uint32) (m *members, ok bool) {
	l := v.sets.Load(cell)
	if l != nil && l.Version > v.Version {
		if v.Undo == nil {
			return &none, false
		}
		l = cells.At(v.Undo, v.Version, v.Which, cell, l)
	}
	if l == nil {
		return &none, true
	}
	return &l.Val, true
}

// Set is the set of a value in one state.
type Set struct {
	view View
	list []spot
}

// Find returns the set of a value; hash is that of the value.
func (v View) Find(hash uint32, value string) Set {
	id, ok := v.values.Find(hash, value)
	if !ok {
		return Set{}
	}
	return Set{v, v.list(id)}
}

// Len counts the slots.
func (s *Set) Len() (n int, ok bool) {
	ok = true
	for _, r := range s.list {
		m, there := s.view.members(r.cell)
		n, ok = n+m.len(), ok && there
	}
	return n, ok
}

// Parts is the number that Part takes.
func (s *Set) Parts() int { return len(s.list) }

// Part appends the slots of one part of the set, ascending and at most MaxRuns,
// to buf.
func (s *Set) Part(i int, buf []Run) (runs []Run, ok bool) {
	m, ok := s.view.members(s.list[i].cell)
	return m.runs(s.list[i].number<<rangeBits, buf), ok
}

// Values returns the values that have a slot.
func (v View) Values() (values []string, ok bool) {
	values, ok = []string{}, true
	for id := range v.values.All {
		set := Set{v, v.list(id)}
		n, there := set.Len()
		if ok = ok && there; n > 0 {
			values = append(values, v.values.Name(id))
		}
	}
	return values, ok
}
