package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/indexertest"
	"github.com/informant-go/informant/object"
	"k8s.io/client-go/tools/cache"
	"pgregory.net/rapid"
)

type item = indexertest.Object

// upstreamIndexer makes client-go's indexer an Indexer of this module, as far as
// it goes.
type upstreamIndexer struct{ cache.Indexer }

func newUpstream(indexers indexer.Indexers[*item]) upstreamIndexer {
	return upstreamIndexer{cache.NewIndexer(func(obj any) (string, error) {
		if o, ok := obj.(*item); ok && o == nil {
			return "", &object.KeyError{Obj: obj, Err: errors.New("nil")}
		}
		return cache.MetaNamespaceKeyFunc(obj)
	}, untypedIndexers(indexers))}
}

func untypedIndexers(indexers indexer.Indexers[*item]) cache.Indexers {
	untyped := cache.Indexers{}
	for name, f := range indexers {
		untyped[name] = func(obj any) ([]string, error) { return f(obj.(*item)) }
	}
	return untyped
}

// upstreamError gives the KeyError of this module for client-go's.
func upstreamError(err error) error {
	if keyError := (cache.KeyError{}); errors.As(err, &keyError) {
		return &object.KeyError{Obj: keyError.Obj, Err: keyError.Err}
	}
	return err
}

func items(objs []any) []*item {
	all := make([]*item, len(objs))
	for i, obj := range objs {
		all[i] = obj.(*item)
	}
	return all
}

func (u upstreamIndexer) Add(o *item) error    { return upstreamError(u.Indexer.Add(o)) }
func (u upstreamIndexer) Update(o *item) error { return upstreamError(u.Indexer.Update(o)) }
func (u upstreamIndexer) Delete(o *item) error { return upstreamError(u.Indexer.Delete(o)) }
func (u upstreamIndexer) List() []*item        { return items(u.Indexer.List()) }

func (u upstreamIndexer) Replace(list []*item, version string) error {
	objs := make([]any, len(list))
	for i, o := range list {
		objs[i] = o
	}
	return upstreamError(u.Indexer.Replace(objs, version))
}

func (u upstreamIndexer) Get(o *item) (*item, bool, error) {
	got, ok, err := u.Indexer.Get(o)
	found, _ := got.(*item)
	return found, ok, upstreamError(err)
}

func (u upstreamIndexer) GetByKey(key string) (*item, bool, error) {
	got, ok, err := u.Indexer.GetByKey(key)
	found, _ := got.(*item)
	return found, ok, err
}

func (u upstreamIndexer) Index(name string, o *item) ([]*item, error) {
	objs, err := u.Indexer.Index(name, o)
	return items(objs), err
}

func (u upstreamIndexer) ByIndex(name, value string) ([]*item, error) {
	objs, err := u.Indexer.ByIndex(name, value)
	return items(objs), err
}

func (u upstreamIndexer) GetIndexers() indexer.Indexers[*item] {
	typed := indexer.Indexers[*item]{}
	for name, f := range u.Indexer.GetIndexers() {
		typed[name] = func(o *item) ([]string, error) { return f(o) }
	}
	return typed
}

func (u upstreamIndexer) AddIndexers(indexers indexer.Indexers[*item]) error {
	return u.Indexer.AddIndexers(untypedIndexers(indexers))
}

func (u upstreamIndexer) Apply(changes []indexer.Change[*item], version string) {
	transactions := make([]cache.Transaction, len(changes))
	for i := range changes {
		c := &changes[i]
		c.Old, c.Existed, _ = u.GetByKey(c.Key)
		transactions[i] = cache.Transaction{Object: c.Object, Type: cache.TransactionTypeUpdate}
		if c.Type == indexer.ChangeRemove {
			transactions[i] = cache.Transaction{Object: cache.ExplicitKey(c.Key), Type: cache.TransactionTypeDelete}
		}
	}
	u.Indexer.(cache.TransactionStore).Transaction(transactions...)
	if version != "" {
		u.Bookmark(version)
	}
}

func (u upstreamIndexer) ReplaceAll(_ []string, list []*item, version string, _ func(indexer.Change[*item])) {
	if err := u.Replace(list, version); err != nil {
		panic(err)
	}
}

func (u upstreamIndexer) Snapshot() indexer.Snapshot[*item] { return liveView{u} }

func (u upstreamIndexer) WaitFor(context.Context, string) error { return errCannotWait }

func (u upstreamIndexer) WaitForKey(context.Context, string, string) error { return errCannotWait }

var errCannotWait = errors.New("client-go's store cannot wait")

func (u upstreamIndexer) Watch() indexer.Watch                    { return unwatched{} }
func (u upstreamIndexer) WatchKey(string) indexer.Watch           { return unwatched{} }
func (u upstreamIndexer) WatchIndex(string, string) indexer.Watch { return unwatched{} }

// unwatched is what client-go has in place of a Watch: it never closes.
type unwatched struct{}

func (unwatched) Done() <-chan struct{} { return nil }
func (unwatched) Stop()                 {}

// liveView is what client-go has in place of a Snapshot: the store as it is.
type liveView struct{ upstreamIndexer }

func (l liveView) Get(key string) (*item, bool) {
	o, ok, _ := l.GetByKey(key)
	return o, ok
}

func (l liveView) Len() int                { return len(l.List()) }
func (l liveView) ResourceVersion() string { return l.LastStoreSyncResourceVersion() }

func (l liveView) All() iter.Seq2[string, *item] { return byKey(l.List()) }

func (l liveView) ByIndexSeq(name, value string) iter.Seq2[string, *item] {
	objs, _ := l.ByIndex(name, value)
	return byKey(objs)
}

func byKey(objs []*item) iter.Seq2[string, *item] {
	return func(yield func(string, *item) bool) {
		for _, o := range objs {
			if !yield(object.NewName(o.Namespace, o.Name).String(), o) {
				return
			}
		}
	}
}

// TestClientGoIndexerUnderOurSuite keeps the list of what client-go's store
// does not give.
func TestClientGoIndexerUnderOurSuite(t *testing.T) {
	noSnapshot := "client-go has no snapshots"
	locked := "client-go calls index functions under its lock"
	noWait := "client-go cannot wait for a version"
	noWatch := "client-go's store has no watches"
	panics := "client-go panics when an index function fails"
	indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
		return newUpstream(c.Indexers), nil
	}, indexertest.Known{
		"store/apply tells what it found":                   "client-go's transactions do not tell",
		"store/replace tells what it changed":               "client-go's Replace does not tell",
		"store/an object of the same version stays":         "client-go's Replace does not compare",
		"S1/a snapshot keeps its state":                     noSnapshot,
		"S1/a snapshot agrees with itself":                  noSnapshot,
		"S2/a reader does not wait for a write":             locked,
		"S2/a reader does not wait for a replace":           locked,
		"S2/a reader does not wait while an index is added": locked,
		"S2/an index function may read the store":           locked,
		"S4/a function that fails costs that place only":    panics,
		"S4/a function that panics costs that place only":   panics,
		"S4/a later state gets its place back":              panics,
		"S5/a version that is there is not waited for":      noWait,
		"S5/waiters wake when their version comes":          noWait,
		"S5/what was waited for can be read":                noWait,
		"S5/a wait ends with its context":                   noWait,

		"S5/a wait for a key ends with the version of the key":   noWait,
		"S5/a wait for a key ends with the version of the state": noWait,
		"S5/a wait for a key ends with its context":              noWait,
		"S5/a watch closes with the next change":                 noWatch,
		"S5/a watch misses no change":                            noWatch,
		"S5/a watch is given up alone":                           noWatch,
	})
}

// TestStoresAnswerAlike drives our Cache and client-go's indexer with the same
// operations and compares all their answers (S1, S3).
func TestStoresAnswerAlike(t *testing.T) {
	byColor := func(o *item) ([]string, error) { return o.Finalizers, nil }
	byName := func(o *item) ([]string, error) { return []string{o.Name}, nil }
	rapid.Check(t, func(t *rapid.T) {
		indexers := indexer.Indexers[*item]{"color": byColor}
		stores := []indexertest.Indexer{newCache(indexer.Options[*item]{Indexers: indexers}), newUpstream(indexers)}
		version := 0
		draw := func(t *rapid.T) *item {
			version++
			o := &item{}
			o.Namespace = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "namespace")
			o.Name = fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "name"))
			o.ResourceVersion = fmt.Sprint(version)
			o.Finalizers = rapid.SliceOfN(rapid.SampledFrom([]string{"red", "green", "blue"}), 0, 3).Draw(t, "colors")
			return o
		}
		both := func(t *rapid.T, op func(indexertest.Indexer) error) {
			ours, theirs := op(stores[0]), op(stores[1])
			if (ours == nil) != (theirs == nil) {
				t.Fatalf("errors differ: %v, client-go: %v", ours, theirs)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add":    func(t *rapid.T) { o := draw(t); both(t, func(s indexertest.Indexer) error { return s.Add(o) }) },
			"update": func(t *rapid.T) { o := draw(t); both(t, func(s indexertest.Indexer) error { return s.Update(o) }) },
			"delete": func(t *rapid.T) { o := draw(t); both(t, func(s indexertest.Indexer) error { return s.Delete(o) }) },
			"replace": func(t *rapid.T) {
				var list []*item
				for range rapid.IntRange(0, 30).Draw(t, "n") {
					list = append(list, draw(t))
				}
				version++
				both(t, func(s indexertest.Indexer) error { return s.Replace(list, fmt.Sprint(version)) })
			},
			"bookmark": func(t *rapid.T) {
				version++
				both(t, func(s indexertest.Indexer) error { s.Bookmark(fmt.Sprint(version)); return nil })
			},
			"addIndexers": func(t *rapid.T) {
				both(t, func(s indexertest.Indexer) error {
					return s.AddIndexers(indexer.Indexers[*item]{"name": byName})
				})
			},
			"": func(t *rapid.T) {
				probe := draw(t)
				if diff := cmp.Diff(answers(stores[1], probe), answers(stores[0], probe)); diff != "" {
					t.Fatalf("answers differ (-client-go +ours): %s", diff)
				}
			},
		})
	})
}

// answers has everything that a store can be asked, in a form that can be
// compared.
func answers(s indexertest.Indexer, probe *item) map[string]any {
	all := map[string]any{
		"keys": sorted(s.ListKeys()), "list": describe(s.List()), "version": s.LastStoreSyncResourceVersion(),
	}
	got, ok, err := s.Get(probe)
	all["get"] = fmt.Sprintf("%p %v %v", got, ok, err)
	for _, name := range []string{"color", "name", "none"} {
		all[name+" values"] = sorted(s.ListIndexFuncValues(name))
		shared, err := s.Index(name, probe)
		all[name+" index"] = append(describe(shared), fmt.Sprint(err != nil))
		for _, value := range []string{"red", "green", "blue", "3", "17"} {
			objs, err := s.ByIndex(name, value)
			keys, keysErr := s.IndexKeys(name, value)
			all[name+"="+value] = append(describe(objs), fmt.Sprint(sorted(keys), err != nil, keysErr != nil))
		}
	}
	return all
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return append([]string{}, list...)
}

// describe names objects by key and address: the same objects are stored.
func describe(objs []*item) []string {
	all := []string{}
	for _, o := range objs {
		all = append(all, fmt.Sprintf("%s/%s %p", o.Namespace, o.Name, o))
	}
	return sorted(all)
}
