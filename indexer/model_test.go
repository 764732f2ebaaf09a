package indexer

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/object"
	"pgregory.net/rapid"
)

// thing is the object of these tests.
type thing struct {
	key     string
	version string
	colors  []string
}

var errGray = errors.New("gray is no color")

// byColor fails for gray and panics for black (S4).
func byColor(o *thing) ([]string, error) {
	if slices.Contains(o.colors, "gray") {
		return []string{"ignored"}, errGray
	}
	if slices.Contains(o.colors, "black") {
		panic("black")
	}
	return o.colors, nil
}

func byFirst(o *thing) ([]string, error) { return []string{o.key[:1]}, nil }

func byVersion(o *thing) ([]string, error) {
	if o.version == "" {
		return nil, nil
	}
	return []string{o.version}, nil
}

func thingAccess() object.Access[*thing] {
	return object.Keyed(func(o *thing) (string, error) {
		if o == nil || o.key == "" {
			return "", errors.New("no key")
		}
		return o.key, nil
	}, object.Fields[*thing]{Version: func(o *thing) string { return o.version }})
}

// namedAccess is thingAccess with keys made of names.
func namedAccess() object.Access[*thing] {
	name := func(o *thing) object.Name { return object.CutKey(o.key) }
	return object.Keyed(func(o *thing) (string, error) { return name(o).String(), nil }, object.Fields[*thing]{
		Name:      name,
		NameIsKey: true,
		Version:   func(o *thing) string { return o.version },
	})
}

func newThings(t testing.TB, options Options[*thing]) *Cache[*thing] {
	t.Helper()
	if options.OnIndexError == nil {
		options.OnIndexError = func(*IndexError) {}
	}
	c, err := NewWithAccess(thingAccess(), options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newBare returns a Cache of anything, whose objects come with their keys only.
func newBare[T any](t testing.TB, options Options[T], version func(T) string) *Cache[T] {
	t.Helper()
	none := func(T) (string, error) { return "", errors.New("a bare store is given its keys") }
	c, err := NewWithAccess(object.Keyed(none, object.Fields[T]{Version: version}), options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// putKey stores obj under key, and removeKey takes it out.
func putKey[T any](c *Cache[T], key string, obj T) {
	c.Apply([]Change[T]{{Key: key, Object: obj, Type: ChangePut}}, "")
}

func removeKey[T any](c *Cache[T], key string) {
	c.Apply([]Change[T]{{Key: key, Type: ChangeRemove}}, "")
}

// modelState is one state of the naive model: a map, from which everything else is
// computed when it is asked for.
type modelState struct {
	objects  map[string]*thing
	version  string
	indexers Indexers[*thing]
}

func (s modelState) clone() modelState {
	return modelState{maps.Clone(s.objects), s.version, maps.Clone(s.indexers)}
}

func (s modelState) index(name string) map[string][]string {
	sets := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		ix := index[*thing]{fn: s.indexers[name]}
		values, _ := ix.values(s.objects[key])
		for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
			sets[value] = append(sets[value], key)
		}
	}
	return sets
}

// compare checks every query of a snapshot against the model.
func compare(t *rapid.T, what string, s modelState, got Snapshot[*thing]) {
	same(t, what+": keys", slices.Sorted(maps.Keys(s.objects)), got.ListKeys())
	if got.Len() != len(s.objects) || len(got.List()) != len(s.objects) || got.ResourceVersion() != s.version {
		t.Fatalf("%s: Len %d, List %d, want %d; version %q, want %q", what,
			got.Len(), len(got.List()), len(s.objects), got.ResourceVersion(), s.version)
	}
	for key, obj := range got.All() {
		if s.objects[key] != obj {
			t.Fatalf("%s: %q is %v, want %v", what, key, obj, s.objects[key])
		}
	}
	for _, obj := range got.List() {
		if s.objects[obj.key] != obj {
			t.Fatalf("%s: List has %v, want %v", what, obj, s.objects[obj.key])
		}
	}
	for _, key := range allKeys {
		if obj, ok := got.Get(key); s.objects[key] != obj || ok != (obj != nil) {
			t.Fatalf("%s: Get(%q) = %v, %v, want %v", what, key, obj, ok, s.objects[key])
		}
	}
	for name := range s.indexers {
		compareIndex(t, what, s, got, name)
	}
	for _, name := range []string{"none", "version"} { // a snapshot does not get the index that is added later
		if _, known := s.indexers[name]; known {
			continue
		}
		if _, err := got.ByIndex(name, "x"); err == nil || len(got.ListIndexFuncValues(name)) != 0 {
			t.Fatalf("%s: index %q is known", what, name)
		}
		for key := range got.ByIndexSeq(name, "x") {
			t.Fatalf("%s: unknown index %q yields %q", what, name, key)
		}
	}
}

func compareIndex(t *rapid.T, what string, s modelState, got Snapshot[*thing], name string) {
	sets := s.index(name)
	same(t, what+": values of index "+name, slices.Sorted(maps.Keys(sets)), got.ListIndexFuncValues(name))
	for value, keys := range sets {
		gotKeys, err := got.IndexKeys(name, value)
		if err != nil {
			t.Fatal(err)
		}
		same(t, what+": index "+name+", value "+value, keys, gotKeys)
		objs, err := got.ByIndex(name, value)
		if err != nil || len(objs) != len(keys) {
			t.Fatalf("%s: ByIndex(%q, %q) has %d objects (%v), want %d", what, name, value, len(objs), err, len(keys))
		}
		n := 0
		for key, obj := range got.ByIndexSeq(name, value) {
			if n++; s.objects[key] != obj {
				t.Fatalf("%s: ByIndexSeq(%q, %q) has %v for %q", what, name, value, obj, key)
			}
		}
		if n != len(keys) {
			t.Fatalf("%s: ByIndexSeq(%q, %q) yields %d, want %d", what, name, value, n, len(keys))
		}
	}
}

// same compares got, in any order, with want; cmp only explains, it takes long.
func same(t *rapid.T, what string, want, got []string) {
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Fatalf("%s: %s", what, cmp.Diff(want, got))
	}
}

var allKeys = func() (keys []string) {
	for i := range 70 {
		keys = append(keys, fmt.Sprintf("%c/%d", 'a'+i%5, i))
	}
	return keys
}()

type modelStep struct {
	cache     *Cache[*thing]
	state     modelState
	clock     int
	snapshots map[Snapshot[*thing]]modelState
}

func (m *modelStep) draw(t *rapid.T) *thing {
	m.clock++
	o := &thing{
		key:    rapid.SampledFrom(allKeys).Draw(t, "key"),
		colors: rapid.SliceOfN(rapid.SampledFrom([]string{"red", "green", "blue", "blue", "gray", "black"}), 0, 3).Draw(t, "colors"),
	}
	if rapid.IntRange(0, 9).Draw(t, "versioned") > 0 {
		o.version = strconv.Itoa(m.clock)
	}
	return o
}

func (m *modelStep) raise(version string) {
	if version != "" && supersedes(version, m.state.version) {
		m.state.version = version
	}
}

func (m *modelStep) put(o *thing) {
	m.state.objects[o.key] = o
	m.raise(o.version)
}

func (m *modelStep) remove(o *thing) {
	delete(m.state.objects, o.key)
	m.raise(o.version)
}

func (m *modelStep) replaceItems(t *rapid.T) []*thing {
	var items []*thing
	for _, key := range slices.Sorted(maps.Keys(m.state.objects)) {
		o := m.state.objects[key]
		switch rapid.IntRange(0, 5).Draw(t, "fate") {
		case 0: // gone
		case 1, 2: // changed
			n := m.draw(t)
			n.key = key
			items = append(items, n)
		default: // the same version in another object
			same := *o
			items = append(items, &same)
		}
	}
	for range rapid.IntRange(0, 10).Draw(t, "new") {
		items = append(items, m.draw(t))
	}
	return items
}

func (m *modelStep) replaced(items []*thing, version string) {
	before := m.state.objects
	m.state.objects = map[string]*thing{}
	for _, o := range items {
		old := before[o.key]
		_, twice := m.state.objects[o.key]
		if old != nil && old.version != "" && old.version == o.version && !twice {
			o = old
		}
		m.state.objects[o.key] = o
	}
	if version != "" {
		m.state.version = version
	}
}

// TestModel proves S1, S3 and S4: whatever is written, every query of the store
// and of every snapshot that was taken on the way gives what the naive model
// gives for that state.
func TestModel(t *testing.T) {
	for name, access := range map[string]object.Access[*thing]{"keys": thingAccess(), "names": namedAccess()} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { runModel(t, access) })
		})
	}
}

func runModel(t *rapid.T, access object.Access[*thing]) {
	indexers := Indexers[*thing]{"color": byColor, "first": byFirst}
	c, err := NewWithAccess(access, Options[*thing]{Indexers: indexers, OnIndexError: func(*IndexError) {}})
	if err != nil {
		t.Fatal(err)
	}
	m := &modelStep{
		cache:     c,
		state:     modelState{map[string]*thing{}, "", maps.Clone(indexers)},
		snapshots: map[Snapshot[*thing]]modelState{},
	}
	t.Repeat(m.actions())
}

func (m *modelStep) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			o := m.draw(t)
			m.put(o)
			if err := m.cache.Add(o); err != nil {
				t.Fatal(err)
			}
		},
		"delete": func(t *rapid.T) {
			o := m.draw(t)
			m.remove(o)
			if err := m.cache.Delete(o); err != nil {
				t.Fatal(err)
			}
		},
		"apply":       m.apply,
		"transaction": m.transaction,
		"replace":     m.replace,
		"replaceAll": func(t *rapid.T) {
			m.replaceAll(t)
		},
		"bookmark": func(t *rapid.T) {
			version := strconv.Itoa(rapid.IntRange(1, 300).Draw(t, "version"))
			m.raise(version)
			m.cache.Bookmark(version)
		},
		"addIndexers": func(t *rapid.T) {
			_, there := m.state.indexers["version"]
			if err := m.cache.AddIndexers(Indexers[*thing]{"version": byVersion}); (err != nil) != there {
				t.Fatalf("AddIndexers: %v", err)
			}
			m.state.indexers["version"] = byVersion
		},
		"snapshot": func(t *rapid.T) {
			if len(m.snapshots) < 6 {
				m.snapshots[m.cache.Snapshot()] = m.state.clone()
			}
		},
		"forget": func(t *rapid.T) {
			for s := range m.snapshots {
				delete(m.snapshots, s)
				break
			}
		},
		"": m.check,
	}
}

func (m *modelStep) apply(t *rapid.T) {
	var changes []Change[*thing]
	var want []Change[*thing]
	for range rapid.IntRange(0, 12).Draw(t, "changes") {
		o := m.draw(t)
		c := Change[*thing]{Key: o.key, Object: o, Type: ChangePut}
		if rapid.Bool().Draw(t, "remove") {
			c.Type = ChangeRemove
		}
		changes = append(changes, c)
		c.Old, c.Existed, c.Done = m.state.objects[o.key], m.state.objects[o.key] != nil, true
		want = append(want, c)
		if c.Type == ChangePut {
			m.put(o)
		} else {
			m.remove(o)
		}
	}
	m.cache.Apply(changes, "")
	if diff := cmp.Diff(want, changes, cmp.Comparer(func(a, b *thing) bool { return a == b })); diff != "" {
		t.Fatalf("Apply filled in: %s", diff)
	}
}

// transaction has parts that fail: the others are done.
func (m *modelStep) transaction(t *rapid.T) {
	var parts []Transaction[*thing]
	var done []int
	for i := range rapid.IntRange(0, 6).Draw(t, "parts") {
		part := Transaction[*thing]{Object: m.draw(t), Type: rapid.SampledFrom([]TransactionType{
			TransactionAdd, TransactionUpdate, TransactionDelete, "Nonsense",
		}).Draw(t, "type")}
		switch {
		case part.Type == "Nonsense":
		default:
			done = append(done, i)
			if part.Type == TransactionDelete {
				m.remove(part.Object)
			} else {
				m.put(part.Object)
			}
		}
		parts = append(parts, part)
	}
	failed := m.cache.Transaction(parts...)
	if len(done) == len(parts) {
		if failed != nil {
			t.Fatalf("Transaction: %v", failed)
		}
		return
	}
	if failed == nil || failed.TotalTransactions != len(parts) || !slices.Equal(failed.SuccessfulIndices, done) ||
		len(failed.Errors) != len(parts)-len(done) {
		t.Fatalf("Transaction: %+v, want %v of %d", failed, done, len(parts))
	}
}

func (m *modelStep) replace(t *rapid.T) {
	items := m.replaceItems(t)
	m.clock++
	version := rapid.SampledFrom([]string{"", strconv.Itoa(m.clock)}).Draw(t, "version")
	m.replaced(items, version)
	if err := m.cache.Replace(items, version); err != nil {
		t.Fatal(err)
	}
}

func (m *modelStep) replaceAll(t *rapid.T) {
	var keys []string
	var items []*thing
	for _, o := range m.replaceItems(t) {
		if !slices.Contains(keys, o.key) {
			keys, items = append(keys, o.key), append(items, o)
		}
	}
	before := maps.Clone(m.state.objects)
	m.replaced(items, "")
	m.cache.ReplaceAll(keys, items, "", func(c Change[*thing]) {
		old := before[c.Key]
		now := m.state.objects[c.Key]
		switch {
		case c.Existed != (old != nil) || c.Old != old:
			t.Fatalf("diff of %q: old %v, want %v", c.Key, c.Old, old)
		case c.Type == ChangeRemove && now == nil:
		case c.Type == ChangeUnchanged && now == old && c.Object == old:
		case c.Type == ChangePut && c.Object == now:
		default:
			t.Fatalf("diff of %q: %+v, from %v to %v", c.Key, c, old, now)
		}
		if _, ok := before[c.Key+"!"]; ok {
			t.Fatalf("diff tells of %q twice", c.Key)
		}
		before[c.Key+"!"] = nil
	})
	for key := range m.state.objects {
		if _, told := before[key+"!"]; !told {
			t.Fatalf("diff does not tell of %q", key)
		}
	}
}

func (m *modelStep) check(t *rapid.T) {
	now := Snapshot[*thing](oneByOne{m.cache})
	if rapid.Bool().Draw(t, "seal") {
		now = m.cache.Snapshot()
	}
	compare(t, "now", m.state, now)
	for s, want := range m.snapshots {
		compare(t, "snapshot at "+want.version, want, s)
	}
	for _, key := range allKeys {
		if obj, ok, _ := m.cache.GetByKey(key); obj != m.state.objects[key] || ok != (obj != nil) {
			t.Fatalf("GetByKey(%q) = %v, %v", key, obj, ok)
		}
	}
	if m.cache.Len() != len(m.state.objects) || m.cache.LastStoreSyncResourceVersion() != m.state.version {
		t.Fatalf("Len %d, version %q", m.cache.Len(), m.cache.LastStoreSyncResourceVersion())
	}
	failed := map[string]bool{}
	for _, e := range m.cache.IndexErrors() {
		if failed[e.Key] {
			t.Fatalf("%q is reported twice", e.Key)
		}
		failed[e.Key] = true
	}
	for key, o := range m.state.objects {
		if _, err := (&index[*thing]{fn: byColor}).values(o); (err != nil) != failed[key] {
			t.Fatalf("%q: index error %v, reported %v", key, err, failed[key])
		}
		delete(failed, key)
	}
	if len(failed) > 0 {
		t.Fatalf("errors of objects that are gone: %v", failed)
	}
	if err := check(m.cache); err != nil {
		t.Fatal(err)
	}
}

// oneByOne reads a cache as a Snapshot is read, with queries that need not seal
// its state.
type oneByOne struct{ *Cache[*thing] }

func (o oneByOne) Get(key string) (*thing, bool) {
	obj, exists, _ := o.GetByKey(key)
	return obj, exists
}

func (o oneByOne) All() iter.Seq2[string, *thing] { return o.each(o.ListKeys()) }

func (o oneByOne) ByIndexSeq(indexName, value string) iter.Seq2[string, *thing] {
	keys, _ := o.IndexKeys(indexName, value)
	return o.each(keys)
}

func (o oneByOne) each(keys []string) iter.Seq2[string, *thing] {
	return func(yield func(string, *thing) bool) {
		for _, key := range keys {
			if obj, exists := o.Get(key); exists && !yield(key, obj) {
				return
			}
		}
	}
}

func (o oneByOne) ResourceVersion() string { return o.LastStoreSyncResourceVersion() }
