// Package trieindex is an Indexer over persistent tries: one pointer to the
// present state, which a writer replaces. Reads, snapshots and S1 come for
// free, writes and lists do not.
//
// It is the second design that indexer/DESIGN.md compares. It passes the same
// conformance suite as package indexer and is used by tests and benchmarks.
package trieindex

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
)

// Index implements indexer.Indexer.
type Index[T any] struct {
	access object.Access[T]
	now    atomic.Pointer[state[T]]
	// none is the state without objects and indexes of a released snapshot.
	none *state[T]

	// mu is the writers' turn; no function of the user runs under it.
	mu sync.Mutex

	watching sync.Mutex
	watches  map[*watch[T]]struct{}
}

// New returns an empty Index. The error is object.ErrNoAccess for the zero
// Access.
func New[T any](access object.Access[T], indexers indexer.Indexers[T]) (*Index[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	x := &Index[T]{access: access, none: new(state[T])}
	x.now.Store(&state[T]{seed: maphash.MakeSeed(), indexes: indexesOf(indexers)})
	return x, nil
}

func indexesOf[T any](indexers indexer.Indexers[T]) []index[T] {
	all := make([]index[T], 0, len(indexers))
	for _, name := range slices.Sorted(maps.Keys(indexers)) {
		all = append(all, index[T]{name: name, fn: indexers[name]})
	}
	return all
}

// leaf makes what is stored for obj in a state with the given indexes.
func (x *Index[T]) leaf(s *state[T], key string, obj T) *entry[T] {
	l := &entry[T]{hash: s.hash(key), key: key}
	l.value.obj, l.value.version = obj, x.versionOf(obj)
	l.value.values = make([]placed, 0, len(s.indexes))
	for i, ix := range s.indexes {
		for _, value := range values(ix.fn, obj) {
			if p := (placed{i, value}); !slices.Contains(l.value.values, p) {
				l.value.values = append(l.value.values, p)
			}
		}
	}
	return l
}

// values gives no values for a function that fails or panics (S4).
func values[T any](fn indexer.IndexFunc[T], obj T) (found []string) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	found, err := fn(obj)
	if err != nil {
		return nil
	}
	return found
}

// versionOf gives no version for an object that has none to ask for.
func (x *Index[T]) versionOf(obj T) (version string) {
	defer func() {
		if recover() != nil {
			version = ""
		}
	}()
	return x.access.Version(obj)
}

// write makes a state of what change does to the present one. prepare may call
// functions of the user, and is called again when there are new indexes.
func (x *Index[T]) write(prepare func(*state[T]), change func(*edit[T])) {
	for before := x.now.Load(); ; before = x.now.Load() {
		prepare(before)
		x.mu.Lock()
		now := x.now.Load()
		if len(now.indexes) != len(before.indexes) {
			x.mu.Unlock()
			continue
		}
		e := now.edit()
		change(e)
		x.now.Store(&e.state)
		x.mu.Unlock()
		x.wake(now, &e.state)
		return
	}
}

// Apply implements indexer.Indexer.
func (x *Index[T]) Apply(changes []indexer.Change[T], resourceVersion string) {
	leaves, versions := make([]*entry[T], len(changes)), make([]string, len(changes))
	x.write(func(s *state[T]) {
		for i := range changes {
			if c := &changes[i]; c.Type == indexer.ChangePut {
				leaves[i] = x.leaf(s, c.Key, c.Object)
				versions[i] = leaves[i].value.version
			} else {
				versions[i] = x.versionOf(c.Object)
			}
		}
	}, func(e *edit[T]) {
		for i := range changes {
			if leaves[i] != nil {
				fill(&changes[i], e.put(leaves[i]))
			} else {
				fill(&changes[i], e.remove(changes[i].Key))
			}
			e.raise(versions[i])
		}
		e.raise(resourceVersion)
	})
}

func fill[T any](c *indexer.Change[T], old *entry[T]) {
	var none T
	c.Old, c.Existed = none, old != nil
	if old != nil {
		c.Old = old.value.obj
	}
}

// AddIndexers implements indexer.Indexer. It computes the values of all objects
// again until nobody writes meanwhile.
func (x *Index[T]) AddIndexers(newIndexers indexer.Indexers[T]) error {
	for {
		before := x.now.Load()
		for _, ix := range before.indexes {
			if _, twice := newIndexers[ix.name]; twice {
				return fmt.Errorf("trieindex: index %q exists already", ix.name)
			}
		}
		e := before.edit()
		e.objects = trie[stored[T]]{}
		for i := range e.indexes {
			e.indexes[i].values = trie[trie[stored[T]]]{}
		}
		e.indexes = append(e.indexes, indexesOf(newIndexers)...)
		for key, obj := range before.All() {
			e.put(x.leaf(&e.state, key, obj))
		}
		if x.exchange(before, &e.state) {
			return nil
		}
	}
}

// exchange publishes after unless before is no longer the present state.
func (x *Index[T]) exchange(before, after *state[T]) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.now.CompareAndSwap(before, after)
}
