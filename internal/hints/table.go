package hints

import "sync/atomic"

// Table maps names to places, one place to a name. Any goroutine may search it;
// a Keeper adds to it.
type Table struct {
	// cells are searched from the one that the hash says, up to an empty one. A
	// cell has the hash and the place plus one; it is written once, after the
	// name. At least a fifth of the cells is empty, where linear probing is
	// still short.
	cells []atomic.Uint64
	// names has the name of each place that the cells lead to. Each is written
	// once.
	names []string
}

// Find returns the place of a name. hash is the same for equal names.
func (t *Table) Find(hash uint32, name string) (place uint32, ok bool) {
	n := len(t.cells)
	for i := first(hash, n); n > 0; {
		c := t.cells[i].Load()
		if c == 0 {
			return 0, false
		}
		if uint32(c>>32) == hash {
			if place = uint32(c) - 1; t.names[place] == name {
				return place, true
			}
		}
		if i++; i == n {
			i = 0
		}
	}
	return 0, false
}

// Touch reads the cell at which Find begins. The sum of what many calls return
// says nothing; they are for their loads, which do not wait for one another.
func (t *Table) Touch(hash uint32) uint64 {
	if len(t.cells) == 0 {
		return 0
	}
	return t.cells[first(hash, len(t.cells))].Load()
}

// first is where the search for a hash begins. The number of cells need not be a
// power of two.
func first(hash uint32, cells int) int { return int(uint64(hash) * uint64(cells) >> 32) }

// Name returns the name of a place that Find, All or Keeper.Add gave.
func (t *Table) Name(place uint32) string { return t.names[place] }

// Has reports whether place, of this Table or of another, stands for name here.
func (t *Table) Has(place uint32, name string) bool {
	return int(place) < len(t.names) && t.names[place] == name
}

// Len is the number of places that there is room for; all places are below it.
func (t *Table) Len() uint32 { return uint32(len(t.names)) }

// All yields the places that have a name, in no order.
func (t *Table) All(yield func(place uint32) bool) {
	for i := range t.cells {
		if c := t.cells[i].Load(); c != 0 && !yield(uint32(c)-1) {
			return
		}
	}
}

func (t *Table) add(c uint64) {
	for i := first(uint32(c>>32), len(t.cells)); ; {
		if t.cells[i].Load() == 0 {
			t.cells[i].Store(c)
			return
		}
		if i++; i == len(t.cells) {
			i = 0
		}
	}
}
