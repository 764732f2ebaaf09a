package stores

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func newHeap(t interface{ Fatal(...any) }) *Heap[*thing] {
	h, err := NewHeapWithAccess(thingAccess(), func(a, b *thing) bool { return a.version < b.version })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHeapPopsTheLeast proves K1.
func TestHeapPopsTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, model := newHeap(t), map[string]string{}
		draw := func(t *rapid.T) *thing {
			return &thing{key: rapid.SampledFrom(allKeys).Draw(t, "key"), version: fmt.Sprint(rapid.IntRange(10, 99).Draw(t, "version"))}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				a, b := draw(t), draw(t)
				if err := h.Add(a, b); err != nil {
					t.Fatal(err)
				}
				model[a.key] = a.version
				model[b.key] = b.version
			},
			"addIfNotPresent": func(t *rapid.T) {
				o := draw(t)
				if err := h.AddIfNotPresent(o); err != nil {
					t.Fatal(err)
				}
				if model[o.key] == "" {
					model[o.key] = o.version
				}
			},
			"delete": func(t *rapid.T) {
				o := draw(t)
				if err := h.Delete(o); err != nil {
					t.Fatal(err)
				}
				delete(model, o.key)
			},
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					return
				}
				o, err := h.Pop(context.Background())
				if err != nil || model[o.key] != o.version {
					t.Fatalf("Pop: %+v, %v", o, err)
				}
				for _, version := range model {
					if version < o.version {
						t.Fatalf("%s came before %s", o.version, version)
					}
				}
				delete(model, o.key)
			},
			"": func(t *rapid.T) {
				keys := h.ListKeys()
				slices.Sort(keys)
				for _, key := range allKeys {
					o, ok, _ := h.Get(&thing{key: key})
					if ok != (model[key] != "") || ok && o.version != model[key] || ok != slices.Contains(keys, key) {
						t.Fatalf("Get(%q) = %+v, %v, want %q", key, o, ok, model[key])
					}
				}
				if len(h.List()) != len(model) {
					t.Fatalf("%d objects, want %d", len(h.List()), len(model))
				}
			},
		})
	})
}

// TestHeapPopWaitsUntilCloseOrContext proves K2.
func TestHeapPopWaitsUntilCloseOrContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeap(t)
		popped := make(chan string)
		pop := func(ctx context.Context) {
			o, err := h.Pop(ctx)
			if err != nil {
				popped <- err.Error()
				return
			}
			popped <- o.key
		}
		ctx, cancel := context.WithCancel(t.Context())
		go pop(t.Context())
		synctest.Wait() // it waits
		if err := h.Add(&thing{key: "a"}); err != nil {
			t.Fatal(err)
		}
		if got := <-popped; got != "a" {
			t.Errorf("popped %q", got)
		}
		go pop(ctx)
		synctest.Wait()
		cancel()
		if got := <-popped; got != context.Canceled.Error() {
			t.Errorf("popped %q", got)
		}
		go pop(t.Context())
		go pop(t.Context())
		synctest.Wait()
		h.Close()
		h.Close()
		if a, b := <-popped, <-popped; a != ErrClosed.Error() || b != a {
			t.Errorf("popped %q and %q", a, b)
		}
		if !h.IsClosed() || !errors.Is(h.Add(&thing{key: "a"}), ErrClosed) {
			t.Error("a closed heap takes objects")
		}
	})
}
