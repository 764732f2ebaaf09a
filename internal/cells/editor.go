package cells

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
	// them.
	owner uint64
	// since is the newest version of which a sealed state may have leaves.
	since uint64
	// undo is that of the state before, while cells of it are changed in place;
	// nil once a new owner began, since that state then has nothing of what the
	// commit changes.
	undo *Undo
	// undone is how many leaves the commit has put there.
	undone int
}

// MaxUndo is how many leaves an Undo has: who reads its state searches them. A
// commit that changes more makes copies of the others.
const MaxUndo = 256

// Begin starts a commit that follows the state of a version, to which undo
// belongs.
func (ed *Editor) Begin(version uint64, undo *Undo) {
	ed.version, ed.undo, ed.undone = version+1, undo, 0
}

// NewOwner makes the rest of the pending commit copy what it changes. It is for
// commits of which it is known that they are big.
func (ed *Editor) NewOwner() {
	ed.owner++
	ed.since = ed.version - 1
	ed.undo = nil
}

// Finish ends a commit that was published. sealed says whether the state before
// is sealed by now, be it from before the commit; it is read after the
// publication. Then the commits to come copy what they change: the Undo is for
// this one only.
func (ed *Editor) Finish(sealed bool) {
	if sealed && ed.undo != nil {
		ed.NewOwner()
	}
	ed.undo = nil
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

// Put puts l, which may be nil, into a cell. The caller has seen to it that no
// reader needs what was there: Edit by the Undo, others since a new owner began
// or by means of their own.
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
