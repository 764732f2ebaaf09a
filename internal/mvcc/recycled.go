package mvcc

// Recycled is a Cell that is changed with every commit and allocates nothing
// for that while no Pin is older than the newest state. All its readers hold a
// Pin; there is no Latest.
//
// A node is used anew when it was cut off with all Pins known and none of them
// older than the head. No reader is at such a node: one that pinned before has
// released, one that pinned the head's version or pins later stops at the head
// or at a newer node.
type Recycled[V any] struct {
	cell Cell[V]
	// spare is a node that was cut off, nil for none. It is the writer's.
	spare *Node[V]
}

// At is Cell.At.
func (r *Recycled[V]) At(version uint64) *V { return r.cell.At(version) }

// Head is Cell.Head.
func (r *Recycled[V]) Head() *V { return r.cell.Head() }

// Edit is Cell.Edit.
func (r *Recycled[V]) Edit(version uint64) (value *V, fresh bool) {
	old := r.cell.head.Load()
	if old == nil || old.version == version || r.spare == nil {
		return r.cell.Edit(version)
	}
	n := r.spare
	r.spare = nil
	n.version, n.Value = version, old.Value
	n.prev.Store(old)
	r.cell.head.Store(n)
	return &n.Value, true
}

// Trim is Cell.Trim, and keeps what it cuts off for the next Edit if it may.
func (r *Recycled[V]) Trim(col *Collector, owner Garbage) {
	head := r.cell.head.Load()
	if head == nil {
		return
	}
	if _, older := col.PinIn(0, head.version); older {
		r.cell.Trim(col, owner)
		return
	}
	if old := head.prev.Load(); old != nil {
		head.prev.Store(nil)
		r.spare = old
	}
}
