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
	// Undo is that of the state if it is sealed. If it is nil, Torn is set where
	// a commit that is under way has changed what the state had.
	Undo *cells.Undo
	Torn *bool
}

// members returns those of a cell, nil for none.
func (v View) members(cell uint32) *members {
	l := v.sets.Load(cell)
	if l != nil && l.Version > v.Version {
		if v.Undo == nil {
			*v.Torn = true
			return nil
		}
		l = cells.At(v.Undo, v.Version, v.Which, cell, l)
	}
	if l == nil {
		return nil
	}
	return &l.Val
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
func (s Set) Len() int {
	n := 0
	for _, r := range s.list {
		if m := s.view.members(r.cell); m != nil {
			n += m.len()
		}
	}
	return n
}

// Parts is the number that Part takes.
func (s Set) Parts() int { return len(s.list) }

// Part appends the slots of one part of the set, ascending and at most MaxRuns,
// to buf.
func (s Set) Part(i int, buf []Run) []Run {
	m := s.view.members(s.list[i].cell)
	if m == nil {
		return buf
	}
	return m.runs(s.list[i].number<<rangeBits, buf)
}

// Values returns the values that have a slot.
func (v View) Values() []string {
	values := []string{}
	for id := range v.values.All {
		if (Set{v, v.list(id)}).Len() > 0 {
			values = append(values, v.values.Name(id))
		}
	}
	return values
}
