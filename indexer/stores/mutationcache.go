package stores

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/heap"
	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
)

// MutationCacheOptions configure a MutationCache. The zero value is client-go's
// default. It corresponds to client-go's MutationCacheOptions.
type MutationCacheOptions[T any] struct {
	// TTL is how long a written object counts; 0 or less stands for 5 minutes.
	TTL time.Duration
	// Max bounds the written objects that are kept; 0 or less stands for 100.
	// The least recently written one goes first.
	Max int
	// IncludeAdds shows written objects that the store does not have. Such an
	// object may have been deleted since, before the store had seen it; it is
	// then shown until TTL is over.
	IncludeAdds bool
	// Compare orders two states of one object: negative when a is older than
	// b. nil compares resource versions with object.CompareVersions; an object
	// without a comparable one is the older.
	Compare func(a, b T) int
	// Clock says when TTL is over. nil stands for the real one.
	Clock clock.PassiveClock
}

// MutationCache shows the objects of an indexer.Indexer as they are after the
// caller's own writes, before a watch brings them. The caller tells Mutation what
// the API server answered a write with, and the handler of an informer tells
// OnAddOrUpdate and OnDelete what the store has caught up with, which the cache
// then forgets. All methods may be called by any goroutine. It corresponds to
// client-go's MutationCache.
//
// Where waiting is possible, WaitFor of the indexer.Indexer answers the same
// need without a second copy.
type MutationCache[T any] struct {
	options MutationCacheOptions[T]
	access  object.Access[T]
	backing indexer.Indexer[T]

	mu sync.Mutex
	// byKey and oldest have the same overlays; oldest has the least recently
	// written first.
	byKey  map[string]*overlay[T]
	oldest heap.Heap[*overlay[T]]
	writes uint64
}

// overlay is what was written under a key or, if deleted is set, what is known to
// be gone. Only its place changes once it is known.
type overlay[T any] struct {
	key     string
	obj     T
	deleted bool
	until   time.Time
	// written counts the writes up to this one; at is the place in oldest.
	written uint64
	at      int
}

// NewMutationCache returns a MutationCache of API objects over backing, which is
// the store of an informer. The error says that backing is nil.
func NewMutationCache[T metav1.Object](backing indexer.Indexer[T], options MutationCacheOptions[T]) (*MutationCache[T], error) {
	return NewMutationCacheWithAccess(object.Meta[T](), backing, options)
}

// NewMutationCacheWithAccess is NewMutationCache for anything that access can
// read, as backing does. The error can be object.ErrNoAccess too, for the zero
// Access.
func NewMutationCacheWithAccess[T any](access object.Access[T], backing indexer.Indexer[T], options MutationCacheOptions[T]) (*MutationCache[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	if nils.Is(backing) {
		return nil, errors.New("stores: a MutationCache needs an Indexer to look through: give that of the informer")
	}
	if options.TTL <= 0 {
		options.TTL = 5 * time.Minute
	}
	if options.Max <= 0 {
		options.Max = 100
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Compare == nil {
		options.Compare = func(a, b T) int { return compareVersions(access.Version(a), access.Version(b)) }
	}
	c := &MutationCache[T]{options: options, access: access, backing: backing, byKey: make(map[string]*overlay[T])}
	c.oldest.Less = func(a, b *overlay[T]) bool { return a.written < b.written }
	c.oldest.Moved = func(o *overlay[T], at int) { o.at = at }
	return c, nil
}

func compareVersions(a, b string) int {
	if c, err := object.CompareVersions(a, b); err == nil {
		return c
	}
	switch {
	case object.NewerVersion(a, b):
		return 1
	case object.NewerVersion(b, a):
		return -1
	}
	return 0
}

// GetByKey returns the newer one of what the store has and what was written.
// The error is that of the store.
func (c *MutationCache[T]) GetByKey(key string) (item T, exists bool, err error) {
	stored, exists, err := c.backing.GetByKey(key)
	if err != nil {
		return item, false, err
	}
	if o := c.overlay(key); o != nil && !o.deleted && c.shows(o, stored, exists) {
		return o.obj, true, nil
	}
	return stored, exists, nil
}

// shows reports whether a written object is shown in place of a stored one.
func (c *MutationCache[T]) shows(o *overlay[T], stored T, exists bool) bool {
	if !exists {
		return c.options.IncludeAdds
	}
	return c.options.Compare(o.obj, stored) > 0
}

// ByIndex returns the objects that the store has under the value, each in the
// newer one of its states. With IncludeAdds it adds the objects that were written
// with the value, unless the store has them under it, or newer under another.
// The error says that there is no such index.
func (c *MutationCache[T]) ByIndex(indexName, value string) ([]T, error) {
	snapshot := c.backing.Snapshot()
	if _, err := snapshot.IndexKeys(indexName, value); err != nil {
		return nil, err
	}
	found := []T{}
	listed := make(map[string]bool)
	for key, stored := range snapshot.ByIndexSeq(indexName, value) {
		listed[key] = true
		if o := c.overlay(key); o != nil && !o.deleted && c.shows(o, stored, true) {
			stored = o.obj
		}
		found = append(found, stored)
	}
	if !c.options.IncludeAdds {
		return found, nil
	}
	fn, ok := c.backing.GetIndexers()[indexName]
	if !ok {
		return nil, fmt.Errorf("stores: the indexer has the index %q but no function for it, which written objects need: make its GetIndexers return that", indexName)
	}
	for _, o := range c.overlays() {
		if listed[o.key] || o.deleted {
			continue
		}
		// The store may have something newer under another value.
		if stored, exists := snapshot.Get(o.key); !c.shows(o, stored, exists) {
			continue
		}
		if values, err := fn(o.obj); err == nil && slices.Contains(values, value) {
			found = append(found, o.obj)
		}
	}
	return found, nil
}

// Mutation tells of an object as the API server returned it for a write of the
// caller's. An older state than the one known, or one of an object that is known
// to be deleted, is ignored. The error is that of the key function.
func (c *MutationCache[T]) Mutation(obj T) error {
	key, err := c.access.Key(obj)
	if err != nil {
		return err
	}
	c.change(key, func(known *overlay[T]) (next *overlay[T], changed bool) {
		if known != nil {
			order := c.options.Compare(obj, known.obj)
			gone := known.deleted && (order == 0 || c.access.UID(obj) == c.access.UID(known.obj))
			if order < 0 || gone {
				return nil, false
			}
		}
		return &overlay[T]{key: key, obj: obj}, true
	})
	return nil
}

// OnAddOrUpdate tells of an object that the store has now. The error is that of
// the key function, as it is for OnDelete.
func (c *MutationCache[T]) OnAddOrUpdate(obj T) error {
	key, err := c.access.Key(obj)
	if err != nil {
		return err
	}
	c.change(key, func(known *overlay[T]) (next *overlay[T], changed bool) {
		return nil, known != nil && c.options.Compare(obj, known.obj) >= 0
	})
	return nil
}

// OnDelete tells of the last state of an object that the store does not have
// any more. What is written of it later, late, is ignored.
func (c *MutationCache[T]) OnDelete(obj T) error {
	key, err := c.access.Key(obj)
	if err != nil {
		return err
	}
	c.change(key, func(known *overlay[T]) (next *overlay[T], changed bool) {
		if known != nil && c.options.Compare(obj, known.obj) < 0 && c.access.UID(obj) != c.access.UID(known.obj) {
			return nil, false // another object was written under the key since
		}
		return &overlay[T]{key: key, obj: obj, deleted: true}, true
	})
	return nil
}

// change makes next what is known of key, nil for nothing, if decide says so. It
// asks again when what is known has changed meanwhile: decide calls the user's
// code, and so runs without the lock.
func (c *MutationCache[T]) change(key string, decide func(known *overlay[T]) (next *overlay[T], changed bool)) {
	for {
		known := c.overlay(key)
		next, changed := decide(known)
		if !changed || c.swap(key, known, next) {
			return
		}
	}
}

// overlay returns what is known of key, unless its time is over, else nil.
func (c *MutationCache[T]) overlay(key string) *overlay[T] {
	now := c.options.Clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.byKey[key]
	if o != nil && !now.Before(o.until) {
		c.drop(o)
		return nil
	}
	return o
}

// overlays returns all that is known.
func (c *MutationCache[T]) overlays() []*overlay[T] {
	now := c.options.Clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*overlay[T], 0, len(c.byKey))
	for _, o := range c.byKey {
		if now.Before(o.until) {
			all = append(all, o)
		}
	}
	return all
}

// swap makes next what is known of key, nil for nothing, if that is still known.
func (c *MutationCache[T]) swap(key string, known, next *overlay[T]) bool {
	until := c.options.Clock.Now().Add(c.options.TTL)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != known {
		return false
	}
	if known != nil {
		c.drop(known)
	}
	if next != nil {
		c.writes++
		next.until, next.written = until, c.writes
		c.byKey[key] = next
		c.oldest.Push(next)
	}
	if len(c.byKey) > c.options.Max {
		c.drop(c.oldest.First())
	}
	return true
}

func (c *MutationCache[T]) drop(o *overlay[T]) {
	delete(c.byKey, o.key)
	c.oldest.Remove(o.at)
}
