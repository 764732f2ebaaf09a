package trie

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryVersionStaysWhatItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner := new(Owner)
		now, model := New[int](), map[string]int{}
		type version struct {
			m     Map[int]
			model map[string]int
		}
		var kept []version
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "n") {
					k, v := fmt.Sprint(rapid.IntRange(0, 300).Draw(t, "key")), rapid.Int().Draw(t, "value")
					now, model[k] = now.Set(owner, k, v), v
				}
			},
			"delete": func(t *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "n") {
					k := fmt.Sprint(rapid.IntRange(0, 300).Draw(t, "key"))
					now = now.Delete(owner, k)
					delete(model, k)
				}
			},
			"keep": func(*rapid.T) {
				kept = append(kept, version{now, maps.Clone(model)})
				owner = new(Owner)
			},
			"": func(t *rapid.T) {
				for i, v := range append(kept, version{now, model}) {
					got := map[string]int{}
					v.m.All(func(k string, value int) bool { got[k] = value; return true })
					if !maps.Equal(got, v.model) || v.m.Len() != len(v.model) {
						t.Fatalf("version %d: %v, want %v", i, got, v.model)
					}
					for k := range 301 {
						key := fmt.Sprint(k)
						want, there := v.model[key]
						if got, ok := v.m.Get(key); got != want || ok != there {
							t.Fatalf("version %d: Get(%s) = %v, %v", i, key, got, ok)
						}
					}
				}
			},
		})
	})
}

// TestKeysOfOneHash goes below the last level, where a hash says nothing more.
func TestKeysOfOneHash(t *testing.T) {
	m, owner := New[int](), new(Owner)
	for i := range 100 {
		added := false
		m.root = m.set(m.root, owner, 7, lastShift+levelBits, entry[int]{key: fmt.Sprint(i), value: i}, &added)
		if !added {
			t.Fatalf("key %d is not new", i)
		}
	}
	for i := range 100 {
		at, found := m.root.find(7, lastShift+levelBits, fmt.Sprint(i))
		if !found || m.root.entries[at].value != i {
			t.Fatalf("key %d is not found", i)
		}
		m.root = m.remove(m.root, owner, 7, lastShift+levelBits, fmt.Sprint(i))
	}
	if m.root != nil {
		t.Fatal("an empty node is left")
	}
}
