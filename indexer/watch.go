package indexer

import (
	"sync"
	"sync/atomic"
)

// Watch tells of the next change of a key, an index value or the whole store.
// Make it first, then read, then wait: a change after the reading closes it.
type Watch struct {
	entry *watchEntry
	owner *watchers
	once  sync.Once
}

// Done returns a channel that is closed when a write has changed what is
// watched, and that write is visible. It may be closed although nothing
// changed when a write was under way as the Watch was made.
func (w *Watch) Done() <-chan struct{} { return w.entry.changed }

// Stop gives the Watch up; its channel may never be closed then. It may be
// called more than once, and after the change.
func (w *Watch) Stop() { w.once.Do(func() { w.owner.leave(w.entry) }) }

// watched names what an entry watches: a key, a value of an index, or with
// neither the whole store.
type watched struct {
	kind  watchKind
	index string
	name  string // key or value
}

type watchKind uint8

const (
	watchStore watchKind = iota
	watchKey
	watchValue
)

// watchEntry is what all Watches of one thing share until it changes.
type watchEntry struct {
	of      watched
	changed chan struct{}
	// made counts the entries up to this one.
	made uint64
	// users is guarded by watchers.mu.
	users int
}

// watchers are the entries that wait for a change.
//
// No change is missed: an entry is counted in made before its maker reads the
// store, and a writer reads made before it writes and again after it committed.
// Entries that came in between are taken for changed, since the writer did not
// take notes for them.
type watchers struct {
	// count is the number of entries, made that of all that ever were.
	count atomic.Int64
	made  atomic.Uint64

	mu      sync.Mutex
	entries map[watched]*watchEntry
}

func (w *watchers) watch(of watched) *Watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.entries[of]
	if e == nil {
		if w.entries == nil {
			w.entries = make(map[watched]*watchEntry)
		}
		e = &watchEntry{of: of, changed: make(chan struct{}), made: w.made.Load() + 1}
		w.entries[of] = e
		w.count.Store(int64(len(w.entries)))
		w.made.Store(e.made)
	}
	e.users++
	return &Watch{entry: e, owner: w}
}

func (w *watchers) leave(e *watchEntry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.users--; e.users == 0 && w.entries[e.of] == e {
		delete(w.entries, e.of)
		w.count.Store(int64(len(w.entries)))
	}
}

// notes are what a writer writes down of its changes for the watchers.
type notes struct {
	// taking is false while nobody watches.
	taking  bool
	made    uint64
	changed map[watched]struct{}
}

// begin starts the notes of a writer's turn.
func (w *watchers) begin() notes {
	n := notes{made: w.made.Load()}
	if w.count.Load() > 0 {
		n.taking, n.changed = true, make(map[watched]struct{})
	}
	return n
}

func (n *notes) key(key string) {
	if n.taking {
		n.changed[watched{}] = struct{}{}
		n.changed[watched{kind: watchKey, name: key}] = struct{}{}
	}
}

func (n *notes) value(index, value string) {
	n.changed[watched{kind: watchValue, index: index, name: value}] = struct{}{}
}

// wake closes what a commit changed. It runs after the commit is visible.
func (w *watchers) wake(n notes) {
	if !n.taking && w.made.Load() == n.made {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(n.changed) < len(w.entries) && w.made.Load() == n.made {
		for of := range n.changed {
			w.close(w.entries[of])
		}
	} else {
		for of, e := range w.entries {
			if _, changed := n.changed[of]; changed || e.made > n.made {
				w.close(e)
			}
		}
	}
	w.count.Store(int64(len(w.entries)))
}

func (w *watchers) close(e *watchEntry) {
	if e != nil {
		close(e.changed)
		delete(w.entries, e.of)
	}
}

// Watch watches the whole store: its Done closes with the next object that is
// stored or removed.
func (c *Cache[T]) Watch() *Watch { return c.engine.watchers.watch(watched{}) }

// WatchKey watches one key: its Done closes when an object is next stored under
// it or removed.
func (c *Cache[T]) WatchKey(key string) *Watch {
	return c.engine.watchers.watch(watched{kind: watchKey, name: key})
}

// WatchIndex watches what ByIndex(indexName, value) returns: its Done closes
// when an object next comes there, goes from there, or is stored anew there.
// An unknown index is watched for a time when it exists.
func (c *Cache[T]) WatchIndex(indexName, value string) *Watch {
	return c.engine.watchers.watch(watched{kind: watchValue, index: indexName, name: value})
}
