package cells

import "sync/atomic"

const (
	nodeBits = 4
	nodeSize = 1 << nodeBits
)

// Leaf is what a cell holds. Before its commit is published only the writer looks
// into it; from then on Edit never changes it.
type Leaf[V any] struct {
	// Version is that of the commit that made the leaf.
	Version uint64
	Val     V
}

// node is nodeSize neighbouring cells.
type node[V any] struct {
	// owner may change the cells; all others copy the node first.
	owner uint64
	cells [nodeSize]atomic.Pointer[Leaf[V]]
}

// Array is an array of cells, empty at first. Any goroutine may call Load and
// Len; the Editor's user changes it.
type Array[V any] struct {
	owner uint64
	spine []atomic.Pointer[node[V]]
}

// Len is the number of cells that there is room for.
func (a *Array[V]) Len() uint32 { return uint32(len(a.spine)) << nodeBits }

// Load returns what is in a cell now, of a pending commit too: that is for the
// reader to see by the Version. It is nil for a cell that was never written or
// is beyond the array.
func (a *Array[V]) Load(at uint32) *Leaf[V] {
	if i := at >> nodeBits; int(i) < len(a.spine) {
		if n := a.spine[i].Load(); n != nil {
			return n.cells[at%nodeSize].Load()
		}
	}
	return nil
}

// All yields every cell that has a leaf, as Load returns it, in order.
func (a *Array[V]) All(yield func(at uint32, l *Leaf[V]) bool) {
	for i := range a.spine {
		n := a.spine[i].Load()
		if n == nil {
			continue
		}
		for j := range n.cells {
			if l := n.cells[j].Load(); l != nil && !yield(uint32(i<<nodeBits|j), l) {
				return
			}
		}
	}
}

// owned returns the node of a cell if owner may change it, nil if not.
func (a *Array[V]) owned(owner uint64, at uint32) *node[V] {
	if a.owner != owner {
		return nil
	}
	if n := a.spine[at>>nodeBits].Load(); n != nil && n.owner == owner {
		return n
	}
	return nil
}

// resize returns a copy of a with room for n cells, which owner may change.
func (a *Array[V]) resize(owner uint64, n uint32) *Array[V] {
	c := &Array[V]{owner: owner, spine: make([]atomic.Pointer[node[V]], (n+nodeSize-1)>>nodeBits)}
	copy(c.spine, a.spine) // as in own
	return c
}

// own returns the node of a cell for owner to change, copied if need be.
func (a *Array[V]) own(owner uint64, at uint32) *node[V] {
	in := &a.spine[at>>nodeBits]
	n := in.Load()
	if n != nil && n.owner == owner {
		return n
	}
	c := &node[V]{owner: owner}
	if n != nil {
		// Nobody else writes the cells of n, and nobody has c, so that 16 atomic
		// stores can be spared.
		copy(c.cells[:], n.cells[:])
	}
	in.Store(c)
	return c
}
