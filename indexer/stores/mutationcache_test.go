package stores

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/types"
	testclock "k8s.io/utils/clock/testing"
)

// life is a thing with a UID.
type life struct {
	thing
	uid string
}

func newMutations(t *testing.T, options MutationCacheOptions[*life]) (*MutationCache[*life], *indexer.Cache[*life]) {
	t.Helper()
	access := object.Keyed(func(o *life) (string, error) { return thingAccess().Key(&o.thing) }, object.Fields[*life]{
		Version: func(o *life) string { return o.version },
		UID:     func(o *life) types.UID { return types.UID(o.uid) },
	})
	store, err := indexer.NewWithAccess(access, indexer.Options[*life]{Indexers: indexer.Indexers[*life]{
		"color": func(o *life) ([]string, error) { return o.colors, nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewMutationCacheWithAccess(access, store, options)
	if err != nil {
		t.Fatal(err)
	}
	return c, store
}

func lived(key, version, uid, color string) *life {
	return &life{thing{key, version, []string{color}}, uid}
}

// TestMutationCacheShowsTheNewer proves K5.
func TestMutationCacheShowsTheNewer(t *testing.T) {
	clock := testclock.NewFakePassiveClock(time.Unix(0, 0))
	c, store := newMutations(t, MutationCacheOptions[*life]{Clock: clock, TTL: time.Minute})
	want := func(key, version string) {
		t.Helper()
		got, ok, err := c.GetByKey(key)
		if ok != (version != "") || err != nil || ok && got.version != version {
			t.Errorf("GetByKey(%q) = %+v, %v, %v, want version %q", key, got, ok, err, version)
		}
	}
	if err := errors.Join(
		store.Add(lived("x", "5", "u", "red")), c.Mutation(lived("x", "7", "u", "blue")),
		c.Mutation(lived("x", "6", "u", "blue")), c.Mutation(lived("new", "8", "v", "red")),
	); err != nil {
		t.Fatal(err)
	}
	want("x", "7")
	want("new", "") // not stored, and adds are not included
	red, err := c.ByIndex("color", "red")
	if err != nil || len(red) != 1 || red[0].version != "7" {
		t.Errorf("ByIndex: %v, %v", red, err)
	}
	if _, err := c.ByIndex("none", "red"); err == nil {
		t.Error("an unknown index is no error")
	}
	clock.SetTime(time.Unix(60, 0))
	want("x", "5")
	if err := errors.Join(c.Mutation(lived("x", "7", "u", "blue")), store.Add(lived("x", "9", "u", "red"))); err != nil {
		t.Fatal(err)
	}
	want("x", "9")
	if err := c.OnAddOrUpdate(lived("x", "9", "u", "red")); err != nil || len(c.overlays()) != 0 {
		t.Errorf("%d overlays after the store has caught up: %v", len(c.overlays()), err)
	}
	if c.Mutation(lived("", "1", "", "")) == nil {
		t.Error("an object without a key is no error")
	}
}

// TestMutationCacheWithAddsIgnoresWhatIsGone proves K5 for what the store does
// not have, and for Max.
func TestMutationCacheWithAddsIgnoresWhatIsGone(t *testing.T) {
	c, _ := newMutations(t, MutationCacheOptions[*life]{IncludeAdds: true, Max: 3})
	shown := func(want ...string) {
		t.Helper()
		red, err := c.ByIndex("color", "red")
		got := []string{}
		for _, o := range red {
			got = append(got, o.key+o.version)
		}
		slices.Sort(got)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("red: %v (%v), want %v", got, err, want)
		}
	}
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	must(c.Mutation(lived("a", "5", "u", "red")), c.Mutation(lived("b", "6", "v", "blue")))
	shown("a5")
	must(c.OnDelete(lived("a", "5", "u", "red")))
	shown()
	must(c.Mutation(lived("a", "5", "u", "red")), c.Mutation(lived("a", "9", "u", "red")), c.Mutation(lived("a", "4", "w", "red")))
	shown() // the same object, or older than its deletion
	if _, ok, _ := c.GetByKey("a"); ok {
		t.Error("a tombstone is shown")
	}
	must(c.Mutation(lived("a", "9", "w", "red")))
	shown("a9") // another life of the key
	must(c.OnDelete(lived("a", "7", "u", "red")))
	shown("a9") // the deletion of the earlier one
	must(c.Mutation(lived("c", "10", "x", "red")), c.Mutation(lived("d", "11", "y", "red")), c.Mutation(lived("e", "12", "z", "red")))
	shown("c10", "d11", "e12") // no more than three
}

// TestMutationCacheKeepsTheNewerWrite proves that a write which comes while the
// cache compares is not forgotten, whichever of the methods compares
// (TestReviewMutationCacheKeepsTheNewerWrite).
func TestMutationCacheKeepsTheNewerWrite(t *testing.T) {
	for name, call := range map[string]func(*MutationCache[*life], *life) error{
		"OnAddOrUpdate": (*MutationCache[*life]).OnAddOrUpdate,
		"OnDelete":      (*MutationCache[*life]).OnDelete,
		"Mutation":      (*MutationCache[*life]).Mutation,
	} {
		var during func()
		c, store := newMutations(t, MutationCacheOptions[*life]{IncludeAdds: true, Compare: func(a, b *life) int {
			if f := during; f != nil {
				during = nil
				f() // another goroutine's
			}
			return compareVersions(a.version, b.version)
		}})
		if err := errors.Join(store.Add(lived("x", "2", "u", "red")), c.Mutation(lived("x", "2", "u", "red"))); err != nil {
			t.Fatal(err)
		}
		// Another life, so that a deletion of the earlier one is not about it.
		during = func() { _ = c.Mutation(lived("x", "4", "v", "red")) }
		if err := call(c, lived("x", "3", "u", "red")); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := c.GetByKey("x"); !ok || err != nil || got.version != "4" {
			t.Errorf("%s: write 4 is forgotten, %+v is shown (%v)", name, got, err)
		}
		if err := sameOverlays(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sameOverlays proves that both structures of a MutationCache have the same overlays.
func sameOverlays(c *MutationCache[*life]) error {
	if c.oldest.Len() != len(c.byKey) {
		return fmt.Errorf("%d overlays in order, %d by key", c.oldest.Len(), len(c.byKey))
	}
	return nil
}

// TestMutationCacheByIndexShowsNothingOutdated proves that a written object is
// not shown once the store has something newer of it, also under another value.
func TestMutationCacheByIndexShowsNothingOutdated(t *testing.T) {
	c, store := newMutations(t, MutationCacheOptions[*life]{IncludeAdds: true})
	if err := errors.Join(store.Add(lived("x", "2", "u", "blue")), c.Mutation(lived("x", "3", "u", "red"))); err != nil {
		t.Fatal(err)
	}
	if red, err := c.ByIndex("color", "red"); err != nil || len(red) != 1 {
		t.Errorf("red before the store has caught up: %v, %v", red, err)
	}
	if err := store.Add(lived("x", "4", "u", "green")); err != nil {
		t.Fatal(err)
	}
	if red, err := c.ByIndex("color", "red"); err != nil || len(red) != 0 {
		t.Errorf("red when the store has something newer: %v, %v", red, err)
	}
}
