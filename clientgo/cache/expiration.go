package cache

import (
	"time"

	"github.com/informant-go/informant/indexer/stores"
	"github.com/informant-go/informant/object"
	"k8s.io/utils/clock"
)

// ExpirationCache is client-go's ExpirationCache: a Store out of which a read
// takes what its policy calls expired. It has the methods of client-go's type
// and is a type of its own, on an ExpiringStore of this module. It differs in
// that a read takes no lock, and in that the policy is asked without one.
type ExpirationCache struct {
	// engine holds client-go's entries, which its policies ask for.
	engine  *stores.ExpiringStore[*TimestampedEntry]
	keyFunc KeyFunc
	clock   clock.Clock
}

var _ Store = (*ExpirationCache)(nil)

// NewTTLStore returns a Store whose objects are seen no more when they have
// been there longer than ttl. It corresponds to client-go's NewTTLStore.
func NewTTLStore(keyFunc KeyFunc, ttl time.Duration) Store {
	return NewExpirationStore(keyFunc, &TTLPolicy{TTL: ttl, Clock: clock.RealClock{}})
}

// NewExpirationStore returns a Store whose objects are seen no more when the
// policy says so. It corresponds to client-go's NewExpirationStore.
func NewExpirationStore(keyFunc KeyFunc, expirationPolicy ExpirationPolicy) Store {
	return newExpirationCache(keyFunc, expirationPolicy, clock.RealClock{}, nil)
}

// NewFakeExpirationStore is NewExpirationStore for tests: with another clock,
// and each key that a read took out is sent to deletedKeys, if that is not nil.
// It corresponds to client-go's NewFakeExpirationStore.
func NewFakeExpirationStore(keyFunc KeyFunc, deletedKeys chan<- string, expirationPolicy ExpirationPolicy, cacheClock clock.Clock) Store {
	if deletedKeys == nil {
		return newExpirationCache(keyFunc, expirationPolicy, cacheClock, nil)
	}
	return newExpirationCache(keyFunc, expirationPolicy, cacheClock, func(key string) { deletedKeys <- key })
}

func newExpirationCache(keyFunc KeyFunc, policy ExpirationPolicy, clock clock.Clock, expired func(key string)) *ExpirationCache {
	c := &ExpirationCache{keyFunc: keyFunc, clock: clock}
	access := object.Keyed(c.keyOfEntry, object.Fields[*TimestampedEntry]{})
	engine, err := stores.NewExpiringStoreWithAccess(access, stores.ExpiringOptions[*TimestampedEntry]{
		Policy:    func(e *stores.Timestamped[*TimestampedEntry]) bool { return policy.IsExpired(e.Object) },
		Clock:     clock,
		OnExpired: expired,
	})
	if err != nil {
		panic(err) // there is a key
	}
	c.engine = engine
	return c
}

func (c *ExpirationCache) keyOfEntry(entry *TimestampedEntry) (string, error) {
	key, err := c.keyFunc(entry.Obj)
	if err != nil {
		return "", &object.KeyError{Obj: entry.Obj, Err: err}
	}
	return key, nil
}

// Add stores obj from now on. The error is a KeyError.
func (c *ExpirationCache) Add(obj interface{}) error {
	return keyError(c.engine.Add(&TimestampedEntry{Obj: obj, Timestamp: c.clock.Now()}))
}

// Update is Add.
func (c *ExpirationCache) Update(obj interface{}) error { return c.Add(obj) }

// Delete takes out the object of obj's key. As in client-go it is the one write
// of an object that tells a version.
func (c *ExpirationCache) Delete(obj interface{}) error {
	if err := c.engine.Delete(&TimestampedEntry{Obj: obj}); err != nil {
		return keyError(err)
	}
	c.engine.Bookmark(versionOf(obj))
	return nil
}

// Replace makes list the whole content, stored from now on. With an error
// nothing changes.
func (c *ExpirationCache) Replace(list []interface{}, resourceVersion string) error {
	now := c.clock.Now()
	entries := make([]*TimestampedEntry, len(list))
	for i, obj := range list {
		entries[i] = &TimestampedEntry{Obj: obj, Timestamp: now}
	}
	return keyError(c.engine.Replace(entries, resourceVersion))
}

// Get returns the object of obj's key, unless it has expired.
func (c *ExpirationCache) Get(obj interface{}) (interface{}, bool, error) {
	key, err := c.keyFunc(obj)
	if err != nil {
		return nil, false, KeyError{Obj: obj, Err: err}
	}
	return c.GetByKey(key)
}

// GetByKey returns the object of a key, unless it has expired. The error is nil.
func (c *ExpirationCache) GetByKey(key string) (interface{}, bool, error) {
	entry, exists, err := c.engine.GetByKey(key)
	if !exists {
		return nil, false, err
	}
	return entry.Obj, true, err
}

// List returns the objects that have not expired.
func (c *ExpirationCache) List() []interface{} {
	entries := c.engine.List()
	list := make([]interface{}, len(entries))
	for i, entry := range entries {
		list[i] = entry.Obj
	}
	return list
}

// ListKeys returns all keys, those included whose objects have expired and that
// no read came upon since.
func (c *ExpirationCache) ListKeys() []string { return c.engine.HeldKeys() }

// Bookmark raises the version that the state is known to include.
func (c *ExpirationCache) Bookmark(rv string) { c.engine.Bookmark(rv) }

// LastStoreSyncResourceVersion is the version that the state is known to
// include.
func (c *ExpirationCache) LastStoreSyncResourceVersion() string {
	return c.engine.LastStoreSyncResourceVersion()
}

// Resync does nothing.
func (c *ExpirationCache) Resync() error { return nil }
