package store

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/indexertest"
	"github.com/informant-go/informant/object"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	locked  = "index functions run under the mutex, and readers wait for it"
	panics  = "a panic of an index function is the writer's"
	renews  = "a Replace stores each object anew"
	wakeAll = "each write wakes all who wait"
)

// S1 to S5, as far as this store gives them.
func TestConformance(t *testing.T) {
	indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
		s := asIndexer{New[*item](), object.Meta[*item]()}
		return s, s.AddIndexers(c.Indexers)
	}, indexertest.Known{
		"store/an object of the same version stays":             renews,
		"store/replace tells what it changed":                   renews,
		"S2/a reader does not wait for a write":                 locked,
		"S2/a reader does not wait for a replace":               locked,
		"S2/a reader does not wait while an index is added":     locked,
		"S2/an index function may read the store":               locked,
		"S4/a function that panics costs that place only":       panics,
		"S5/a watch is not closed by changes of something else": wakeAll,
	})
}

type item = indexertest.Object

// asIndexer makes an Indexer of a Store, which is spelling: each method is one
// Read, one Write or one Wait.
type asIndexer struct {
	*Store[*item]
	access object.Access[*item]
}

func (s asIndexer) Add(obj *item) error { return s.change(obj, indexer.ChangePut) }

func (s asIndexer) Update(obj *item) error { return s.change(obj, indexer.ChangePut) }

func (s asIndexer) Delete(obj *item) error { return s.change(obj, indexer.ChangeRemove) }

func (s asIndexer) Resync() error { return nil }

func (s asIndexer) change(obj *item, kind indexer.ChangeType) error {
	key, err := s.access.Key(obj)
	if err == nil {
		s.Apply([]indexer.Change[*item]{{Key: key, Object: obj, Type: kind}}, "")
	}
	return err
}

func (s asIndexer) Apply(changes []indexer.Change[*item], version string) {
	s.Write(func(now *State[*item]) {
		for i := range changes {
			c := &changes[i]
			c.Old, c.Existed = now.Objects[c.Key], now.Objects[c.Key] != nil
			if c.Type == indexer.ChangePut {
				now.Put(c.Key, c.Object)
			} else {
				now.Remove(c.Key)
			}
			if c.Object != nil {
				now.Raise(s.access.Version(c.Object))
			}
		}
		now.Raise(version)
	})
}

func (s asIndexer) Replace(items []*item, version string) error {
	keys := make([]string, len(items))
	for i, obj := range items {
		key, err := s.access.Key(obj)
		if err != nil {
			return err
		}
		keys[i] = key
	}
	s.ReplaceAll(keys, items, version, nil)
	return nil
}

func (s asIndexer) ReplaceAll(keys []string, items []*item, version string, _ func(indexer.Change[*item])) {
	objects := map[string]*item{}
	for i, key := range keys {
		objects[key] = items[i]
	}
	s.Write(func(now *State[*item]) { now.Replace(objects, version) })
}

func (s asIndexer) Bookmark(version string) {
	s.Write(func(now *State[*item]) { now.Raise(version) })
}

func (s asIndexer) AddIndexers(more indexer.Indexers[*item]) (err error) {
	s.Write(func(now *State[*item]) {
		for name := range more {
			if _, exists := now.Indexes[name]; exists {
				err = indexer.ErrIndexExists
				return
			}
		}
		for name, fn := range more {
			now.AddIndex(name, fn)
		}
	})
	return err
}

// ask answers from the state.
func ask[R any](s asIndexer, answer func(snapshot) R) (r R) {
	s.Read(func(now *State[*item]) { r = answer(snapshot{now}) })
	return r
}

func (s asIndexer) Get(obj *item) (*item, bool, error) {
	key, err := s.access.Key(obj)
	if err != nil {
		return nil, false, err
	}
	return s.GetByKey(key)
}

func (s asIndexer) GetByKey(key string) (*item, bool, error) {
	obj := ask(s, func(now snapshot) *item { return now.Objects[key] })
	return obj, obj != nil, nil
}

func (s asIndexer) List() []*item                        { return ask(s, snapshot.List) }
func (s asIndexer) ListKeys() []string                   { return ask(s, snapshot.ListKeys) }
func (s asIndexer) LastStoreSyncResourceVersion() string { return ask(s, snapshot.ResourceVersion) }

func (s asIndexer) ListIndexFuncValues(name string) []string {
	return ask(s, func(now snapshot) []string { return now.ListIndexFuncValues(name) })
}

func (s asIndexer) IndexKeys(name, value string) (keys []string, err error) {
	s.Read(func(now *State[*item]) { keys, err = snapshot{now}.IndexKeys(name, value) })
	return keys, err
}

func (s asIndexer) ByIndex(name, value string) (objs []*item, err error) {
	s.Read(func(now *State[*item]) { objs, err = snapshot{now}.ByIndex(name, value) })
	return objs, err
}

func (s asIndexer) Index(name string, obj *item) ([]*item, error) {
	fn, exists := s.GetIndexers()[name]
	if !exists {
		return nil, indexer.ErrNoIndex
	}
	values, err := fn(obj)
	found := map[string]*item{}
	for _, value := range values {
		s.Read(func(now *State[*item]) { maps.Insert(found, snapshot{now}.ByIndexSeq(name, value)) })
	}
	return slices.Collect(maps.Values(found)), err
}

func (s asIndexer) GetIndexers() indexer.Indexers[*item] {
	return ask(s, func(now snapshot) indexer.Indexers[*item] {
		all := indexer.Indexers[*item]{}
		for name, ix := range now.Indexes {
			all[name] = ix.Func
		}
		return all
	})
}

func (s asIndexer) WaitFor(ctx context.Context, version string) error {
	return s.waitFor(ctx, version, func(*State[*item]) string { return "" })
}

func (s asIndexer) WaitForKey(ctx context.Context, key, version string) error {
	return s.waitFor(ctx, version, func(now *State[*item]) string {
		if obj := now.Objects[key]; obj != nil {
			return s.access.Version(obj)
		}
		return ""
	})
}

func (s asIndexer) waitFor(ctx context.Context, version string, own func(*State[*item]) string) error {
	if _, err := object.CompareVersions(version, version); err != nil {
		return err
	}
	return s.Wait(ctx, func(now *State[*item]) bool {
		return !object.NewerVersion(version, now.Version) || !object.NewerVersion(version, own(now))
	})
}

func (s asIndexer) Watch() indexer.Watch                    { return watch(s.Changed()) }
func (s asIndexer) WatchKey(string) indexer.Watch           { return watch(s.Changed()) }
func (s asIndexer) WatchIndex(string, string) indexer.Watch { return watch(s.Changed()) }

// watch is the channel of the next write, whatever that writes.
type watch <-chan struct{}

func (w watch) Done() <-chan struct{} { return w }
func (w watch) Stop()                 {}

func (s asIndexer) Snapshot() indexer.Snapshot[*item] {
	copied := s.Store.Snapshot()
	return snapshot{&copied}
}

// snapshot answers from a State as an indexer.Snapshot does.
type snapshot struct{ *State[*item] }

func (n snapshot) Get(key string) (*item, bool) {
	obj, exists := n.Objects[key]
	return obj, exists
}

func (n snapshot) Len() int                      { return len(n.Objects) }
func (n snapshot) List() []*item                 { return slices.Collect(maps.Values(n.Objects)) }
func (n snapshot) ListKeys() []string            { return slices.Collect(maps.Keys(n.Objects)) }
func (n snapshot) All() iter.Seq2[string, *item] { return maps.All(n.Objects) }
func (n snapshot) ResourceVersion() string       { return n.Version }

func (n snapshot) ListIndexFuncValues(name string) []string {
	return slices.Collect(maps.Keys(n.Indexes[name].Keys))
}

func (n snapshot) IndexKeys(name, value string) ([]string, error) {
	if _, exists := n.Indexes[name]; !exists {
		return nil, fmt.Errorf("%w: %q", indexer.ErrNoIndex, name)
	}
	return slices.Collect(maps.Keys(n.Indexes[name].Keys[value])), nil
}

func (n snapshot) ByIndex(name, value string) (objs []*item, err error) {
	keys, err := n.IndexKeys(name, value)
	for _, key := range keys {
		objs = append(objs, n.Objects[key])
	}
	return objs, err
}

func (n snapshot) ByIndexSeq(name, value string) iter.Seq2[string, *item] {
	return func(yield func(string, *item) bool) {
		for key := range n.Indexes[name].Keys[value] {
			if !yield(key, n.Objects[key]) {
				return
			}
		}
	}
}
