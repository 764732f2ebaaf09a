package compact

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/informant-go/informant/indexer"
	"pgregory.net/rapid"
)

// model is a Cache beside an indexer.Cache that is given the same.
type model struct {
	t       *rapid.T
	ours    *Cache[*Object]
	theirs  *indexer.Cache[*Object]
	version int
	// held are snapshots of one state.
	held [][2]indexer.Snapshot[*Object]
}

// TestModel proves S1, S3 and C1 to C6: whatever is written, with dictionaries that
// change meanwhile and objects that cannot be encoded, a Cache says what an
// indexer.Cache says.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		renew := rapid.Bool().Draw(t, "renew")
		options := indexer.Options[*Object]{Indexers: byColor, Renew: renew}
		ours, err := New(faulty{Protobuf[Object]()}, Options[*Object]{
			Store: options, Compressor: new(prefix), OnError: func(err *Error) {
				if err.Op != OpEncode {
					t.Fatal(err)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ours.packer.least = int64(rapid.IntRange(50, 1000).Draw(t, "least"))
		ours.packer.due.Store(ours.packer.least)
		theirs, err := indexer.New(options)
		if err != nil {
			t.Fatal(err)
		}
		m := &model{t: t, ours: ours, theirs: theirs}
		t.Repeat(map[string]func(*rapid.T){
			"add":      m.add,
			"delete":   m.remove,
			"apply":    m.apply,
			"replace":  m.replace,
			"diff":     m.replaceAll,
			"bookmark": m.bookmark,
			"index":    m.addIndex,
			"snapshot": m.snapshot,
			"":         m.check,
		})
	})
}

func (m *model) object(t *rapid.T) *Object {
	if rapid.IntRange(0, 9).Draw(t, "fresh") > 0 {
		m.version++
	}
	name := rapid.SampledFrom([]string{"x", "y", "z", "q", "r", noEncode, panicEncode}).Draw(t, "name")
	o := colored(name, fmt.Sprint(m.version+1), rapid.SliceOfN(rapid.SampledFrom([]string{"red", "blue"}), 0, 3).Draw(t, "colors")...)
	if len(o.Finalizers) == 0 {
		o.Finalizers = nil // as protobuf has it
	}
	o.APIVersion = strings.Repeat(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "era"), 80)
	return o
}

func (m *model) add(t *rapid.T) {
	o := m.object(t)
	if ours, theirs := m.ours.Add(o), m.theirs.Add(o); ours != nil || theirs != nil {
		t.Fatal(ours, theirs)
	}
}

func (m *model) remove(t *rapid.T) {
	o := m.object(t)
	if ours, theirs := m.ours.Delete(o), m.theirs.Delete(o); ours != nil || theirs != nil {
		t.Fatal(ours, theirs)
	}
}

func (m *model) apply(t *rapid.T) {
	var ours []indexer.Change[*Object]
	for range rapid.IntRange(0, 6).Draw(t, "changes") {
		o := m.object(t)
		c := indexer.Change[*Object]{Key: "a/" + o.Name, Object: o, Type: indexer.ChangePut}
		switch rapid.IntRange(0, 5).Draw(t, "type") {
		case 0:
			c.Type = indexer.ChangeRemove
		case 1:
			c.Object, c.Type = nil, indexer.ChangeRemove
		case 2:
			c.Type = indexer.ChangeUnchanged
		}
		ours = append(ours, c)
	}
	theirs := slices.Clone(ours)
	m.ours.Apply(ours, "")
	m.theirs.Apply(theirs, "")
	m.equal("changes", ours, theirs)
}

func (m *model) items(t *rapid.T) (items []*Object) {
	for range rapid.IntRange(0, 8).Draw(t, "items") {
		items = append(items, m.object(t))
	}
	return items
}

func (m *model) replace(t *rapid.T) {
	items := m.items(t)
	version := fmt.Sprint(m.version + 1)
	if ours, theirs := m.ours.Replace(items, version), m.theirs.Replace(items, version); ours != nil || theirs != nil {
		t.Fatal(ours, theirs)
	}
}

func (m *model) replaceAll(t *rapid.T) {
	items := m.items(t)
	slices.SortStableFunc(items, func(a, b *Object) int { return strings.Compare(a.Name, b.Name) })
	items = slices.CompactFunc(items, func(a, b *Object) bool { return a.Name == b.Name })
	var keys []string
	for _, o := range items {
		keys = append(keys, "a/"+o.Name)
	}
	told := func(store indexer.Indexer[*Object]) map[string]indexer.Change[*Object] {
		all := map[string]indexer.Change[*Object]{}
		store.ReplaceAll(keys, items, fmt.Sprint(m.version+1), func(c indexer.Change[*Object]) {
			if c.Type == indexer.ChangeUnchanged { // which object it is C6 says
				c.Old, c.Object = nil, nil
			}
			all[c.Key] = c
		})
		return all
	}
	m.equal("diff", told(m.ours), told(m.theirs))
}

func (m *model) bookmark(t *rapid.T) {
	m.version++
	m.ours.Bookmark(fmt.Sprint(m.version))
	m.theirs.Bookmark(fmt.Sprint(m.version))
}

func (m *model) addIndex(t *rapid.T) {
	more := indexer.Indexers[*Object]{"name": func(o *Object) ([]string, error) { return []string{o.Name}, nil }}
	if ours, theirs := m.ours.AddIndexers(more), m.theirs.AddIndexers(more); (ours == nil) != (theirs == nil) {
		t.Fatal(ours, theirs)
	}
}

func (m *model) snapshot(t *rapid.T) {
	if len(m.held) < 3 {
		m.held = append(m.held, [2]indexer.Snapshot[*Object]{m.ours.Snapshot(), m.theirs.Snapshot()})
	}
}

// reader is what a store and its snapshots have in common.
type reader interface {
	List() []*Object
	ListKeys() []string
	ByIndex(index, value string) ([]*Object, error)
	IndexKeys(index, value string) ([]string, error)
	ListIndexFuncValues(index string) []string
}

func (m *model) check(t *rapid.T) {
	m.t = t
	m.compare(m.ours, m.theirs)
	m.equal("version", m.ours.LastStoreSyncResourceVersion(), m.theirs.LastStoreSyncResourceVersion())
	m.equal("Len", m.ours.Len(), m.theirs.Len())
	for _, key := range append(m.theirs.ListKeys(), "a/none") {
		ours, exists, err := m.ours.GetByKey(key)
		theirs, exist, _ := m.theirs.GetByKey(key)
		m.equal(key, []any{ours, exists, err == nil}, []any{theirs, exist, true})
	}
	for _, pair := range m.held {
		m.compare(pair[0], pair[1])
		m.equal("version of a snapshot", pair[0].ResourceVersion(), pair[1].ResourceVersion())
		for key, o := range pair[0].All() {
			theirs, _ := pair[1].Get(key)
			m.equal(key+" of a snapshot", o, theirs)
		}
	}
	if s := m.ours.Stats(); s.Dictionaries > 2 || s.Objects != m.theirs.Len() {
		t.Fatalf("%+v", s)
	}
	for _, o := range m.ours.List() {
		of, _, _ := m.ours.store.GetByKey("a/" + o.Name)
		if decoded := of.content.Load().packed == nil; decoded != (o.Name == noEncode || o.Name == panicEncode) {
			t.Fatalf("%s is decoded: %v", o.Name, decoded)
		}
	}
}

func (m *model) compare(ours, theirs reader) {
	m.equal("List", byName(ours.List()), byName(theirs.List()))
	m.equal("ListKeys", sorted(ours.ListKeys()), sorted(theirs.ListKeys()))
	for _, index := range []string{"color", "name", "none"} {
		m.equal("values", sorted(ours.ListIndexFuncValues(index)), sorted(theirs.ListIndexFuncValues(index)))
		for _, value := range []string{"red", "blue", "x"} {
			all, err := ours.ByIndex(index, value)
			want, wrong := theirs.ByIndex(index, value)
			m.equal("ByIndex", byName(all), byName(want))
			keys, _ := ours.IndexKeys(index, value)
			wantKeys, _ := theirs.IndexKeys(index, value)
			m.equal("IndexKeys", sorted(keys), sorted(wantKeys))
			m.equal("error", err == nil, wrong == nil)
		}
	}
}

func byName(all []*Object) map[string]*Object {
	named := map[string]*Object{}
	for _, o := range all {
		named[o.Name] = o
	}
	return named
}

func sorted(all []string) []string {
	return append([]string{}, slices.Sorted(slices.Values(all))...)
}

func (m *model) equal(what string, ours, theirs any) {
	m.t.Helper()
	if !reflect.DeepEqual(ours, theirs) {
		m.t.Fatalf("%s: %+v, want %+v", what, ours, theirs)
	}
}
