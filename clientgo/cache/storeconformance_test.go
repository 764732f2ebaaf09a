package cache_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/indexertest"
	objects "github.com/informant-go/informant/object"
	upstream "k8s.io/client-go/tools/cache"
)

// TestStoresConform runs the suite of our stores over client-go's and ours,
// through client-go's interface.
func TestStoresConform(t *testing.T) {
	for name, c := range map[string]struct {
		make  func(upstream.Indexers) upstream.Indexer
		known indexertest.Known
	}{
		"client-go": {func(i upstream.Indexers) upstream.Indexer { return upstream.NewIndexer(metaKey, i) }, clientGoStoreKnown},
		"informant": {func(i upstream.Indexers) upstream.Indexer { return cache.NewIndexer(metaKey, i) }, storeKnown},
		"informant, of an informer": {func(i upstream.Indexers) upstream.Indexer {
			return cache.NewSharedIndexInformer(&cache.ListWatch{}, &object{}, 0, i).GetIndexer()
		}, informerStoreKnown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // much of it is waiting in vain
			indexertest.Run(t, func(config indexertest.Config) (indexertest.Indexer, error) {
				return conformingStore{c.make(untyped(config.Indexers))}, nil
			}, c.known)
		})
	}
}

// storeKnown is what client-go's interface cannot ask for, or asks for in
// another way.
var storeKnown = indexertest.Known{
	"store/apply tells what it found":                 "transactions do not tell",
	"store/replace tells what it changed":             "Replace does not tell",
	"store/an object of the same version stays":       "client-go stores every object anew",
	"S1/a snapshot keeps its state":                   noSnapshot,
	"S1/a snapshot agrees with itself":                noSnapshot,
	"S4/a function that fails costs that place only":  panics,
	"S4/a function that panics costs that place only": panics,
	"S4/a later state gets its place back":            panics,
	"S5/a version that is there is not waited for":    noWait,
	"S5/waiters wake when their version comes":        noWait,
	"S5/what was waited for can be read":              noWait,
	"S5/a wait ends with its context":                 noWait,

	"S5/a wait for a key ends with the version of the key":   noWait,
	"S5/a wait for a key ends with the version of the state": noWait,
	"S5/a wait for a key ends with its context":              noWait,
	"S5/a watch closes with the next change":                 noWatch,
	"S5/a watch misses no change":                            noWatch,
	"S5/a watch is given up alone":                           noWatch,
}

const (
	noSnapshot = "client-go's interface has no snapshots"
	panics     = "client-go panics when an index function fails"
	noWait     = "client-go's interface has no wait for a version"
	noWatch    = "client-go's interface has no watches"
	locked     = "client-go calls index functions under its lock"
)

// clientGoStoreKnown is what client-go does not give besides.
var clientGoStoreKnown = func() indexertest.Known {
	known := maps.Clone(storeKnown)
	for _, name := range []string{
		"S2/a reader does not wait for a write", "S2/a reader does not wait for a replace",
		"S2/a reader does not wait while an index is added", "S2/an index function may read the store",
	} {
		known[name] = locked
	}
	return known
}()

// informerStoreKnown: its key function is the one of client-go's informers,
// which reads of a nil pointer.
var informerStoreKnown = func() indexertest.Known {
	known := maps.Clone(storeKnown)
	known["store/an object without a key is refused"] = nilPointer
	known["store/a replace that fails changes nothing"] = nilPointer
	return known
}()

const nilPointer = "client-go's key function panics for a nil pointer"

// metaKey refuses a nil pointer, of which client-go's key function would read.
func metaKey(obj any) (string, error) {
	if o, ok := obj.(*object); ok && o == nil {
		return "", errNoName
	}
	return cache.MetaNamespaceKeyFunc(obj)
}

func untyped(indexers indexer.Indexers[*object]) upstream.Indexers {
	converted := upstream.Indexers{}
	for name, f := range indexers {
		converted[name] = func(obj any) ([]string, error) { return f(obj.(*object)) }
	}
	return converted
}

// conformingStore is a store of client-go's interface as the suite wants it, as
// far as that goes.
type conformingStore struct{ upstream.Indexer }

func typed(objs []any) []*object {
	all := make([]*object, len(objs))
	for i, obj := range objs {
		all[i] = obj.(*object)
	}
	return all
}

// ourError gives the KeyError of our stores for client-go's.
func ourError(err error) error {
	if keyErr := (upstream.KeyError{}); errors.As(err, &keyErr) {
		return &objects.KeyError{Obj: keyErr.Obj, Err: keyErr.Err}
	}
	return err
}

func (s conformingStore) Add(o *object) error    { return ourError(s.Indexer.Add(o)) }
func (s conformingStore) Update(o *object) error { return ourError(s.Indexer.Update(o)) }
func (s conformingStore) Delete(o *object) error { return ourError(s.Indexer.Delete(o)) }
func (s conformingStore) List() []*object        { return typed(s.Indexer.List()) }

func (s conformingStore) Replace(items []*object, version string) error {
	objs := make([]any, len(items))
	for i, o := range items {
		objs[i] = o
	}
	return ourError(s.Indexer.Replace(objs, version))
}

func (s conformingStore) Get(o *object) (*object, bool, error) {
	got, ok, err := s.Indexer.Get(o)
	found, _ := got.(*object)
	return found, ok, ourError(err)
}

func (s conformingStore) GetByKey(key string) (*object, bool, error) {
	got, ok, err := s.Indexer.GetByKey(key)
	found, _ := got.(*object)
	return found, ok, err
}

func (s conformingStore) Index(name string, o *object) ([]*object, error) {
	objs, err := s.Indexer.Index(name, o)
	return typed(objs), err
}

func (s conformingStore) ByIndex(name, value string) ([]*object, error) {
	objs, err := s.Indexer.ByIndex(name, value)
	return typed(objs), err
}

func (s conformingStore) GetIndexers() indexer.Indexers[*object] {
	converted := indexer.Indexers[*object]{}
	for name, f := range s.Indexer.GetIndexers() {
		converted[name] = func(o *object) ([]string, error) { return f(o) }
	}
	return converted
}

func (s conformingStore) AddIndexers(indexers indexer.Indexers[*object]) error {
	return s.Indexer.AddIndexers(untyped(indexers))
}

func (s conformingStore) Apply(changes []indexer.Change[*object], version string) {
	txns := make([]upstream.Transaction, len(changes))
	for i, c := range changes {
		txns[i] = upstream.Transaction{Object: c.Object, Type: upstream.TransactionTypeUpdate}
		if c.Type == indexer.ChangeRemove {
			txns[i] = upstream.Transaction{Object: upstream.ExplicitKey(c.Key), Type: upstream.TransactionTypeDelete}
		}
	}
	if err := s.Indexer.(upstream.TransactionStore).Transaction(txns...); err != nil {
		panic(err)
	}
	if version != "" {
		s.Bookmark(version)
	}
}

func (s conformingStore) ReplaceAll(_ []string, items []*object, version string, _ func(indexer.Change[*object])) {
	must(s.Replace(items, version))
}

func (s conformingStore) Snapshot() indexer.Snapshot[*object] { return liveStore{s} }

func (s conformingStore) WaitFor(context.Context, string) error { return errors.New(noWait) }

func (s conformingStore) WaitForKey(context.Context, string, string) error { return errors.New(noWait) }

func (s conformingStore) Watch() indexer.Watch                    { return unwatched{} }
func (s conformingStore) WatchKey(string) indexer.Watch           { return unwatched{} }
func (s conformingStore) WatchIndex(string, string) indexer.Watch { return unwatched{} }

// unwatched is what there is in place of a Watch: it never closes.
type unwatched struct{}

func (unwatched) Done() <-chan struct{} { return nil }
func (unwatched) Stop()                 {}

// liveStore is what there is in place of a Snapshot: the store as it is.
type liveStore struct{ conformingStore }

func (l liveStore) Get(key string) (*object, bool) {
	o, ok, _ := l.GetByKey(key)
	return o, ok
}

func (l liveStore) Len() int                        { return len(l.List()) }
func (l liveStore) ResourceVersion() string         { return l.LastStoreSyncResourceVersion() }
func (l liveStore) All() iter.Seq2[string, *object] { return pairs(l.List()) }

func (l liveStore) ByIndexSeq(name, value string) iter.Seq2[string, *object] {
	objs, _ := l.ByIndex(name, value)
	return pairs(objs)
}

func pairs(objs []*object) iter.Seq2[string, *object] {
	return func(yield func(string, *object) bool) {
		for _, o := range objs {
			if !yield(o.Namespace+"/"+o.Name, o) {
				return
			}
		}
	}
}
