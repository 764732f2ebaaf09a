package cache

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// ExpirationCache is client-go's ExpirationCache: a Store out of which a read
// takes what its policy calls expired. It has the methods of client-go's type
// and is a type of its own, on a store of this module. It differs in that a
// read of what has not expired takes no lock, and in that the policy is asked
// without one.
type ExpirationCache struct {
	// entries are *expirationEntry, which never change.
	entries threadSafe
	keyFunc KeyFunc
	policy  ExpirationPolicy
	clock   clock.Clock
	// expired, if not nil, is told what a read took out, without a lock.
	expired func(key string)

	// writing makes a read take out only what it found expired, and nothing
	// that was stored since.
	writing sync.Mutex
}

var _ Store = (*ExpirationCache)(nil)

// expirationEntry is a TimestampedEntry with its key, which only client-go could
// give it.
type expirationEntry struct {
	TimestampedEntry
	key string
}

// NewTTLStore returns a Store whose objects are seen no more when they have
// been there longer than ttl. It corresponds to client-go's NewTTLStore.
func NewTTLStore(keyFunc KeyFunc, ttl time.Duration) Store {
	return NewExpirationStore(keyFunc, &TTLPolicy{TTL: ttl, Clock: clock.RealClock{}})
}

// NewExpirationStore returns a Store whose objects are seen no more when the
// policy says so. It corresponds to client-go's NewExpirationStore.
func NewExpirationStore(keyFunc KeyFunc, expirationPolicy ExpirationPolicy) Store {
	return newExpirationCache(keyFunc, expirationPolicy, clock.RealClock{})
}

// NewFakeExpirationStore is NewExpirationStore for tests: with another clock,
// and each key that a read took out is sent to deletedKeys, if that is not nil.
// It corresponds to client-go's NewFakeExpirationStore.
func NewFakeExpirationStore(keyFunc KeyFunc, deletedKeys chan<- string, expirationPolicy ExpirationPolicy, cacheClock clock.Clock) Store {
	c := newExpirationCache(keyFunc, expirationPolicy, cacheClock)
	if deletedKeys != nil {
		c.expired = func(key string) { deletedKeys <- key }
	}
	return c
}

func newExpirationCache(keyFunc KeyFunc, policy ExpirationPolicy, clock clock.Clock) *ExpirationCache {
	return &ExpirationCache{entries: newThreadSafe(nil), keyFunc: keyFunc, policy: policy, clock: clock}
}

// Add stores obj from now on. The error is a KeyError.
func (c *ExpirationCache) Add(obj interface{}) error {
	entry, err := c.entry(obj, c.clock.Now())
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.entries.Update(entry.key, entry)
	return nil
}

// Update is Add.
func (c *ExpirationCache) Update(obj interface{}) error { return c.Add(obj) }

// Delete takes out the object of obj's key.
func (c *ExpirationCache) Delete(obj interface{}) error {
	entry, err := c.entry(obj, time.Time{})
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.entries.DeleteWithObject(entry.key, obj)
	return nil
}

// Replace makes list the whole content, stored from now on. With an error
// nothing changes.
func (c *ExpirationCache) Replace(list []interface{}, resourceVersion string) error {
	now := c.clock.Now()
	entries := make(map[string]interface{}, len(list))
	for _, obj := range list {
		entry, err := c.entry(obj, now)
		if err != nil {
			return err
		}
		entries[entry.key] = entry
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.entries.Replace(entries, resourceVersion)
	return nil
}

// Get returns the object of obj's key, unless it has expired.
func (c *ExpirationCache) Get(obj interface{}) (interface{}, bool, error) {
	entry, err := c.entry(obj, time.Time{})
	if err != nil {
		return nil, false, err
	}
	return c.GetByKey(entry.key)
}

// GetByKey returns the object of a key, unless it has expired. The error is nil.
func (c *ExpirationCache) GetByKey(key string) (interface{}, bool, error) {
	stored, exists := c.entries.Get(key)
	if !exists {
		return nil, false, nil
	}
	obj, exists := c.alive(stored)
	return obj, exists, nil
}

// List returns the objects that have not expired.
func (c *ExpirationCache) List() []interface{} {
	entries := c.entries.List()
	list := make([]interface{}, 0, len(entries))
	for _, stored := range entries {
		if obj, exists := c.alive(stored); exists {
			list = append(list, obj)
		}
	}
	return list
}

// ListKeys returns all keys, those included whose objects have expired and that
// no read came upon since.
func (c *ExpirationCache) ListKeys() []string { return c.entries.ListKeys() }

// Bookmark raises the version that the state is known to include.
func (c *ExpirationCache) Bookmark(rv string) { c.entries.Bookmark(rv) }

// LastStoreSyncResourceVersion is the version that the state is known to
// include.
func (c *ExpirationCache) LastStoreSyncResourceVersion() string {
	return c.entries.LastStoreSyncResourceVersion()
}

// Resync does nothing.
func (c *ExpirationCache) Resync() error { return nil }

func (c *ExpirationCache) entry(obj interface{}, now time.Time) (*expirationEntry, error) {
	key, err := c.keyFunc(obj)
	if err != nil {
		return nil, KeyError{Obj: obj, Err: err}
	}
	return &expirationEntry{TimestampedEntry{Obj: obj, Timestamp: now}, key}, nil
}

// alive returns the object of an entry, or takes out what has expired.
func (c *ExpirationCache) alive(stored interface{}) (obj interface{}, exists bool) {
	entry := stored.(*expirationEntry)
	if !c.policy.IsExpired(&entry.TimestampedEntry) {
		return entry.Obj, true
	}
	if c.remove(entry) && c.expired != nil {
		c.expired(entry.key)
	}
	return nil, false
}

func (c *ExpirationCache) remove(entry *expirationEntry) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	if stored, exists := c.entries.Get(entry.key); !exists || stored != interface{}(entry) {
		return false
	}
	c.entries.Delete(entry.key)
	return true
}
