package indexer

import (
	"flag"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tests of this file stop a writer before each store that a reader can see,
// and read there: seal the state by a Snapshot, or read once as List and Get do.
// What is read must be the state before the commit or the one after it, and what
// was sealed must stay as it is, whatever is written later. So they reach every
// order of one reader and a writer, where tests with goroutines reach some.

// content is everything that can be read of a store.
type content struct {
	Objects map[string]string // key to version
	Indexes map[string][]string
	Version string
	Len     int
}

type contentReader interface {
	List() []*thing
	ListKeys() []string
	ByIndex(name, value string) ([]*thing, error)
	IndexKeys(name, value string) ([]string, error)
	ListIndexFuncValues(name string) []string
}

var orderIndexes = []string{"color", "first", "version"}

// contentOf reads a store or a snapshot; every query must tell the same.
func contentOf(t *testing.T, r contentReader, version string, length int) content {
	t.Helper()
	c := content{Objects: map[string]string{}, Indexes: map[string][]string{}, Version: version, Len: length}
	for _, o := range r.List() {
		c.Objects[o.key] = o.version
	}
	if keys := slices.Sorted(slices.Values(r.ListKeys())); !slices.Equal(keys, slices.Sorted(maps.Keys(c.Objects))) {
		t.Fatalf("ListKeys gives %q, List %v", keys, c.Objects)
	}
	for _, name := range orderIndexes {
		for _, value := range r.ListIndexFuncValues(name) {
			keys, err := r.IndexKeys(name, value)
			objs, err2 := r.ByIndex(name, value)
			if err != nil || err2 != nil || len(objs) != len(keys) || len(keys) == 0 {
				t.Fatalf("index %q, %q: keys %q, objects %v, %v, %v", name, value, keys, objs, err, err2)
			}
			for _, o := range objs {
				if c.Objects[o.key] != o.version || !slices.Contains(keys, o.key) {
					t.Fatalf("index %q, %q: %q is in version %s, listed in version %s", name, value, o.key, o.version, c.Objects[o.key])
				}
			}
			c.Indexes[name+"="+value] = slices.Sorted(slices.Values(keys))
		}
	}
	return c
}

func snapshotContent(t *testing.T, s Snapshot[*thing]) content {
	t.Helper()
	c := contentOf(t, s, s.ResourceVersion(), s.Len())
	for key, obj := range s.All() {
		if got, ok := s.Get(key); !ok || got != obj || c.Objects[key] != obj.version {
			t.Fatalf("All yields %q in version %s, Get gives %v, List %s", key, obj.version, got, c.Objects[key])
		}
	}
	return c
}

// orderKeys are the keys that there are at first: more than a chunk.
const orderKeys = 40

func orderThing(i, version int, colors ...string) *thing {
	return &thing{key: fmt.Sprintf("a/%02d", i), version: fmt.Sprint(version), colors: colors}
}

// orderCommits are writes of each kind. n is different in each call and above all
// versions.
var orderCommits = map[string]func(c *Cache[*thing], n int){
	"light": func(c *Cache[*thing], n int) { _ = c.Update(orderThing(3, n, "red")) },
	"light of several": func(c *Cache[*thing], n int) {
		applyThings(c, orderThing(2, n, "red"), orderThing(35, n, "red"), orderThing(3, n, "red"), orderThing(2, n+1, "red"))
	},
	"moving":                  func(c *Cache[*thing], n int) { _ = c.Update(orderThing(3, n, fmt.Sprint("c", n%3))) },
	"moving in another chunk": func(c *Cache[*thing], n int) { _ = c.Update(orderThing(38, n, fmt.Sprint("c", n%3))) },
	"several values": func(c *Cache[*thing], n int) {
		_ = c.Update(orderThing(36, n, "red", fmt.Sprint("c", n%3), fmt.Sprint("d", n%2)))
	},
	"delete":   func(c *Cache[*thing], n int) { _ = c.Delete(orderThing(4+n%3, n)) },
	"add":      func(c *Cache[*thing], n int) { _ = c.Add(orderThing(50+n%4, n, "red")) },
	"bookmark": func(c *Cache[*thing], n int) { c.Bookmark(fmt.Sprint(n)) },
	"delete and add": func(c *Cache[*thing], n int) {
		c.Apply([]Change[*thing]{
			{Key: "a/07", Type: ChangeRemove}, {Key: "a/60", Object: orderThing(60, n, "blue"), Type: ChangePut},
			{Key: "a/07", Object: orderThing(7, n, "red"), Type: ChangePut}, {Key: "a/34", Type: ChangeRemove},
		}, fmt.Sprint(n))
	},
	"replace": func(c *Cache[*thing], n int) {
		var items []*thing
		for i := range orderKeys {
			if i%5 != n%5 {
				items = append(items, orderThing(i, n-i%2, "red"))
			}
		}
		_ = c.Replace(items, fmt.Sprint(n))
	},
	"replace with nothing": func(c *Cache[*thing], n int) { _ = c.Replace(nil, fmt.Sprint(n)) },
	"a table made anew": func(c *Cache[*thing], n int) {
		for i := range 3 {
			_ = c.Add(orderThing(100+n+i, n, fmt.Sprint("new", n, i)))
			_ = c.Delete(orderThing(100+n+i, n))
		}
	},
	"another index": func(c *Cache[*thing], _ int) { _ = c.AddIndexers(Indexers[*thing]{"version": byVersion}) },
}

func applyThings(c *Cache[*thing], things ...*thing) {
	var changes []Change[*thing]
	for _, o := range things {
		changes = append(changes, Change[*thing]{Key: o.key, Object: o, Type: ChangePut})
	}
	c.Apply(changes, things[len(things)-1].version)
}

// orders is a store whose writer is stopped.
type orders struct {
	t     *testing.T
	cache *Cache[*thing]
	// steps counts the stores since the writer was let go.
	steps, version int
	// stopAt are the steps at which is read, how what is done there.
	stopAt map[int]bool
	how    string
	inside bool
	// stop is that of the coroutine that runs.
	stop func()
	// before is what the store has, seen is what was read during the commit. watch
	// closes with it.
	before content
	seen   []content
	watch  Watch
	sealed map[Snapshot[*thing]]content
}

func newOrders(t *testing.T, how string) *orders {
	o := &orders{t: t, how: how, cache: newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor, "first": byFirst}}),
		version: 1000, sealed: map[Snapshot[*thing]]content{}}
	var items []*thing
	for i := range orderKeys {
		items = append(items, orderThing(i, i+1, "red"))
	}
	if err := o.cache.Replace(items, "900"); err != nil {
		t.Fatal(err)
	}
	_ = o.cache.Update(orderThing(1, 950, "green")) // nobody has sealed this one
	o.cache.engine.hook, o.cache.engine.editor.Step = o.step, o.step
	return o
}

func (o *orders) step() {
	if o.inside {
		return
	}
	o.steps++
	if !o.stopAt[o.steps] {
		return
	}
	o.inside = true
	defer func() { o.inside = false }()
	if o.how == "snapshot" {
		s := o.cache.Snapshot()
		c := snapshotContent(o.t, s)
		o.sealed[s] = c
		o.seen = append(o.seen, c)
		return
	}
	o.seen = append(o.seen, o.read())
	select {
	case <-o.watch.Done():
		if cmp.Equal(o.seen[len(o.seen)-1], o.before) {
			o.t.Fatalf("step %d: who waits is woken, and the state is the one before", o.steps)
		}
	default:
	}
	for i := range orderKeys {
		key := fmt.Sprintf("a/%02d", i)
		obj, exists, _ := o.cache.GetByKey(key)
		want := o.seen[len(o.seen)-1].Objects[key]
		if exists != (want != "") || exists && obj.version != want {
			o.t.Fatalf("step %d: GetByKey(%q) gives %v, List has version %q", o.steps, key, obj, want)
		}
	}
}

func (o *orders) read() content {
	return contentOf(o.t, o.cache, o.cache.LastStoreSyncResourceVersion(), o.cache.Len())
}

// commit makes a commit that is stopped at some of its stores, and checks what was
// read. It returns how many stores there were.
func (o *orders) commit(kind string, stopAt ...int) int {
	o.t.Helper()
	o.stopAt = map[int]bool{}
	for _, at := range stopAt {
		o.stopAt[at] = true
	}
	o.inside = true
	before := o.read()
	o.inside = false
	o.steps, o.seen, o.before = 0, nil, before
	if o.how == "reads" {
		o.watch = o.cache.Watch()
		defer o.watch.Stop()
	}
	o.version += 10
	orderCommits[kind](o.cache, o.version)
	steps := o.steps
	o.inside = true
	defer func() { o.inside = false }()
	after := o.read()
	o.check(kind, before, after)
	if err := check(o.cache); err != nil {
		o.t.Fatalf("%s: %v", kind, err)
	}
	return steps
}

// manyCommits are kinds that make more than one commit.
var manyCommits = map[string]bool{"a table made anew": true, "another index": true}

func (o *orders) check(kind string, before, after content) {
	o.t.Helper()
	committed := false
	for _, c := range o.seen {
		isBefore, isAfter := cmp.Equal(c, before), cmp.Equal(c, after)
		if !isBefore && !isAfter && !manyCommits[kind] {
			o.t.Fatalf("%s at %v, by %s: neither the state before nor the one after:\n%s\n%s", kind, o.stopAt, o.how, cmp.Diff(before, c), cmp.Diff(after, c))
		}
		if isBefore && !isAfter && committed {
			o.t.Fatalf("%s at %v, by %s: the state before came after the one after", kind, o.stopAt, o.how)
		}
		committed = committed || isAfter && !isBefore
	}
	for s, want := range o.sealed {
		if got := snapshotContent(o.t, s); !cmp.Equal(got, want) {
			o.t.Fatalf("%s at %v: a snapshot changed:\n%s", kind, o.stopAt, cmp.Diff(want, got))
		}
	}
}

var allOrders = flag.Bool("orders", false, "every commit of three is of each kind, which takes a minute")

// orderKinds returns some kinds of commits, or with the flag all.
func orderKinds(some ...string) []string {
	if *allOrders {
		return slices.Sorted(maps.Keys(orderCommits))
	}
	return some
}

var hows = []string{"snapshot", "reads"}

// TestEveryOrderOfAReaderAndACommit proves S1 for one reader at every place of a
// commit of every kind, and of every kind after it, which must not change what was
// sealed.
func TestEveryOrderOfAReaderAndACommit(t *testing.T) {
	for _, first := range slices.Sorted(maps.Keys(orderCommits)) {
		t.Run(first, func(t *testing.T) {
			for _, how := range hows {
				for at := 0; ; at++ {
					steps := newOrders(t, how).commit(first, at)
					for _, next := range orderKinds("light of several", "delete and add", "replace") {
						o := newOrders(t, how)
						o.commit(first, at)
						o.commit(next)
						o.commit("light")
						o.commit("moving")
					}
					if at > steps || at > 40 {
						break
					}
				}
			}
		})
	}
}

// TestEveryOrderOfAReaderAndTwoCommits proves S1 for readers at every place of two
// commits, one after the other.
func TestEveryOrderOfAReaderAndTwoCommits(t *testing.T) {
	kinds := orderKinds("light", "light of several", "moving")
	for _, first := range kinds {
		t.Run(first, func(t *testing.T) {
			for _, how := range hows {
				for _, next := range kinds {
					for at, steps := 0, 1; at <= min(steps, 20); at++ {
						for then, more := 1, 1; then <= min(more, 20); then++ {
							o := newOrders(t, how)
							steps = o.commit(first, at)
							more = o.commit(next, then, then+2)
							o.commit("light")
							o.commit("light of several")
							o.commit("moving")
						}
					}
				}
			}
		})
	}
}

// TestEveryOrderOfACommitInAReading proves S1 for one commit, or two, at every
// place of a reading: what it gives is one of the states that there were
// meanwhile, and a snapshot stays.
func TestEveryOrderOfACommitInAReading(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(orderCommits)) {
		t.Run(kind, func(t *testing.T) {
			for _, then := range []string{"", "light", "light of several", "moving", "replace"} {
				for name, reading := range orderReadings {
					for at, places := 1, 1; at <= min(places, 40); at++ {
						places = newOrders(t, "").commitIn(name, reading, kind, then, at)
					}
				}
			}
		})
	}
}

// orderReadings are readings; each gives what it read of a content.
var orderReadings = map[string]func(o *orders) (got any, of func(content) any){
	"get": func(o *orders) (any, func(content) any) {
		obj, exists, _ := o.cache.GetByKey("a/03")
		if !exists {
			obj = &thing{}
		}
		return obj.version, func(c content) any { return c.Objects["a/03"] }
	},
	"get of what may go": func(o *orders) (any, func(content) any) {
		obj, exists, _ := o.cache.GetByKey("a/07")
		if !exists {
			obj = &thing{}
		}
		return obj.version, func(c content) any { return c.Objects["a/07"] }
	},
	"list": func(o *orders) (any, func(content) any) {
		all := map[string]string{}
		for _, obj := range o.cache.List() {
			all[obj.key] = obj.version
		}
		return all, func(c content) any { return c.Objects }
	},
	"index keys": func(o *orders) (any, func(content) any) {
		keys, _ := o.cache.IndexKeys("color", "red")
		slices.Sort(keys)
		return keys, func(c content) any { return append([]string{}, c.Indexes["color=red"]...) }
	},
	"by index": func(o *orders) (any, func(content) any) {
		all := map[string]string{}
		objs, _ := o.cache.ByIndex("color", "red")
		for _, obj := range objs {
			all[obj.key] = obj.version
		}
		return all, func(c content) any {
			red := map[string]string{}
			for _, key := range c.Indexes["color=red"] {
				red[key] = c.Objects[key]
			}
			return red
		}
	},
	"version": func(o *orders) (any, func(content) any) {
		return o.cache.LastStoreSyncResourceVersion(), func(c content) any { return c.Version }
	},
	"snapshot": func(o *orders) (any, func(content) any) {
		s := o.cache.Snapshot()
		o.inside = true
		c := snapshotContent(o.t, s)
		o.inside = false
		o.sealed[s] = c
		return c, func(c content) any { return c }
	},
}

// commitIn makes commits at one place of a reading, and returns how many places
// there are.
func (o *orders) commitIn(name string, reading func(o *orders) (any, func(content) any), kind, then string, at int) int {
	o.t.Helper()
	o.inside = true
	states := []content{o.read()}
	o.cache.engine.editor.Step = nil
	places := 0
	o.cache.engine.hook = func() {
		if o.inside {
			return
		}
		o.inside = true
		defer func() { o.inside = false }()
		if places++; places != at {
			return
		}
		for _, commit := range []string{kind, then} {
			if commit != "" {
				o.version += 10
				orderCommits[commit](o.cache, o.version)
				states = append(states, o.read())
			}
		}
	}
	o.inside = false
	got, of := reading(o)
	o.inside = true
	if !manyCommits[kind] && !slices.ContainsFunc(states, func(c content) bool { return cmp.Equal(of(c), got) }) {
		o.t.Fatalf("%s with %s and %q at place %d gives %v, which no state had; the first one had %v", name, kind, then, at, got, of(states[0]))
	}
	o.check(kind, states[0], states[len(states)-1])
	orderCommits["light"](o.cache, o.version+20)
	orderCommits["moving"](o.cache, o.version+30)
	o.check(kind, states[0], states[len(states)-1])
	if err := check(o.cache); err != nil {
		o.t.Fatal(err)
	}
	return places
}

// stops lets a function run until it comes to a step, again and again. It is a
// coroutine: it runs only while somebody waits for its next stop.
func (o *orders) stops(run func()) (next func() (stopped bool), finish func()) {
	var stop func()
	resume, end := iter.Pull(func(yield func(struct{}) bool) {
		stop = func() { yield(struct{}{}) }
		o.stop = stop
		run()
	})
	next = func() bool {
		o.stop = stop
		_, stopped := resume()
		o.stop = nil
		return stopped
	}
	return next, func() {
		for next() {
		}
		end()
	}
}

// TestEveryOrderOfAReadingAndACommitUnderWay proves S1 where a reading that began
// before one commit ends in the middle of another: what it gives is a state that
// was shown, or, if it is the one to come, nobody sees an older one later.
func TestEveryOrderOfAReadingAndACommitUnderWay(t *testing.T) {
	for _, first := range []string{"", "light", "moving", "moving in another chunk", "replace"} {
		for _, next := range []string{"light", "light of several", "moving", "replace"} {
			t.Run(first+" then "+next, func(t *testing.T) {
				for name, reading := range orderReadings {
					for at, places := 0, 1; at <= places; at++ {
						for under, steps := 0, 1; under <= min(steps, 12); under++ {
							places, steps = newOrders(t, "").underWay(name, reading, first, next, at, under)
						}
					}
				}
			})
		}
	}
}

// underWay makes one commit when a reading has come to its place at, then another
// as far as its step under, and lets the reading end. It returns how many places
// and steps there are.
func (o *orders) underWay(name string, reading func(o *orders) (any, func(content) any), first, next string, at, under int) (places, steps int) {
	o.t.Helper()
	states := []content{o.read()}
	o.cache.engine.hook = func() {
		if o.stop != nil && !o.inside {
			o.stop()
		}
	}
	o.cache.engine.editor.Step = o.cache.engine.hook
	var got any
	var of func(content) any
	goOn, finish := o.stops(func() { got, of = reading(o) })
	for places < at && goOn() {
		places++
	}
	if first != "" {
		orderCommits[first](o.cache, o.version+10)
		states = append(states, o.read())
	}
	goOnWriting, finishWriting := o.stops(func() { orderCommits[next](o.cache, o.version+20) })
	for steps < under && goOnWriting() {
		steps++
	}
	more := places
	for goOn() {
		more++
	}
	finish()
	now, _ := reading(o)
	finishWriting()
	after := o.read()
	switch {
	case slices.ContainsFunc(states, func(c content) bool { return cmp.Equal(of(c), got) }):
	case !cmp.Equal(of(after), got):
		o.t.Fatalf("%s from place %d to step %d gives %v, which no state had; the first one had %v", name, at, under, got, of(states[0]))
	case !cmp.Equal(now, got):
		o.t.Fatalf("%s from place %d to step %d gives %v, and then %v again", name, at, under, got, now)
	}
	o.check(next, after, after)
	if err := check(o.cache); err != nil {
		o.t.Fatal(err)
	}
	if steps == under {
		steps++
	}
	return more, steps
}
