package cells

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// user has two arrays of numbers and follows the protocol that a user must.
type user struct {
	editor Editor
	head   *past
}

// past is a state, with what the model says it has.
type past struct {
	version uint64
	arrays  [2]*Array[int]
	undo    Undo
	sealed  bool
	want    [2]map[uint32]int
}

const testCells = 300

func newUser() *user {
	s := &past{arrays: [2]*Array[int]{new(Array[int]), new(Array[int])}, want: [2]map[uint32]int{{}, {}}}
	return &user{head: s}
}

func (s *past) check(t *rapid.T) {
	for which, a := range s.arrays {
		for at := range uint32(testCells) {
			l := At(&s.undo, s.version, which, at, a.Load(at))
			want, there := s.want[which][at]
			if (l != nil) != there || there && l.Val != want {
				t.Fatalf("version %d: cell %d of array %d is %v, want %d (%v)", s.version, at, which, l, want, there)
			}
		}
	}
}

// checkChain proves that what a state keeps of those after it is bounded.
func (s *past) checkChain(t *rapid.T) {
	n := 0
	for u := &s.undo; u != nil; u = u.next.Load() {
		n++
	}
	if n > maxChain+1 {
		t.Fatalf("version %d leads to %d Undos", s.version, n)
	}
}

// commit changes cells, and seals the state before at some of the stores.
func (u *user) commit(t *rapid.T, seal func()) *past {
	before := u.head
	next := &past{version: before.version + 1, arrays: before.arrays, want: [2]map[uint32]int{maps.Clone(before.want[0]), maps.Clone(before.want[1])}}
	u.editor.Begin(before.version, &before.undo)
	u.editor.Step = seal
	for range rapid.IntRange(0, 8).Draw(t, "edits") {
		which := rapid.IntRange(0, 1).Draw(t, "array")
		at := rapid.Uint32Range(0, testCells-1).Draw(t, "cell")
		value := rapid.IntRange(1, 1000).Draw(t, "value")
		a := &next.arrays[which]
		if at >= (*a).Len() {
			Resize(&u.editor, a, at+1)
		}
		l, fresh := Edit(&u.editor, a, which, at)
		if was := next.want[which][at]; l.Val != was || l.Version != next.version || fresh && u.editor.Private(l.Version) == false {
			t.Fatalf("Edit gives %v, want %d", l, was)
		}
		l.Val = value
		next.want[which][at] = value
		if rapid.IntRange(0, 20).Draw(t, "apart") == 0 {
			u.editor.NewOwner()
		}
	}
	if seal != nil {
		seal()
	}
	u.head = next
	u.editor.Step = nil
	u.editor.Finish(before.sealed)
	return before
}

// exchange changes cells of the newest state, in the leaf or with a new one, where
// no sealed state needs a copy of more. It may be sealed meanwhile, but not before:
// the user sees to what such a state has.
func (u *user) exchange(t *rapid.T) {
	s := u.head
	if s.sealed {
		return
	}
	which := rapid.IntRange(0, 1).Draw(t, "array")
	at := rapid.Uint32Range(0, testCells-1).Draw(t, "cell")
	value := rapid.IntRange(1, 1000).Draw(t, "value")
	l := s.arrays[which].Load(at)
	switch {
	case l == nil:
		return
	case u.editor.Private(l.Version):
		l.Val = value
	case Owns(&u.editor, s.arrays[which], at):
		Exchange(&u.editor, s.arrays[which], which, at, &Leaf[int]{Version: s.version, Val: value})
	default:
		return
	}
	s.want[which][at] = value
}

// TestASealedStateStays proves that a state that was sealed, before a commit or at
// any store of it, is what it was for as long as somebody has it.
func TestASealedStateStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := newUser()
		var kept []*past
		seal := func() {
			u.head.sealed = true
			kept = append(kept, u.head)
		}
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) { u.commit(t, nil) },
			"exchange": func(t *rapid.T) {
				u.editor.Step = func() {
					for _, s := range kept {
						s.check(t)
					}
				}
				u.exchange(t)
				u.editor.Step = nil
			},
			"seal": func(*rapid.T) { seal() },
			"commit and seal meanwhile": func(t *rapid.T) {
				at, n := rapid.IntRange(0, 8).Draw(t, "at"), 0
				u.commit(t, func() {
					if n++; n == at {
						seal()
						u.head.check(t)
					}
				})
			},
			"": func(t *rapid.T) {
				u.head.check(t)
				for _, s := range kept {
					s.check(t)
					s.checkChain(t)
				}
			},
		})
	})
}

// TestEditInPlaceCopiesNothing proves what a seal costs: while nobody seals, the
// arrays stay the same, and one leaf is made for a cell in a commit.
func TestEditInPlaceCopiesNothing(t *testing.T) {
	var ed Editor
	var undo Undo
	a := new(Array[int])
	ed.Begin(0, &undo)
	Resize(&ed, &a, 1)
	Edit(&ed, &a, 0, 0)
	ed.Finish(false)
	same := a
	for version := range uint64(10) {
		var undo Undo
		ed.Begin(version+1, &undo)
		l, fresh := Edit(&ed, &a, 0, 0)
		again, freshAgain := Edit(&ed, &a, 0, 0)
		if a != same || !fresh || freshAgain || l != again || !Owns(&ed, a, 0) {
			t.Fatalf("commit %d copied: %v %v", version, a != same, freshAgain)
		}
		ed.Finish(false)
	}
	ed.Begin(11, &undo)
	sealed := a.Load(0)
	l, _ := Edit(&ed, &a, 0, 0)
	ed.Finish(true)
	if l == sealed || At(&undo, 11, 0, 0, a.Load(0)) != sealed {
		t.Error("a sealed state was changed")
	}
	for version := uint64(12); a == same; version++ {
		if version > 12+maxChain {
			t.Fatal("the chain does not end")
		}
		ed.Begin(version, new(Undo))
		Edit(&ed, &a, 0, 0)
		ed.Finish(false)
	}
	if At(&undo, 11, 0, 0, same.Load(0)) != sealed {
		t.Error("a sealed state was changed")
	}
}
