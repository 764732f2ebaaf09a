package indexer

import (
	"context"
	"iter"
)

// Store holds the objects of one collection by key. With T = any its methods
// are those of client-go's Store, as they are. Objects are shared with every
// reader and must not be changed once stored.
//
// All methods may be called by any goroutine. Readers wait for nobody (S2).
type Store[T any] interface {
	// Add and Update store obj under its key; they are the same here. The
	// error is an *object.KeyError when obj has no key.
	Add(obj T) error
	Update(obj T) error
	// Delete removes what is stored under obj's key, if anything.
	Delete(obj T) error
	// Replace makes items the whole content, which is the state at
	// resourceVersion; "" leaves the version alone. With an error nothing
	// changes.
	Replace(items []T, resourceVersion string) error
	// Resync does nothing; it is here for client-go's interface.
	Resync() error

	// Get looks up the key of obj, GetByKey the key. The error of Get is
	// that of the key function; that of GetByKey is always nil.
	Get(obj T) (item T, exists bool, err error)
	GetByKey(key string) (item T, exists bool, err error)
	// List returns all objects, ListKeys all keys, in no order, in a slice
	// that is the caller's.
	List() []T
	ListKeys() []string

	// Bookmark raises the version that the state is known to include.
	Bookmark(resourceVersion string)
	// LastStoreSyncResourceVersion is the newest version that the state is
	// known to include, "" before the first.
	LastStoreSyncResourceVersion() string
}

// Indexer is a Store with indexes. With T = any its methods are those of
// client-go's Indexer but for the type Indexers, which clientgo/ converts.
type Indexer[T any] interface {
	Store[T]

	// Index returns the objects that share a value of the named index with
	// obj. An unknown index is an error in this and the next two.
	Index(indexName string, obj T) ([]T, error)
	// ByIndex returns the objects with the value; IndexKeys their keys.
	ByIndex(indexName, value string) ([]T, error)
	IndexKeys(indexName, value string) ([]string, error)
	// ListIndexFuncValues returns the values that have an object; none for
	// an unknown index.
	ListIndexFuncValues(indexName string) []string
	// GetIndexers returns a copy of the index functions.
	GetIndexers() Indexers[T]
	// AddIndexers adds indexes, over the objects that are there too. A name
	// that exists already is an error, as is a nil function, and nothing is
	// added.
	AddIndexers(newIndexers Indexers[T]) error

	// Apply makes all changes visible at once and fills in each Change's Old
	// and Existed. A change of another type than ChangePut and ChangeRemove is left
	// alone. The slice stays the caller's. It is the informer's way in.
	Apply(changes []Change[T], resourceVersion string)
	// ReplaceAll is Replace with keys given (keys[i] is that of items[i], each
	// once; another number of keys than of items panics), and calls diff, if not nil, once for each key that came,
	// changed, stayed or went, before it returns. An item whose non-empty
	// version equals the stored one's is not stored anew: Object is then
	// the stored object and Type is ChangeUnchanged.
	ReplaceAll(keys []string, items []T, resourceVersion string, diff func(Change[T]))

	// Snapshot returns the present state, which does not change.
	Snapshot() Snapshot[T]

	// WaitFor returns once the state includes resourceVersion (S5), or with
	// ctx.Err(), or at once with an error for a version that cannot be
	// compared.
	WaitFor(ctx context.Context, resourceVersion string) error
	// WaitForKey is WaitFor for one key: it also returns once the object under
	// key has resourceVersion or a newer one. So it needs no bookmarks where
	// the write was one of that key. A deletion counts when it brings a
	// version.
	WaitForKey(ctx context.Context, key, resourceVersion string) error
	// Watch watches the whole store: it closes with the next object that is
	// stored or removed.
	Watch() Watch
	// WatchKey watches one key: it closes when an object is next stored under
	// it or removed.
	WatchKey(key string) Watch
	// WatchIndex watches what ByIndex(indexName, value) returns: it closes when
	// an object next comes there, goes from there, or is stored anew there. An
	// unknown index is watched for a time when it exists.
	WatchIndex(indexName, value string) Watch
}

// Watch closes a channel with the next change of a key, of an index value or of
// the whole store. Make it first, then read, then wait: a change after the
// reading closes it. All methods may be called by any goroutine.
type Watch interface {
	// Done returns a channel that is closed when a write has changed what is
	// watched, and that write is visible. It may be closed although nothing
	// changed when a write was under way as the Watch was made.
	Done() <-chan struct{}
	// Stop gives the Watch up; its channel may never be closed then. It may be
	// called more than once, and after the change.
	Stop()
}

// Snapshot is one state of an Indexer, over all keys and all indexes (S1), for as
// long as somebody holds it. It never changes, and there is nothing to close: what
// only it needs goes with it, by the garbage collector. All methods may be called
// by any goroutine.
type Snapshot[T any] interface {
	Get(key string) (item T, exists bool)
	Len() int
	List() []T
	ListKeys() []string
	ByIndex(indexName, value string) ([]T, error)
	IndexKeys(indexName, value string) ([]string, error)
	ListIndexFuncValues(indexName string) []string
	// All yields every key and object, ByIndexSeq those of an index value,
	// both without a copy.
	All() iter.Seq2[string, T]
	ByIndexSeq(indexName, value string) iter.Seq2[string, T]
	ResourceVersion() string
}

// ChangeType says what a Change does.
type ChangeType uint8

// The types of a Change.
const (
	// ChangePut stores the object.
	ChangePut ChangeType = iota + 1
	// ChangeRemove removes what is stored under the key.
	ChangeRemove
	// ChangeUnchanged did nothing, since the object was there in the same
	// version. Only the diff of ReplaceAll gives it.
	ChangeUnchanged
)

// Change is one write of a batch, and what it found.
type Change[T any] struct {
	Key string
	// Object is stored by ChangePut. For ChangeRemove it may be the zero T;
	// where it has a version, that counts for LastStoreSyncResourceVersion.
	Object T
	// Old is what was stored before, when Existed.
	Old     T
	Existed bool
	Type    ChangeType
	// Done is set by an Apply that may panic after it has made the change
	// visible, as that of this package does over the user's code: who
	// survives the panic sees by it what was done.
	Done bool
}
