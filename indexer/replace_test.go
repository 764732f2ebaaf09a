package indexer

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// listed copies things, as a list from a server would: other objects of the
// same versions.
func listed(things []*thing) []*thing {
	again := make([]*thing, len(things))
	for i, o := range things {
		same := *o
		again[i] = &same
	}
	return again
}

func manyThings(n int) []*thing {
	things := make([]*thing, n)
	for i := range things {
		things[i] = &thing{key: fmt.Sprintf("a/%04d", i), version: fmt.Sprint(i + 1), colors: []string{"red"}}
	}
	return things
}

// TestReplaceIsWholeWhateverIsWrittenWhileItCompares proves S1 and S3: a write
// that comes between the comparison of a list and its turn leaves nothing
// behind. The write is made while an index function looks at a changed item,
// behind items that were already found to be the same.
func TestReplaceIsWholeWhateverIsWrittenWhileItCompares(t *testing.T) {
	writes := map[string]func(c *Cache[*thing]){
		"nothing": func(*Cache[*thing]) {},
		"a deletion": func(c *Cache[*thing]) {
			_ = c.Delete(&thing{key: "a/0003"})
		},
		"a change": func(c *Cache[*thing]) {
			_ = c.Add(&thing{key: "a/0003", version: "1000", colors: []string{"blue"}})
		},
		"a change of what changes": func(c *Cache[*thing]) {
			_ = c.Add(&thing{key: "a/0050", version: "1000", colors: []string{"blue"}})
		},
		"another key in the slot": func(c *Cache[*thing]) {
			_ = c.Delete(&thing{key: "a/0003"})
			_ = c.Add(&thing{key: "b/0000", version: "1000", colors: []string{"blue"}})
		},
		"far away": func(c *Cache[*thing]) {
			_ = c.Add(&thing{key: "b/0000", version: "1000", colors: []string{"blue"}})
		},
		"everything": func(c *Cache[*thing]) { _ = c.Replace(nil, "1000") },
		"a new index": func(c *Cache[*thing]) {
			_ = c.AddIndexers(Indexers[*thing]{"first": byFirst})
		},
	}
	for name, write := range writes {
		for what, access := range map[string]object.Access[*thing]{"keys": thingAccess(), "names": namedAccess()} {
			t.Run(name+"/"+what, func(t *testing.T) {
				replaceWhile(t, access, write)
				// The first write makes it compare once more.
				replaceWhile(t, access, writes["a change"], write)
			})
		}
	}
}

func replaceWhile(t *testing.T, access object.Access[*thing], writes ...func(*Cache[*thing])) {
	t.Helper()
	var c *Cache[*thing]
	var next []func(*Cache[*thing])
	c, err := NewWithAccess(access, Options[*thing]{Indexers: Indexers[*thing]{
		"color": func(o *thing) ([]string, error) {
			if o.version == "2000" && len(next) > 0 {
				write := next[0]
				next = next[1:]
				write(c)
			}
			return o.colors, nil
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	items := manyThings(100)
	if err := c.Replace(items, "100"); err != nil {
		t.Fatal(err)
	}
	again := listed(items)
	again[50].version = "2000" // its values stay
	next = writes
	if err := c.Replace(again, "2000"); err != nil {
		t.Fatal(err)
	}
	checkContent(t, c, again)
}

// checkContent checks that c has objects equal to items and nothing else.
func checkContent(t *testing.T, c *Cache[*thing], items []*thing) {
	t.Helper()
	red, err := c.ByIndex("color", "red")
	if err != nil || c.Len() != len(items) || len(red) != len(items) {
		t.Fatalf("%d objects, %d red (%v), want %d", c.Len(), len(red), err, len(items))
	}
	for _, want := range items {
		if got, _, _ := c.GetByKey(want.key); got == nil || got.version != want.version || !slices.Equal(got.colors, want.colors) {
			t.Fatalf("%q is %+v, want %+v", want.key, got, want)
		}
	}
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	if err := c.engine.validate(); err != nil {
		t.Fatal(err)
	}
}

// TestRelistsInAnyOrderFindTheirObjects proves that where an item is guessed to
// be does not matter: lists that are sorted, turned round, shuffled by a step,
// with items gone and new, end with their items, and keep the objects that are
// the same (S3).
func TestRelistsInAnyOrderFindTheirObjects(t *testing.T) {
	const n = 300
	orders := map[string]func(i int) int{
		"the same": func(i int) int { return i },
		"backward": func(i int) int { return n - 1 - i },
		"by steps": func(i int) int { return i * 7 % n },
		"rotated":  func(i int) int { return (i + 100) % n },
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			c, err := NewWithAccess(namedAccess(), Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
			if err != nil {
				t.Fatal(err)
			}
			items := manyThings(n)
			if err := c.Replace(items, "1"); err != nil {
				t.Fatal(err)
			}
			var next []*thing
			for i := range n {
				o := items[order(i)]
				if order(i)%10 == 3 { // gone, and another one in its place
					o = &thing{key: "b" + o.key, version: o.version, colors: o.colors}
				}
				same := *o
				next = append(next, &same)
			}
			if err := c.Replace(next, "2"); err != nil {
				t.Fatal(err)
			}
			checkContent(t, c, next)
			for i, o := range items {
				if got, ok, _ := c.GetByKey(o.key); ok != (i%10 != 3) || ok && got != o {
					t.Fatalf("%q is %v, want the object that was there", o.key, got)
				}
			}
		})
	}
}

// TestAnItemThatCannotBeReadChangesNothing proves that a Replace with an item
// that has no name to read fails as for one without a key, and leaves the state
// alone (S1).
func TestAnItemThatCannotBeReadChangesNothing(t *testing.T) {
	c, err := New(Options[*metav1.PartialObjectMetadata]{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := &metav1.PartialObjectMetadata{}, &metav1.PartialObjectMetadata{}
	a.Name, b.Name = "a", "b"
	items := []*metav1.PartialObjectMetadata{a, b}
	if err := c.Replace(items, "1"); err != nil {
		t.Fatal(err)
	}
	var unreadable *object.KeyError
	for at := range 2 {
		with := slices.Insert(slices.Clone(items[:1]), min(at, 1), nil)
		if err := c.Replace(with, "2"); !errors.As(err, &unreadable) {
			t.Fatalf("Replace with a nil item: %v, want a KeyError", err)
		}
		if got := c.List(); !slices.Equal(got, items) || c.LastStoreSyncResourceVersion() != "1" {
			t.Fatalf("a Replace that failed left %v", got)
		}
	}
}

// TestARelistThatChangesNothingAllocatesNoKeys keeps the promise of compare: an
// item that is found where it was guessed costs no memory.
func TestARelistThatChangesNothingAllocatesNoKeys(t *testing.T) {
	c, err := NewWithAccess(namedAccess(), Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	if err != nil {
		t.Fatal(err)
	}
	items := manyThings(2_000)
	again := listed(items)
	if err := c.Replace(items, "1"); err != nil {
		t.Fatal(err)
	}
	if allocs := testing.AllocsPerRun(5, func() { _ = c.Replace(again, "1") }); allocs > 100 {
		t.Errorf("%v allocations for %d items that are the same", allocs, len(items))
	}
}
