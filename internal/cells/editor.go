package cells

import "weak"

// Editor is the writer of any number of arrays, whose states are published
// together. One goroutine at a time uses it. The zero Editor is ready.
//
// A commit is Begin, any number of Edit, Put and Resize, the publication by the
// user, and Finish.
type Editor struct {
	// Step, if not nil, is called before each store that a reader can see. It is
	// for tests, which seal there.
	Step func()

	// version is that of the pending commit.
	version uint64
	// owner may change nodes and arrays that have its number: no sealed state has
	// them but those from which the newest chain of Undos leads to tail.
	owner uint64
	// since is the newest version of which a sealed state may have leaves.
	since uint64
	// undo is that of the state before, while cells of it are changed in place;
	// nil once a new owner began, since that state then has nothing of what the
	// commit changes.
	undo *Undo
	// tail is the last Undo of the chain, that of the state before the newest, if a
	// sealed state may have nodes of the present owner. When nobody can come to it
	// any more, none has.
	tail weak.Pointer[Undo]
	// undone is how many leaves the chain has, or the commit if there is none, and
	// one more for each of its Undos.
	undone int
}

// MaxUndo is how many leaves an Undo has: who reads its state searches them. A
// commit that changes more makes copies of the others.
const MaxUndo = 256

// maxChain is after how many leaves and Undos a chain ends and a new owner begins:
// until then a sealed state costs the next commits no copy of a node or a spine,
// and who has it searches so many leaves.
const maxChain = 32

// Begin starts a commit that follows the state of a version, to which undo
// belongs.
func (ed *Editor) Begin(version uint64, undo *Undo) {
	ed.version, ed.undo = version+1, undo
	tail := ed.tail.Value()
	if tail == nil {
		ed.undone = 0
		return
	}
	tail.next.Store(undo)
	ed.tail = weak.Make(undo)
	ed.undone++
}

// NewOwner makes what follows copy what it changes. For the rest of a pending commit
// it is asked for where it is known that the commit is big.
func (ed *Editor) NewOwner() {
	ed.owner++
	ed.undo, ed.tail = nil, weak.Pointer[Undo]{}
}

// Finish ends a commit that was published. sealed says whether the state before
// is sealed by now, be it from before the commit; it is read after the
// publication. Then the commits to come note in their Undos what they change, for
// whoever sealed it, and at the end of the chain begin to copy.
func (ed *Editor) Finish(sealed bool) {
	if sealed {
		ed.since = ed.version - 1
		if ed.undo != nil && ed.tail.Value() != ed.undo {
			ed.tail = weak.Make(ed.undo)
		}
	}
	ed.undo = nil
	ed.endChain()
}

// endChain begins a new owner where the chain is long.
func (ed *Editor) endChain() {
	if ed.undone >= maxChain && ed.tail.Value() != nil {
		ed.NewOwner()
	}
}

// Private reports whether no sealed state has the leaf of a version.
func (ed *Editor) Private(version uint64) bool { return version > ed.since }

// Owns reports whether the cell of a can be written without a copy.
func Owns[V any](ed *Editor, a *Array[V], at uint32) bool { return a.owned(ed.owner, at) != nil }

// Edit returns the pending leaf of a cell of *a, which the caller may change
// until the publication. fresh says that it was made by this call, as a shallow
// copy of the leaf before, or as a zero Val. which is the number of the array in
// the Undo. *a is replaced when a sealed state has it.
func Edit[V any](ed *Editor, a **Array[V], which int, at uint32) (l *Leaf[V], fresh bool) {
	old := (*a).Load(at)
	if old != nil && old.Version == ed.version {
		return old, false
	}
	l = &Leaf[V]{Version: ed.version}
	if old != nil {
		l.Val = old.Val
	}
	if ed.undone == MaxUndo && ed.undo != nil {
		ed.NewOwner()
	}
	if ed.undo != nil {
		ed.undo.add(which, at, old)
		ed.undone++
	}
	Put(ed, a, at, l)
	return l, true
}

// Exchange puts l into a cell that Owns reports on, between two commits: l is of
// the newest version, and what was there is of an older one, and stays for the
// sealed states that have it.
func Exchange[V any](ed *Editor, a *Array[V], which int, at uint32, l *Leaf[V]) {
	if tail := ed.tail.Value(); tail != nil {
		tail.add(which, at, a.Load(at))
		ed.undone++
	}
	Put(ed, &a, at, l)
	ed.endChain()
}

// Put puts l, which may be nil, into a cell. The caller has seen to it that no
// reader needs what was there: Edit and Exchange by the Undo, others since a new
// owner began.
func Put[V any](ed *Editor, a **Array[V], at uint32, l *Leaf[V]) {
	if (*a).owner != ed.owner {
		*a = (*a).resize(ed.owner, (*a).Len())
	}
	n := (*a).own(ed.owner, at)
	ed.step()
	n.cells[at%nodeSize].Store(l)
}

// Resize makes room for n cells in *a, or takes it away beyond them. It begins a
// new owner, since the nodes are in two arrays from then on.
func Resize[V any](ed *Editor, a **Array[V], n uint32) {
	ed.NewOwner()
	*a = (*a).resize(ed.owner, n)
}

func (ed *Editor) step() {
	if ed.Step != nil {
		ed.Step()
	}
}
