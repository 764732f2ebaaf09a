// Package trieindex is an Indexer over persistent tries: one pointer to the
// present state, which a writer replaces. Reads, snapshots and S1 come for
// free, writes and lists do not.
//
// It is the second design that indexer/DESIGN.md compares. It passes the same
// conformance suite as package indexer and is used by tests and benchmarks.
package trieindex

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/trie"
	"github.com/informant-go/informant/object"
)

// Index implements indexer.Indexer.
type Index[T any] struct {
	access object.Access[T]
	now    atomic.Pointer[state[T]]

	// mu is the writers' turn. running are the index functions; the map is
	// replaced, not changed.
	mu      sync.Mutex
	running atomic.Pointer[indexer.Indexers[T]]

	// changed is closed and replaced with every commit that somebody waits
	// for.
	waiting sync.Mutex
	changed chan struct{}
}

// New returns an empty Index.
func New[T any](access object.Access[T], indexers indexer.Indexers[T]) (*Index[T], error) {
	access, err := access.Complete()
	if err != nil {
		return nil, err
	}
	x := &Index[T]{access: access, changed: make(chan struct{})}
	indexers = maps.Clone(indexers)
	x.running.Store(&indexers)
	first := &state[T]{objects: trie.New[*stored[T]](), indexes: map[string]trie.Map[set[T]]{}}
	for name := range indexers {
		first.indexes[name] = trie.New[set[T]]()
	}
	x.now.Store(first)
	return x, nil
}

// store makes what is stored for obj.
func (x *Index[T]) store(obj T, indexers indexer.Indexers[T]) *stored[T] {
	o := &stored[T]{obj: obj, values: make(map[string][]string, len(indexers))}
	for name, fn := range indexers {
		o.values[name] = values(fn, obj)
	}
	return o
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

// edit is a state in the making.
type edit[T any] struct {
	state[T]
	owner *trie.Owner
}

// write makes a state of what change does to the present one. The index
// functions that prepare calls run outside the writer's turn.
func (x *Index[T]) write(prepare func(indexer.Indexers[T]), change func(*edit[T])) {
	for {
		indexers := x.running.Load()
		prepare(*indexers)
		x.mu.Lock()
		if x.running.Load() != indexers {
			x.mu.Unlock()
			continue
		}
		e := &edit[T]{state: *x.now.Load(), owner: new(trie.Owner)}
		e.indexes = maps.Clone(e.indexes)
		change(e)
		x.now.Store(&e.state)
		x.mu.Unlock()
		x.wake()
		return
	}
}

func (x *Index[T]) wake() {
	x.waiting.Lock()
	defer x.waiting.Unlock()
	close(x.changed)
	x.changed = make(chan struct{})
}

func (e *edit[T]) put(key string, o *stored[T]) (old *stored[T]) {
	old, _ = e.objects.Get(key)
	e.objects = e.objects.Set(e.owner, key, o)
	for name := range e.indexes {
		e.index(name, key, old, o)
	}
	return old
}

func (e *edit[T]) remove(key string) (old *stored[T]) {
	old, ok := e.objects.Get(key)
	if ok {
		e.objects = e.objects.Delete(e.owner, key)
		for name := range e.indexes {
			e.index(name, key, old, nil)
		}
	}
	return old
}

// index changes the sets of one index from old to o, either of which may be
// nil. All sets of o have to be written, since they hold the object.
func (e *edit[T]) index(name, key string, old, o *stored[T]) {
	ix := e.indexes[name]
	if old != nil {
		for _, value := range old.values[name] {
			if o != nil && slices.Contains(o.values[name], value) {
				continue
			}
			found, _ := ix.Get(value)
			if found = found.Delete(e.owner, key); found.Len() == 0 {
				ix = ix.Delete(e.owner, value)
			} else {
				ix = ix.Set(e.owner, value, found)
			}
		}
	}
	if o != nil {
		for _, value := range o.values[name] {
			found, _ := ix.Get(value)
			ix = ix.Set(e.owner, value, found.Set(e.owner, key, o))
		}
	}
	e.indexes[name] = ix
}

func (e *edit[T]) raise(version string) {
	if version != "" && (e.version == "" || object.NewerVersion(version, e.version)) {
		e.version = version
	}
}

// Apply implements indexer.Indexer.
func (x *Index[T]) Apply(changes []indexer.Change[T], resourceVersion string) {
	prepared := make([]*stored[T], len(changes))
	x.write(func(indexers indexer.Indexers[T]) {
		for i := range changes {
			if changes[i].Type == indexer.Put {
				prepared[i] = x.store(changes[i].Object, indexers)
			}
		}
	}, func(e *edit[T]) {
		for i := range changes {
			c := &changes[i]
			var old *stored[T]
			if c.Type == indexer.Put {
				old = e.put(c.Key, prepared[i])
			} else {
				old = e.remove(c.Key)
			}
			fill(c, old)
			e.raise(x.versionOf(c.Object))
		}
		e.raise(resourceVersion)
	})
}

func fill[T any](c *indexer.Change[T], old *stored[T]) {
	var none T
	c.Old, c.Existed = none, old != nil
	if old != nil {
		c.Old = old.obj
	}
}

func (x *Index[T]) versionOf(obj T) (version string) {
	defer func() {
		if recover() != nil {
			version = ""
		}
	}()
	return x.access.Version(obj)
}

// ReplaceAll implements indexer.Indexer.
func (x *Index[T]) ReplaceAll(keys []string, items []T, resourceVersion string, diff func(indexer.Change[T])) {
	prepared := make([]*stored[T], len(items))
	var changes []indexer.Change[T]
	x.write(func(indexers indexer.Indexers[T]) {
		before := x.now.Load()
		for i, item := range items {
			old, ok := before.Get(keys[i])
			if version := x.versionOf(item); ok && version != "" && version == x.versionOf(old) {
				item = old
			}
			prepared[i] = x.store(item, indexers)
		}
	}, func(e *edit[T]) {
		changes = changes[:0]
		gone := make(map[string]bool, e.Len())
		e.objects.All(func(key string, _ *stored[T]) bool { gone[key] = true; return true })
		for i, key := range keys {
			delete(gone, key)
			changes = append(changes, e.replace(x, key, prepared[i]))
		}
		for key := range gone {
			c := indexer.Change[T]{Key: key, Type: indexer.Remove}
			fill(&c, e.remove(key))
			changes = append(changes, c)
		}
		if resourceVersion != "" {
			e.version = resourceVersion
		}
	})
	if diff != nil {
		for _, c := range changes {
			diff(c)
		}
	}
}

func (e *edit[T]) replace(x *Index[T], key string, o *stored[T]) indexer.Change[T] {
	c := indexer.Change[T]{Key: key, Object: o.obj, Type: indexer.Put}
	if old, ok := e.objects.Get(key); ok {
		if version := x.versionOf(o.obj); version != "" && version == x.versionOf(old.obj) {
			return indexer.Change[T]{Key: key, Object: old.obj, Old: old.obj, Existed: true, Type: indexer.Unchanged}
		}
	}
	fill(&c, e.put(key, o))
	return c
}

// AddIndexers implements indexer.Indexer. It computes the values of all objects
// again until nobody writes meanwhile.
func (x *Index[T]) AddIndexers(newIndexers indexer.Indexers[T]) error {
	for {
		running, before := x.running.Load(), x.now.Load()
		all := maps.Clone(*running)
		if all == nil {
			all = indexer.Indexers[T]{}
		}
		for name, fn := range newIndexers {
			if _, twice := all[name]; twice {
				return fmt.Errorf("trieindex: index %q exists already", name)
			}
			all[name] = fn
		}
		e := &edit[T]{state: state[T]{objects: trie.New[*stored[T]](), indexes: map[string]trie.Map[set[T]]{}, version: before.version}, owner: new(trie.Owner)}
		for name := range all {
			e.indexes[name] = trie.New[set[T]]()
		}
		for key, obj := range before.All() {
			e.put(key, x.store(obj, all))
		}
		x.mu.Lock()
		if x.now.Load() == before && x.running.Load() == running {
			x.running.Store(&all)
			x.now.Store(&e.state)
			x.mu.Unlock()
			return nil
		}
		x.mu.Unlock()
	}
}

// WaitFor implements indexer.Indexer.
func (x *Index[T]) WaitFor(ctx context.Context, resourceVersion string) error {
	if _, err := object.CompareVersions(resourceVersion, resourceVersion); err != nil {
		return fmt.Errorf("trieindex: cannot wait for resource version %q: %w", resourceVersion, err)
	}
	for {
		x.waiting.Lock()
		changed := x.changed
		x.waiting.Unlock()
		if c, err := object.CompareVersions(x.now.Load().version, resourceVersion); err == nil && c >= 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
