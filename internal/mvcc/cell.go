package mvcc

import "sync/atomic"

// Node is one state of a Cell.
type Node[V any] struct {
	// version is that of the commit that made the node; it never changes.
	version uint64
	// prev is the state before. Until version is committed it is exactly
	// that; afterwards the Collector takes out states that no Pin sees.
	prev atomic.Pointer[Node[V]]

	// Value is changed by the writer until version is committed, and never
	// afterwards.
	Value V
}

// Cell holds the states of one value. The zero Cell is absent in every state.
type Cell[V any] struct {
	head atomic.Pointer[Node[V]]
}

// Latest returns the newest committed value, nil for none. It takes no lock,
// writes nothing and makes at most four loads.
//
// It is linearizable: a head that is committed was the newest state when it was
// loaded, or became so since. A head that is still pending after its prev was
// loaded had not been through a Collector then, so that prev is the state
// before it.
func (c *Cell[V]) Latest(clock *Clock) *V {
	n := c.head.Load()
	if n == nil {
		return nil
	}
	if n.version <= clock.committed.Load() {
		return &n.Value
	}
	prev := n.prev.Load()
	if n.version <= clock.committed.Load() {
		return &n.Value
	}
	if prev == nil {
		return nil
	}
	return &prev.Value
}

// At returns the value in the pinned version, nil for none.
func (c *Cell[V]) At(version uint64) *V {
	n := c.head.Load()
	for n != nil && n.version > version {
		n = n.prev.Load()
	}
	if n == nil {
		return nil
	}
	return &n.Value
}

// Head returns the newest value, pending or not, nil for none. Only the writer
// calls it, and changes nothing through it.
func (c *Cell[V]) Head() *V {
	if n := c.head.Load(); n != nil {
		return &n.Value
	}
	return nil
}

// Before returns the value that the pending version replaces, nil for none.
// Only the writer of version calls it.
func (c *Cell[V]) Before(version uint64) *V {
	n := c.head.Load()
	if n != nil && n.version == version {
		n = n.prev.Load()
	}
	if n == nil {
		return nil
	}
	return &n.Value
}

// Version returns the version of the newest value, 0 for none. Only the writer
// calls it.
func (c *Cell[V]) Version() uint64 {
	if n := c.head.Load(); n != nil {
		return n.version
	}
	return 0
}

// Edit returns the value of the pending version for the writer to change. With
// fresh it is a shallow copy of the state before, or the zero V; what that
// points to must be copied before it is changed, and the cell retired.
func (c *Cell[V]) Edit(version uint64) (value *V, fresh bool) {
	old := c.head.Load()
	if old != nil && old.version == version {
		return &old.Value, false
	}
	n := &Node[V]{version: version}
	if old != nil {
		n.Value = old.Value
		n.prev.Store(old)
	}
	c.head.Store(n)
	return &n.Value, true
}

// Single reports whether no state but the newest is kept. Only the writer calls
// it, between commits.
func (c *Cell[V]) Single() bool {
	n := c.head.Load()
	return n == nil || n.prev.Load() == nil
}

// Clear makes a Single cell absent. The caller knows that its readers take the
// newest value for absent anyway.
func (c *Cell[V]) Clear() { c.head.Store(nil) }

// Trim takes out the states that no Pin sees and holds owner for a Pin of each
// of the others, on whose release it is collected again. Only a Collector's Garbage calls
// it.
func (c *Cell[V]) Trim(col *Collector, owner Garbage) {
	newer := c.head.Load()
	if newer == nil {
		return
	}
	for old := newer.prev.Load(); old != nil; old = old.prev.Load() {
		pin, needed := col.PinIn(old.version, newer.version)
		if !needed {
			newer.prev.Store(old.prev.Load())
			continue
		}
		col.Hold(pin, owner)
		newer = old
	}
}

// SeenBy returns a pinned version in which seen holds for the value, if there
// is one. Only a Collector's Garbage calls it.
func (c *Cell[V]) SeenBy(col *Collector, seen func(*V) bool) (pin uint64, ok bool) {
	newer := c.head.Load()
	if newer == nil {
		return 0, false
	}
	for old := newer.prev.Load(); old != nil; newer, old = old, old.prev.Load() {
		if pin, needed := col.PinIn(old.version, newer.version); needed && seen(&old.Value) {
			return pin, true
		}
	}
	return 0, false
}

// VersionBefore returns the version of the value that Before returns, 0 for
// none.
func (c *Cell[V]) VersionBefore(version uint64) uint64 {
	n := c.head.Load()
	if n != nil && n.version == version {
		n = n.prev.Load()
	}
	if n == nil {
		return 0
	}
	return n.version
}
