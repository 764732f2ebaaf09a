package heap

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type element struct{ value, at int }

func TestHeapGivesElementsInOrderAndTellsTheirPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Heap[*element]{
			Less:  func(a, b *element) bool { return a.value < b.value },
			Moved: func(e *element, at int) { e.at = at },
		}
		var model []*element
		value := rapid.IntRange(0, 20)
		take := func(e *element) {
			i := slices.Index(model, e)
			if i < 0 || e.at != -1 {
				t.Fatalf("%+v came out", e)
			}
			model = slices.Delete(model, i, i+1)
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				e := &element{value: value.Draw(t, "value")}
				model = append(model, e)
				h.Push(e)
			},
			"pop": func(*rapid.T) {
				if h.Len() > 0 {
					first := h.First()
					if e := h.Pop(); e != first {
						t.Fatal("Pop is not First")
					}
					take(first)
				}
			},
			"remove": func(t *rapid.T) {
				if len(model) > 0 {
					e := rapid.SampledFrom(model).Draw(t, "element")
					if h.Remove(e.at) != e {
						t.Fatal("another element came out")
					}
					take(e)
				}
			},
			"fix": func(t *rapid.T) {
				if len(model) > 0 {
					e := rapid.SampledFrom(model).Draw(t, "element")
					e.value = value.Draw(t, "value")
					h.Fix(e.at)
				}
			},
			"set": func(t *rapid.T) {
				if len(model) > 0 {
					old := rapid.SampledFrom(model).Draw(t, "element")
					e := &element{value: value.Draw(t, "value")}
					model[slices.Index(model, old)] = e
					h.Set(old.at, e)
				}
			},
			"push many": func(t *rapid.T) {
				for range rapid.IntRange(0, 3*chunkSize).Draw(t, "n") {
					e := &element{value: value.Draw(t, "value")}
					model = append(model, e)
					h.Push(e)
				}
			},
			"pop many": func(t *rapid.T) {
				for range rapid.IntRange(0, h.Len()).Draw(t, "n") {
					take(h.Pop())
				}
			},
			"clear": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
					t.Skip()
				}
				h.Clear(func(e *element) {
					i := slices.Index(model, e)
					if i < 0 {
						t.Fatalf("%+v was cleared", e)
					}
					model = slices.Delete(model, i, i+1)
				})
			},
			"": func(t *rapid.T) {
				if h.Len() != len(model) {
					t.Fatalf("Len %d, want %d", h.Len(), len(model))
				}
				for _, e := range model {
					if h.At(e.at) != e {
						t.Fatalf("%+v is not at its place", e)
					}
					if e.value < h.First().value {
						t.Fatal("First is not the least")
					}
				}
				if spare := len(h.chunks)*chunkSize - h.Len() - root; spare >= 2*chunkSize {
					t.Fatalf("there is room for %d more", spare)
				}
			},
		})
	})
}
