package stores

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
)

// Timestamped is an object with the time at which it was last stored. It
// corresponds to client-go's TimestampedEntry.
type Timestamped[T any] struct {
	Key    string
	Object T
	Stored time.Time
}

// ExpirationPolicy reports whether an object is to be seen no more. It is called
// by readers, without a lock. What it has called expired stays so. It
// corresponds to client-go's ExpirationPolicy.
type ExpirationPolicy[T any] func(entry *Timestamped[T]) (expired bool)

// TTL is the policy that an object has expired when it was stored longer than ttl
// ago by the clock, which is the real one for nil. With a ttl of 0 or less it
// never does. It corresponds to client-go's TTLPolicy.
func TTL[T any](ttl time.Duration, c clock.PassiveClock) ExpirationPolicy[T] {
	if c == nil {
		c = clock.RealClock{}
	}
	return func(entry *Timestamped[T]) bool { return ttl > 0 && c.Since(entry.Stored) > ttl }
}

// ExpiringOptions configure an ExpiringStore. The zero value keeps everything.
type ExpiringOptions[T any] struct {
	// Policy says what has expired. With nil nothing expires.
	Policy ExpirationPolicy[T]
	// Clock gives the times at which objects are stored. nil stands for the
	// real one.
	Clock clock.PassiveClock
	// OnExpired is told the key of each object that a read found expired, once.
	// It is called by the reader, without a lock.
	OnExpired func(key string)
}

// ExpiringStore is an indexer.Store whose objects expire. An expired object is
// not seen any more, and the first read that comes across it takes it out. It
// corresponds to client-go's ExpirationCache and NewTTLStore.
type ExpiringStore[T any] struct {
	options ExpiringOptions[T]
	key     func(T) (string, error)
	store   indexer.Indexer[*expiring[T]]

	// writing is held by writes, and by reads that remove something. It keeps
	// a removal from hitting an object that was stored since. A read that finds
	// it held leaves the removal to a later one, for it waits for nobody (S2).
	writing sync.Mutex
}

// expiring is a stored object. It changes once, when a read finds it expired.
type expiring[T any] struct {
	Timestamped[T]
	expired atomic.Bool
}

var _ indexer.Store[any] = (*ExpiringStore[any])(nil)

// NewExpiringStore returns an empty store of API objects. The error is always
// nil; it is here so that all constructors are alike.
func NewExpiringStore[T metav1.Object](options ExpiringOptions[T]) (*ExpiringStore[T], error) {
	return NewExpiringStoreWithAccess(object.Meta[T](), options)
}

// NewExpiringStoreWithAccess returns an empty store of anything that access can
// read. The error is object.ErrNoAccess for the zero Access.
func NewExpiringStoreWithAccess[T any](access object.Access[T], options ExpiringOptions[T]) (*ExpiringStore[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	byKey := func(e *expiring[T]) (string, error) { return e.Key, nil }
	store, err := indexer.NewWithAccess(object.Keyed(byKey, object.Fields[*expiring[T]]{
		Version: func(e *expiring[T]) string { return access.Version(e.Object) },
	}), indexer.Options[*expiring[T]]{Renew: true})
	return &ExpiringStore[T]{options: options, key: keyFunc(access), store: store}, err
}

func (s *ExpiringStore[T]) stamp(obj T, now time.Time) (*expiring[T], error) {
	key, err := s.key(obj)
	return &expiring[T]{Timestamped: Timestamped[T]{Key: key, Object: obj, Stored: now}}, err
}

// Add stores obj, with the present time. The error is an *object.KeyError; so it
// is for the other writes, which then change nothing.
func (s *ExpiringStore[T]) Add(obj T) error {
	entry, err := s.stamp(obj, s.options.Clock.Now())
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.store.Add(entry)
}

// Update is Add: it begins the object's time anew.
func (s *ExpiringStore[T]) Update(obj T) error { return s.Add(obj) }

// Delete removes what is stored under obj's key.
func (s *ExpiringStore[T]) Delete(obj T) error {
	entry, err := s.stamp(obj, time.Time{})
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.store.Delete(entry)
}

// Replace makes items the whole content, all with the present time.
func (s *ExpiringStore[T]) Replace(items []T, resourceVersion string) error {
	now := s.options.Clock.Now()
	entries := make([]*expiring[T], len(items))
	for i, item := range items {
		entry, err := s.stamp(item, now)
		if err != nil {
			return err
		}
		entries[i] = entry
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.store.Replace(entries, resourceVersion)
}

// Resync does nothing.
func (s *ExpiringStore[T]) Resync() error { return nil }

// Get looks up the key of obj. The error is an *object.KeyError.
func (s *ExpiringStore[T]) Get(obj T) (item T, exists bool, err error) {
	key, err := s.key(obj)
	if err != nil {
		return item, false, err
	}
	return s.GetByKey(key)
}

// GetByKey looks up a key. The error is always nil.
func (s *ExpiringStore[T]) GetByKey(key string) (item T, exists bool, err error) {
	entry, exists, _ := s.store.GetByKey(key) // which never fails
	if !exists || s.expired(entry) {
		return item, false, nil
	}
	return entry.Object, true, nil
}

// List returns the objects that have not expired.
func (s *ExpiringStore[T]) List() []T {
	objs := []T{}
	for _, entry := range s.store.List() {
		if !s.expired(entry) {
			objs = append(objs, entry.Object)
		}
	}
	return objs
}

// ListKeys returns the keys of the objects that have not expired.
func (s *ExpiringStore[T]) ListKeys() []string {
	keys := []string{}
	for _, entry := range s.store.List() {
		if !s.expired(entry) {
			keys = append(keys, entry.Key)
		}
	}
	return keys
}

// HeldKeys returns the keys of what the store holds: of the objects that have
// not expired, and of those that no read has come across since they have. It
// asks no policy and takes nothing out.
func (s *ExpiringStore[T]) HeldKeys() []string {
	entries := s.store.List()
	keys := make([]string, 0, len(entries))
	for _, entry := range entries {
		if !entry.expired.Load() {
			keys = append(keys, entry.Key)
		}
	}
	return keys
}

// Bookmark raises the version that the state is known to include.
func (s *ExpiringStore[T]) Bookmark(resourceVersion string) { s.store.Bookmark(resourceVersion) }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include.
func (s *ExpiringStore[T]) LastStoreSyncResourceVersion() string {
	return s.store.LastStoreSyncResourceVersion()
}

// expired reports whether entry has expired, and takes it out then. Of several
// reads that come across it the first one tells.
func (s *ExpiringStore[T]) expired(entry *expiring[T]) bool {
	known := entry.expired.Load()
	if !known && (s.options.Policy == nil || !s.options.Policy(&entry.Timestamped)) {
		return false
	}
	first := !known && s.holds(entry) && entry.expired.CompareAndSwap(false, true)
	s.remove(entry)
	if first && s.options.OnExpired != nil {
		s.options.OnExpired(entry.Key)
	}
	return true
}

// holds reports whether entry is stored, and not another one of its key.
func (s *ExpiringStore[T]) holds(entry *expiring[T]) bool {
	stored, exists, _ := s.store.GetByKey(entry.Key) // which never fails
	return exists && stored == entry
}

// remove frees the memory of an expired entry, unless a write is under way.
func (s *ExpiringStore[T]) remove(entry *expiring[T]) {
	if !s.writing.TryLock() {
		return
	}
	defer s.writing.Unlock()
	if s.holds(entry) {
		s.store.Apply([]indexer.Change[*expiring[T]]{{Key: entry.Key, Type: indexer.ChangeRemove}}, "")
	}
}
