package cells

import "sync/atomic"

// Undo has the leaves that the commit after a state replaced in place, for those
// who sealed the state before that commit or do so while it is under way, or have
// an older one of which it has cells. It is a part of the state.
type Undo struct {
	// few has the first n leaves, most commits have no more; last leads to the
	// others. Each is written before it is counted.
	few  [few]undone
	n    atomic.Int32
	last atomic.Pointer[further]
	// next is the Undo of the state after, if the commit after that goes on in
	// place too; set before the first leaf is put there.
	next atomic.Pointer[Undo]
}

const few = 4

// undone is one leaf that was replaced.
type undone struct {
	leaf  any // *Leaf[V], nil for none
	which int32
	at    uint32
}

type further struct {
	undone
	before *further
}

func (u *Undo) add(which int, at uint32, leaf any) {
	r := undone{leaf, int32(which), at}
	if n := u.n.Load(); n < few {
		u.few[n] = r
		u.n.Store(n + 1)
		return
	}
	u.last.Store(&further{r, u.last.Load()})
}

func (r *undone) is(which int, at uint32) bool { return r.at == at && int(r.which) == which }

// find returns what an Undo has of a cell, nil for nothing.
func (u *Undo) find(which int, at uint32) *undone {
	for i := range u.n.Load() {
		if r := &u.few[i]; r.is(which, at) {
			return r
		}
	}
	for r := u.last.Load(); r != nil; r = r.before {
		if r.is(which, at) {
			return &r.undone
		}
	}
	return nil
}

// At returns the leaf that a state has in a cell of array number which: what
// Load gave if it is of the state's version or older, or else what the first of the
// commits after it replaced there; nil for none.
func At[V any](u *Undo, version uint64, which int, at uint32, l *Leaf[V]) *Leaf[V] {
	if l == nil || l.Version <= version {
		return l
	}
	for ; u != nil; u = u.next.Load() {
		if r := u.find(which, at); r != nil {
			return r.leaf.(*Leaf[V])
		}
	}
	return nil // not reached: the Undo is written before the cell
}
