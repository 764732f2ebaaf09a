package stores

import (
	"sync"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"k8s.io/utils/clock"
)

// Timestamped is an object with the time at which it was last stored. It
// corresponds to client-go's TimestampedEntry.
type Timestamped[T any] struct {
	Key    string
	Object T
	Stored time.Time
}

// ExpirationPolicy tells whether an object is to be seen no more. It is called
// by readers, without a lock, and must answer alike until it says true. It
// corresponds to client-go's ExpirationPolicy.
type ExpirationPolicy[T any] func(entry *Timestamped[T]) (expired bool)

// TTL is the policy that an object expires when it is older than ttl by the
// clock, which is the real one for nil; with a ttl of 0 or less it never does.
// It corresponds to client-go's TTLPolicy.
func TTL[T any](ttl time.Duration, c clock.PassiveClock) ExpirationPolicy[T] {
	if c == nil {
		c = clock.RealClock{}
	}
	return func(entry *Timestamped[T]) bool { return ttl > 0 && c.Since(entry.Stored) > ttl }
}

// ExpiringOptions configure an ExpiringStore. The zero value keeps everything.
type ExpiringOptions[T any] struct {
	// Policy says what expires; nil nothing.
	Policy ExpirationPolicy[T]
	// Clock gives the times at which objects are stored; nil the real one.
	Clock clock.PassiveClock
	// OnExpired is told the key of each object that a read has removed. It is
	// called by the reader, without a lock.
	OnExpired func(key string)
}

// ExpiringStore is an indexer.Store whose objects expire. An expired object is not seen
// any more; the first read that comes across it removes it, unless a write is
// under way, so that no reader waits (S2). It corresponds to client-go's
// ExpirationCache and NewTTLStore.
type ExpiringStore[T any] struct {
	options ExpiringOptions[T]
	key     func(T) (string, error)
	store   indexer.Indexer[*Timestamped[T]]

	// writing is held by writes, and by reads that remove something. It keeps
	// a removal from hitting an object that was stored since.
	writing sync.Mutex
}

var _ indexer.Store[any] = (*ExpiringStore[any])(nil)

// NewExpiringStore returns an empty store. The error is object.ErrNoAccess for an
// access that can make no key.
func NewExpiringStore[T any](options ExpiringOptions[T], access object.Access[T]) (*ExpiringStore[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	byKey := func(e *Timestamped[T]) (string, error) { return e.Key, nil }
	store, err := indexer.NewWithAccess(indexer.Options[*Timestamped[T]]{Renew: true}, object.Keyed(byKey, object.Fields[*Timestamped[T]]{
		Version: func(e *Timestamped[T]) string { return access.Version(e.Object) },
	}))
	return &ExpiringStore[T]{options: options, key: keyFunc(access), store: store}, err
}

func (s *ExpiringStore[T]) stamp(obj T, now time.Time) (*Timestamped[T], error) {
	key, err := s.key(obj)
	return &Timestamped[T]{Key: key, Object: obj, Stored: now}, err
}

// Add stores obj, with the present time.
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
	entries := make([]*Timestamped[T], len(items))
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

// Get looks up the key of obj.
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

// Bookmark raises the version that the state is known to include.
func (s *ExpiringStore[T]) Bookmark(resourceVersion string) { s.store.Bookmark(resourceVersion) }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include.
func (s *ExpiringStore[T]) LastStoreSyncResourceVersion() string {
	return s.store.LastStoreSyncResourceVersion()
}

// expired tells whether entry has expired, and removes it then.
func (s *ExpiringStore[T]) expired(entry *Timestamped[T]) bool {
	if s.options.Policy == nil || !s.options.Policy(entry) {
		return false
	}
	if s.remove(entry) && s.options.OnExpired != nil {
		s.options.OnExpired(entry.Key)
	}
	return true
}

func (s *ExpiringStore[T]) remove(entry *Timestamped[T]) bool {
	if !s.writing.TryLock() {
		return false
	}
	defer s.writing.Unlock()
	if stored, exists, _ := s.store.GetByKey(entry.Key); !exists || stored != entry {
		return false
	}
	s.store.Apply([]indexer.Change[*Timestamped[T]]{{Key: entry.Key, Type: indexer.ChangeRemove}}, "")
	return true
}
