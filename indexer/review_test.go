package indexer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestASnapshotIsReadByMany proves that a Snapshot may be read by any number of
// goroutines; the race detector looks on.
func TestASnapshotIsReadByMany(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	for i := range 100 {
		put(t, c, fmt.Sprint("a/", i), i+1)
	}
	s := c.Snapshot()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			objs, err := s.ByIndex("color", "red")
			keys, err2 := s.IndexKeys("color", "red")
			if len(s.List()) != 100 || len(s.ListKeys()) != 100 || len(objs) != 100 || len(keys) != 100 || err != nil || err2 != nil {
				t.Error("the snapshot has not 100 objects")
			}
		})
	}
	readers.Wait()
}

// TestASurvivorDoesNotMakeTheTableAnewAgainAndAgain proves that what a store costs
// that was big goes by what it was used for: the table is made anew once in a
// number of writes that is a part of its size.
func TestASurvivorDoesNotMakeTheTableAnewAgainAndAgain(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"version": byVersion}})
	const n = 20_000
	for i := range n {
		put(t, c, fmt.Sprint("a/", i), i+1)
	}
	for i := range n - 1 {
		if err := c.Delete(&thing{key: fmt.Sprint("a/", i)}); err != nil {
			t.Fatal(err)
		}
	}
	table, sets, made := c.engine.keys.Table(), c.engine.head.Load().sets[0], 0
	for i := range 1000 {
		put(t, c, fmt.Sprint("b/", i), n+i+1)
		for j := range 7 {
			put(t, c, fmt.Sprint("c/", j), n+i+1)
		}
		for _, key := range []string{fmt.Sprint("b/", i), "c/0", "c/1", "c/2", "c/3", "c/4", "c/5", "c/6"} {
			if err := c.Delete(&thing{key: key}); err != nil {
				t.Fatal(err)
			}
		}
		if now := c.engine.keys.Table(); now != table {
			table, made = now, made+1
		}
	}
	if made > 2 {
		t.Errorf("the table was made anew %d times in 1,000 rounds", made)
	}
	if c.engine.head.Load().sets[0] == sets && len(c.ListIndexFuncValues("version")) != 1 {
		t.Error("the values of the index are wrong")
	}
	if err := check(c); err != nil {
		t.Fatal(err)
	}
}

// TestARelistAmongWritesTellsWhatChanged proves that an item whose stored object
// has its version is told as unchanged, also when another object beside it was
// written each time that the list was compared.
func TestARelistAmongWritesTellsWhatChanged(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	put(t, c, "a/a", 1)
	put(t, c, "a/b", 2)
	put(t, c, "a/c", 3)
	stored, _, _ := c.GetByKey("a/b")
	written := 0
	c.engine.hook = func() {
		if c.engine.mu.TryLock() { // a reader
			c.engine.mu.Unlock()
			if written < 2 {
				written++
				hook := c.engine.hook
				c.engine.hook = nil
				put(t, c, "a/a", 10+written)
				c.engine.hook = hook
			}
		}
	}
	said := map[string]ChangeType{}
	items := []*thing{{key: "a/a", version: "1"}, {key: "a/b", version: "2"}, {key: "a/c", version: "4"}}
	c.ReplaceAll([]string{"a/a", "a/b", "a/c"}, items, "20", func(change Change[*thing]) { said[change.Key] = change.Type })
	c.engine.hook = nil
	if now, _, _ := c.GetByKey("a/b"); now != stored || said["a/b"] != ChangeUnchanged || said["a/a"] != ChangePut || said["a/c"] != ChangePut || written != 2 {
		t.Errorf("after %d writes meanwhile the diff says %v", written, said)
	}
}

// TestAChangeOfAnotherTypeIsLeftAlone proves that Apply does nothing for a change
// that neither stores nor removes, such as one that a diff gave.
func TestAChangeOfAnotherTypeIsLeftAlone(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	gray := &thing{key: "a/a", version: "1", colors: []string{"gray"}}
	if err := c.Add(gray); err != nil || len(c.IndexErrors()) != 1 {
		t.Fatal(err, c.IndexErrors())
	}
	changes := []Change[*thing]{{Key: "a/a", Object: &thing{key: "a/a", version: "9"}, Type: ChangeUnchanged}, {Key: "a/b", Object: gray}}
	c.Apply(changes, "")
	if now, _, _ := c.GetByKey("a/a"); now != gray || c.Len() != 1 || len(c.IndexErrors()) != 1 || c.LastStoreSyncResourceVersion() != "1" || changes[0].Done || changes[1].Done {
		t.Errorf("%v, %d objects, errors %v, version %q, done: %v", now, c.Len(), c.IndexErrors(), c.LastStoreSyncResourceVersion(), changes)
	}
}

// TestWhoIsWokenFindsTheIndexError proves S4 and S5 together: when a Watch closes
// for an object that an index has no place for, IndexErrors says so.
func TestWhoIsWokenFindsTheIndexError(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	for i := range 200 {
		key := fmt.Sprint("a/", i)
		w := c.WatchKey(key)
		var watcher sync.WaitGroup
		watcher.Go(func() {
			<-w.Done()
			for _, failure := range c.IndexErrors() {
				if failure.Key == key {
					return
				}
			}
			t.Errorf("%q is stored, and its error is not listed", key)
		})
		if err := c.Add(&thing{key: key, version: "1", colors: []string{"gray"}}); err != nil {
			t.Fatal(err)
		}
		watcher.Wait()
	}
}

// TestWaitForEndsWhenVersionsLoseTheirOrder proves S5: a version that can never be
// reached by comparison is an error for those who wait already, too.
func TestWaitForEndsWhenVersionsLoseTheirOrder(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	put(t, c, "a/a", 1)
	waited := make(chan error)
	go func() { waited <- c.WaitFor(context.Background(), "10") }()
	for c.engine.notifier.versions.Load() == 0 {
		select {
		case err := <-waited:
			t.Fatal("it did not wait", err)
		default:
		}
	}
	if err := c.Replace(nil, "abc"); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err == nil || !strings.Contains(err.Error(), "has no order") || errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor ended with %v", err)
	}
}

// TestReplaceAllNeedsAKeyForEachItem proves that a wrong number of keys is said so,
// and changes nothing.
func TestReplaceAllNeedsAKeyForEachItem(t *testing.T) {
	c := newThings(t, Options[*thing]{Name: "things"})
	put(t, c, "a/a", 1)
	for _, keys := range [][]string{nil, {"a/b", "a/c"}} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, fmt.Sprintf("things: ReplaceAll was given %d keys for 1 items", len(keys))) {
					t.Errorf("%d keys: %s", len(keys), said)
				}
			}()
			c.ReplaceAll(keys, []*thing{{key: "a/b", version: "2"}}, "2", nil)
		}()
	}
	c.ReplaceAll(nil, nil, "3", nil)
	if c.Len() != 0 || c.LastStoreSyncResourceVersion() != "3" {
		t.Errorf("%d objects in version %s", c.Len(), c.LastStoreSyncResourceVersion())
	}
}

// TestExpectDoesNotOverflow proves that a big relist reckons right where an int has
// 32 bits.
func TestExpectDoesNotOverflow(t *testing.T) {
	r := &relist[*thing]{incoming: incoming[*thing]{items: make([]*thing, 100_000)}}
	if n := r.expect(45_500, 41_375); n != 64_533 {
		t.Errorf("%d more are expected, want 64533", n)
	}
}

// TestABigCommitNotesAPartOfItsLeaves proves that what a reader has to search is
// bounded, and that what it does not find there was not changed in place.
func TestABigCommitNotesAPartOfItsLeaves(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
	colors := func(n int) (all []string) {
		for i := range 40 {
			all = append(all, fmt.Sprint("c", (n+i)%500))
		}
		return all
	}
	write := func(version int) {
		var changes []Change[*thing]
		for i := range 20 {
			o := orderThing(i, version, colors(i*40+version*7)...)
			changes = append(changes, Change[*thing]{Key: o.key, Object: o, Type: ChangePut})
		}
		c.Apply(changes, "")
	}
	write(1)
	put(t, c, "z/z", 2)
	s := c.Snapshot()
	before := snapshotContent(t, s)
	write(3)
	write(4)
	after := snapshotContent(t, s)
	for name, keys := range before.Indexes {
		if fmt.Sprint(after.Indexes[name]) != fmt.Sprint(keys) {
			t.Errorf("the snapshot had %q under %s, and has %q", keys, name, after.Indexes[name])
		}
	}
	if err := check(c); err != nil {
		t.Fatal(err)
	}
}

// TestANewIndexHasWhatWasWrittenMeanwhile proves S3 for AddIndexers: what is
// written while the new function runs over the objects is in the index as it was
// written.
func TestANewIndexHasWhatWasWrittenMeanwhile(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	for i := range 10 {
		put(t, c, fmt.Sprint("a/", i), i+1)
	}
	written := false
	byColorNow := func(o *thing) ([]string, error) {
		if !written {
			written = true // the writes call the function too
			_ = c.Update(&thing{key: "a/5", version: "20", colors: []string{"blue"}})
			_ = c.Update(&thing{key: "a/7", version: "21", colors: []string{"blue", "green"}})
			_ = c.Delete(&thing{key: "a/6"})
			_ = c.Add(&thing{key: "a/99", version: "22", colors: []string{"blue"}})
		}
		return o.colors, nil
	}
	if err := c.AddIndexers(Indexers[*thing]{"now": byColorNow}); err != nil {
		t.Fatal(err)
	}
	for color, want := range map[string]int{"red": 7, "blue": 3, "green": 1} {
		objs, err := c.ByIndex("now", color)
		if err != nil || len(objs) != want {
			t.Errorf("%d objects are %s (%v), want %d", len(objs), color, err, want)
		}
		for _, o := range objs {
			if !strings.Contains(fmt.Sprint(o.colors), color) {
				t.Errorf("%q is listed under %s and has %v", o.key, color, o.colors)
			}
		}
	}
	if err := check(c); err != nil {
		t.Fatal(err)
	}
}

// TestAKeyThatComesBackIsThere proves that a key which was deleted is there again
// when it is stored again, without an index that would show the difference too.
func TestAKeyThatComesBackIsThere(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	for version := range 3 {
		put(t, c, "a/a", version+1)
		if o, exists, _ := c.GetByKey("a/a"); !exists || c.Len() != 1 || len(c.List()) != 1 || o.version != fmt.Sprint(version+1) {
			t.Fatalf("stored for the time %d: %v, %d objects", version+1, o, c.Len())
		}
		if err := c.Delete(&thing{key: "a/a"}); err != nil || c.Len() != 0 {
			t.Fatal(err, c.Len())
		}
	}
}
