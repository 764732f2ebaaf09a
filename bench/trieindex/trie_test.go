package trieindex

import (
	"fmt"
	"hash/maphash"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// TestEveryVersionStaysWhatItWas proves S1 for what the states of an Index are
// made of. Hashes are few, so that there are nodes at all depths.
func TestEveryVersionStaysWhatItWas(t *testing.T) {
	type version struct {
		t     trie[int]
		model map[string]int
	}
	seed := maphash.MakeSeed()
	hash := func(key string) uint64 {
		if key[0] == '1' {
			return uint64(len(key)) << lastShift
		}
		return maphash.String(seed, key)
	}
	rapid.Check(t, func(t *rapid.T) {
		o := new(owner)
		now, model := trie[int]{}, map[string]int{}
		var kept []version
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "n") {
					k, v := fmt.Sprint(rapid.IntRange(0, 300).Draw(t, "key")), rapid.Int().Draw(t, "value")
					now, model[k] = now.set(o, &leaf[int]{hash(k), k, v}), v
				}
			},
			"delete": func(t *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "n") {
					k := fmt.Sprint(rapid.IntRange(0, 300).Draw(t, "key"))
					now = now.delete(o, hash(k), k)
					delete(model, k)
				}
			},
			"keep": func(*rapid.T) {
				kept = append(kept[max(0, len(kept)-3):], version{now, maps.Clone(model)})
				o = new(owner)
			},
			"": func(t *rapid.T) {
				for i, v := range append(kept, version{now, model}) {
					got := map[string]int{}
					v.t.all(func(l *leaf[int]) bool { got[l.key] = l.value; return true })
					if !maps.Equal(got, v.model) || v.t.n != len(v.model) {
						t.Fatalf("version %d: %v, want %v", i, got, v.model)
					}
					for k := range 301 {
						key := fmt.Sprint(k)
						want, there := v.model[key]
						if l := v.t.get(hash(key), key); (l != nil) != there || there && l.value != want {
							t.Fatalf("version %d: get(%s) = %v, want %v, %v", i, key, l, want, there)
						}
					}
				}
			},
		})
	})
}

func TestATrieThatEmptiesHasNoNodes(t *testing.T) {
	m, o := trie[int]{}, new(owner)
	hash := func(i int) uint64 { return uint64(i%7) << lastShift }
	for i := range 100 {
		m = m.set(o, &leaf[int]{hash(i), fmt.Sprint(i), i})
	}
	for i := range 100 {
		if m.n != 100-i {
			t.Fatalf("%d leaves, want %d", m.n, 100-i)
		}
		m = m.delete(new(owner), hash(i), fmt.Sprint(i))
	}
	if m.root != nil {
		t.Fatal("an empty node is left")
	}
}
