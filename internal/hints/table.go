// Package hints finds by hash the places where a key may be. A reader looks at each
// of them whether the key is there. So a Table may hold places that are out of
// date or not yet valid, and needs no versions.
package hints

import "sync/atomic"

// A cell holds the hash in its upper half, and in its lower one the place plus two
// or one of these.
const (
	empty = 0
	gone  = 1
)

// MaxPlace is the largest place that a Table can hold.
const MaxPlace = 1<<32 - 3

const minCells = 8

// Table maps hashes to places, any number of places to a hash. One goroutine
// at a time calls Insert, Remove and Reserve; any goroutine may Probe, without
// a lock and without writing. The zero Table is empty.
//
// A Probe finds every place that is in the Table from before the Probe began
// until it ends: cells are never moved within an array, and a full array is
// replaced by a copy.
type Table struct {
	cells atomic.Pointer[array]
	// live is the number of places, used that of places and gone cells. Only the
	// writer uses them.
	live, used int
}

// array has a power of two of cells, at least one of them empty.
type array []atomic.Uint64

// Probe iterates over the places of one hash.
type Probe struct {
	cells []atomic.Uint64
	hash  uint32
	at    uint32
}

// Probe begins a search.
func (t *Table) Probe(hash uint32) Probe {
	p := Probe{hash: hash, at: hash}
	if a := t.cells.Load(); a != nil {
		p.cells = *a
	}
	return p
}

// Next returns the next place of the hash, in no particular order.
func (p *Probe) Next() (place uint32, ok bool) {
	if len(p.cells) == 0 {
		return 0, false
	}
	mask := uint32(len(p.cells) - 1)
	for {
		c := p.cells[p.at&mask].Load()
		if c == empty {
			return 0, false
		}
		p.at++
		if uint32(c>>32) == p.hash && c&0xffffffff != gone {
			return uint32(c) - 2, true
		}
	}
}

// Insert adds a place for hash, once more if it is there already.
func (t *Table) Insert(hash, place uint32) {
	a := t.cells.Load()
	if a == nil || !fits(t.used+1, len(*a)) {
		t.resize(t.live + 1)
		a = t.cells.Load()
	}
	if a.insert(uint64(hash)<<32 | uint64(place+2)) {
		t.used++
	}
	t.live++
}

// insert puts c into the first cell that is empty or gone, and reports
// whether it was empty.
func (a array) insert(c uint64) (wasEmpty bool) {
	mask := uint32(len(a) - 1)
	for i := uint32(c >> 32); ; i++ {
		cell := &a[i&mask]
		switch old := cell.Load(); {
		case old == empty:
			cell.Store(c)
			return true
		case old&0xffffffff == gone:
			cell.Store(c)
			return false
		}
	}
}

// Remove removes one place of hash, and reports whether it was there.
func (t *Table) Remove(hash, place uint32) bool {
	a := t.cells.Load()
	if a == nil {
		return false
	}
	want := uint64(hash)<<32 | uint64(place+2)
	mask := uint32(len(*a) - 1)
	for i := hash; ; i++ {
		cell := &(*a)[i&mask]
		switch cell.Load() {
		case empty:
			return false
		case want:
			cell.Store(uint64(hash)<<32 | gone)
			t.live--
			if len(*a) > minCells && t.live < len(*a)/8 {
				t.resize(t.live)
			}
			return true
		}
	}
}

// Reserve makes room for n places in all.
func (t *Table) Reserve(n int) {
	if a := t.cells.Load(); a == nil || !fits(n, len(*a)) {
		t.resize(max(n, t.live))
	}
}

// Len is the number of places, for the writer.
func (t *Table) Len() int { return t.live }

// fits leaves a fifth of the cells empty, where linear probing is still short.
func fits(n, cells int) bool { return n < cells-cells/5 }

func (t *Table) resize(n int) {
	cells := minCells
	for !fits(n+n/64+1, cells) {
		cells *= 2
	}
	a := make(array, cells)
	if old := t.cells.Load(); old != nil {
		for i := range *old {
			if c := (*old)[i].Load(); c != empty && c&0xffffffff != gone {
				a.insert(c)
			}
		}
	}
	t.used = t.live
	t.cells.Store(&a)
}
