package postings

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/internal/cells"
	"pgregory.net/rapid"
)

type sets map[string]map[uint32]bool

func (s sets) slots() map[string][]uint32 {
	all := map[string][]uint32{}
	for value, set := range s {
		if len(set) > 0 {
			all[value] = slices.Sorted(maps.Keys(set))
		}
	}
	return all
}

var seed = maphash.MakeSeed()

func hash(value string) uint32 { return uint32(maphash.String(seed, value) >> 32) }

// kept is a state that was sealed.
type kept struct {
	view View
	want map[string][]uint32
}

// read asks for everything that a reader can ask for in a state.
func read(t *rapid.T, v View) map[string][]uint32 {
	all := map[string][]uint32{}
	values, ok := v.Values()
	if !ok {
		t.Fatal("a sealed state is torn")
	}
	for _, value := range values {
		set := v.Find(hash(value), value)
		var slots []uint32
		for part := range set.Parts() {
			runs, ok := set.Part(part, nil)
			if len(runs) > MaxRuns || !ok {
				t.Fatalf("%d runs in a part, torn: %v", len(runs), !ok)
			}
			for _, r := range runs {
				for i := range uint32(ChunkSize) {
					if r.Mask&(1<<i) != 0 {
						slots = append(slots, r.Chunk*ChunkSize+i)
					}
				}
			}
		}
		if n, ok := set.Len(); len(slots) != n || !ok || !slices.IsSorted(slots) || all[value] != nil {
			t.Fatalf("%q: %d slots counted, %v", value, n, slots)
		}
		all[value] = slots
	}
	return all
}

// same compares; cmp only explains, it takes long.
func same(t *rapid.T, what string, want, got map[string][]uint32) {
	if !maps.EqualFunc(want, got, slices.Equal) {
		t.Fatalf("%s: %s", what, cmp.Diff(want, got))
	}
}

// writer is an Index whose states follow one another.
type writer struct {
	editor  cells.Editor
	book    Book
	version uint64
	undo    *cells.Undo
	index   *Index
	sealed  bool
	now     sets
}

func (w *writer) view() View {
	return View{Index: w.index, Which: 1, Version: w.version, Undo: w.undo}
}

// commit has change change the sets.
func (w *writer) commit(change func(c *Change)) {
	w.editor.Begin(w.version, w.undo)
	c := &Change{Book: &w.book, Editor: &w.editor, Which: 1, Index: w.index}
	change(c)
	sealed := w.sealed
	w.version, w.index, w.undo, w.sealed = w.version+1, c.Index, new(cells.Undo), false
	w.editor.Finish(sealed)
}

func (w *writer) toggle(c *Change, value string, slot uint32) {
	if w.now[value] == nil {
		w.now[value] = map[uint32]bool{}
	}
	id := c.ID(hash(value), value)
	if w.now[value][slot] {
		c.Remove(id, slot)
		delete(w.now[value], slot)
	} else {
		c.Add(id, slot)
		w.now[value][slot] = true
	}
}

// TestIndexGivesTheSetsOfEverySealedState proves that a state that was sealed,
// before a commit or in the middle of one, gives the sets that it had, and that
// the sets of the newest one are those that were written.
func TestIndexGivesTheSetsOfEverySealedState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{undo: new(cells.Undo), index: New(), now: sets{}}
		var states []kept
		seal := func(want map[string][]uint32) {
			w.sealed = true
			states = append(states, kept{w.view(), want})
		}
		value := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("v", rapid.IntRange(0, 30).Draw(t, "value")) })
		few := rapid.SampledFrom([]string{"", "a", "b"})
		slot := rapid.OneOf(rapid.Uint32Range(0, 700), rapid.Uint32Range(4090, 4100), rapid.Uint32Range(1_000_000, 1_000_040))
		changes := func(t *rapid.T, after func()) {
			w.commit(func(c *Change) {
				for range rapid.IntRange(1, 30).Draw(t, "changes") {
					v := few.Draw(t, "value")
					if rapid.Bool().Draw(t, "many values") {
						v = value.Draw(t, "value")
					}
					w.toggle(c, v, slot.Draw(t, "slot"))
				}
				after()
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) { changes(t, func() {}) },
			"commit and seal meanwhile": func(t *rapid.T) {
				before := w.now.slots()
				changes(t, func() {
					seal(before)
					same(t, "sealed meanwhile", before, read(t, w.view()))
				})
			},
			"range": func(t *rapid.T) { // enough for a bitmap, and back
				v := few.Draw(t, "value")
				fill := len(w.now[v]) < 200
				w.commit(func(c *Change) {
					for s := range uint32(320) {
						if fill != w.now[v][s] {
							w.toggle(c, v, s)
						}
					}
				})
			},
			"seal": func(*rapid.T) { seal(w.now.slots()) },
			"forget": func(*rapid.T) {
				if len(states) > 4 {
					states = slices.Delete(states, 0, 1)
				}
			},
			"": func(t *rapid.T) {
				same(t, "now", w.now.slots(), read(t, w.view()))
				for _, s := range states {
					same(t, "sealed", s.want, read(t, s.view))
				}
				got, err := w.book.Validate(w.index)
				if err != nil {
					t.Fatal(err)
				}
				same(t, "Validate", w.now.slots(), got)
			},
		})
	})
}

// TestAViewThatIsNotSealedSaysThatItIsTorn proves that who reads without a seal
// learns that a commit is under way.
func TestAViewThatIsNotSealedSaysThatItIsTorn(t *testing.T) {
	w := &writer{undo: new(cells.Undo), index: New(), now: sets{}}
	w.commit(func(c *Change) { w.toggle(c, "a", 1) })
	w.commit(func(c *Change) {
		view := w.view()
		view.Undo = nil
		set := view.Find(hash("a"), "a")
		if n, ok := set.Len(); n != 1 || !ok {
			t.Errorf("%d slots, torn: %v, before anything changed", n, !ok)
		}
		w.toggle(c, "a", 2)
		_, ok := set.Len()
		_, part := set.Part(0, nil)
		_, values := view.Values()
		if ok || part || values {
			t.Error("a commit is under way, and the reader is not told")
		}
	})
}
