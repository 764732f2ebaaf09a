package indexer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func closed(w Watch) bool {
	select {
	case <-w.Done():
		return true
	default:
		return false
	}
}

// TestWatchClosesWithTheNextChangeOnly drives watches of all kinds with random
// writes: a watch is closed exactly when what it watches has changed since it
// was made, so no wake-up is lost and none comes for nothing.
func TestWatchClosesWithTheNextChangeOnly(t *testing.T) {
	rapid.Check(t, watchModel(func(c *Cache[*thing], of topic) Watch { return c.engine.notifier.watch(of) }))
}

// watchModel is the property of TestWatchClosesWithTheNextChangeOnly, for
// watches that watch makes.
func watchModel(watch func(c *Cache[*thing], of topic) Watch) func(*rapid.T) {
	type watching struct {
		of      topic
		watch   Watch
		changed bool
		is      func(key string, colors []string) bool
	}
	return func(t *rapid.T) {
		c, err := NewWithAccess(thingAccess(), Options[*thing]{Indexers: Indexers[*thing]{"color": func(o *thing) ([]string, error) { return o.colors, nil }}})
		if err != nil {
			t.Fatal(err)
		}
		var watches []*watching
		version := 0
		stored := map[string]*thing{}
		changed := func(key string, before, after *thing) {
			for _, w := range watches {
				for _, o := range []*thing{before, after} {
					if o != nil {
						w.changed = w.changed || w.is(key, o.colors)
					}
				}
			}
		}
		draw := func(t *rapid.T) *thing {
			version++
			return &thing{
				key:     rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"),
				version: strconv.Itoa(version),
				colors:  rapid.SliceOfN(rapid.SampledFrom([]string{"red", "blue"}), 0, 2).Draw(t, "colors"),
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				o := draw(t)
				changed(o.key, stored[o.key], o)
				stored[o.key] = o
				if err := c.Add(o); err != nil {
					t.Fatal(err)
				}
			},
			"delete": func(t *rapid.T) {
				o := draw(t)
				changed(o.key, stored[o.key], nil)
				delete(stored, o.key)
				if err := c.Delete(o); err != nil {
					t.Fatal(err)
				}
			},
			"replace": func(t *rapid.T) {
				o, unchanged := draw(t), stored["b"]
				items := []*thing{o}
				if unchanged != nil && o.key != "b" {
					items = append(items, unchanged)
				}
				for key, old := range stored {
					if !slices.Contains(items, old) && key != o.key {
						changed(key, old, nil)
						delete(stored, key)
					}
				}
				changed(o.key, stored[o.key], o)
				stored[o.key] = o
				if err := c.Replace(items, ""); err != nil {
					t.Fatal(err)
				}
			},
			"apply": func(t *rapid.T) {
				var changes []Change[*thing]
				for range rapid.IntRange(0, 4).Draw(t, "changes") {
					o := draw(t)
					if rapid.Bool().Draw(t, "remove") {
						changed(o.key, stored[o.key], nil)
						delete(stored, o.key)
						changes = append(changes, Change[*thing]{Key: o.key, Object: o, Type: ChangeRemove})
						continue
					}
					changed(o.key, stored[o.key], o)
					stored[o.key] = o
					changes = append(changes, Change[*thing]{Key: o.key, Object: o, Type: ChangePut})
				}
				c.Apply(changes, "")
			},
			"a relist without a change": func(t *rapid.T) {
				if err := c.Replace(slices.Collect(maps.Values(stored)), ""); err != nil {
					t.Fatal(err)
				}
			},
			"bookmark": func(*rapid.T) { c.Bookmark("100000") },
			"watch": func(t *rapid.T) {
				key, color := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), rapid.SampledFrom([]string{"red", "blue"}).Draw(t, "color")
				for _, w := range []watching{
					{of: topic{}, is: func(string, []string) bool { return true }},
					{of: topic{kind: topicKey, name: key}, is: func(k string, _ []string) bool { return k == key }},
					{of: topic{kind: topicValue, index: "color", name: color}, is: func(_ string, colors []string) bool { return slices.Contains(colors, color) }},
				} {
					w.watch = watch(c, w.of)
					watches = append(watches, &w)
				}
			},
			"stop": func(t *rapid.T) {
				if len(watches) > 0 {
					i := rapid.IntRange(0, len(watches)-1).Draw(t, "which")
					watches[i].watch.Stop()
					watches[i].watch.Stop()
					watches = slices.Delete(watches, i, i+1)
				}
			},
			"": func(t *rapid.T) {
				for i, w := range watches {
					if closed(w.watch) != w.changed {
						t.Fatalf("watch %d of %+v is closed: %v, changed: %v", i, w.of, closed(w.watch), w.changed)
					}
				}
			},
		})
		for _, w := range watches {
			w.watch.Stop()
		}
		if n := c.engine.notifier.changes.Load(); n != 0 {
			t.Fatalf("%d watches are left", n)
		}
	}
}

// TestNoWakeUpIsLost has a reader that waits for each of a writer's changes by
// watches alone: if one were lost, it would wait for ever.
func TestNoWakeUpIsLost(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	const last = 3000
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	kinds := []func() Watch{
		c.Watch,
		func() Watch { return c.WatchKey("a/x") },
		func() Watch { return c.WatchIndex("color", "red") },
	}
	var all sync.WaitGroup
	for i, watch := range kinds {
		all.Go(func() {
			for {
				w := watch()
				if o, ok, _ := c.GetByKey("a/x"); ok && o.version == strconv.Itoa(last) {
					w.Stop()
					return
				}
				select {
				case <-w.Done():
				case <-ctx.Done():
					t.Errorf("watch %d: a wake-up was lost", i)
					return
				}
			}
		})
	}
	all.Go(func() {
		for n := range last {
			if err := c.Add(&thing{key: "a/x", version: strconv.Itoa(n + 1), colors: []string{"red"}}); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
}

// TestWaitForKey proves S5 for a single key: the barrier opens with the key's
// own version or with that of the state, and does not poll.
func TestWaitForKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newThings(t, Options[*thing]{})
		wait := func(key, version string) chan error {
			done := make(chan error, 1)
			go func() { done <- c.WaitForKey(t.Context(), key, version) }()
			synctest.Wait()
			return done
		}
		own, other, state := wait("a/x", "10"), wait("a/y", "10"), wait("a/z", "50")
		if err := c.Add(&thing{key: "a/x", version: "9"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(own)+len(other)+len(state) != 0 {
			t.Fatal("a barrier opened too early")
		}
		if err := c.Add(&thing{key: "a/x", version: "10"}); err != nil {
			t.Fatal(err)
		}
		for _, done := range []chan error{own, other} {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		c.Bookmark("50")
		if err := <-state; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := c.WaitForKey(ctx, "a/x", "51"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitForKey: %v", err)
		}
		if err := c.WaitForKey(ctx, "a/x", "x"); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitForKey of nonsense: %v", err)
		}
		if c.engine.notifier.changes.Load() != 0 || c.engine.notifier.versions.Load() != 0 {
			t.Error(fmt.Sprint("something is left: ", len(c.engine.notifier.subs), c.engine.notifier.oldest.Len()))
		}
	})
}

// TestWatchesHaveNoGoroutines proves that who watches, and who waits by a
// watch for a key, costs no goroutine but his own.
func TestWatchesHaveNoGoroutines(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	before := runtime.NumGoroutine()
	var watches []Watch
	for i := range 1000 {
		watches = append(watches, c.Watch(), c.WatchKey(fmt.Sprint(i)), c.WatchIndex("color", fmt.Sprint(i)))
	}
	if err := c.Add(&thing{key: "7", version: "1", colors: []string{"7"}}); err != nil {
		t.Fatal(err)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines for %d watches", n-before, len(watches))
	}
	open := 0
	for _, w := range watches {
		if !closed(w) {
			open++
		}
		w.Stop()
	}
	if open != 2*999 || c.engine.notifier.changes.Load() != 0 {
		t.Errorf("%d watches are open, %d are left", open, c.engine.notifier.changes.Load())
	}
}
