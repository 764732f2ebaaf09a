package indexer

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/object"
)

// WaitFor returns once the state includes resourceVersion, as Indexer says.
func (c *Cache[T]) WaitFor(ctx context.Context, resourceVersion string) error {
	return c.wait(ctx, resourceVersion, nil)
}

// WaitForKey returns once the object under key has resourceVersion or a newer
// one, or the whole state includes it, as Indexer says.
func (c *Cache[T]) WaitForKey(ctx context.Context, key, resourceVersion string) error {
	return c.wait(ctx, resourceVersion, &key)
}

// wait waits for a version of the state, and of one key where there is one.
func (c *Cache[T]) wait(ctx context.Context, resourceVersion string, key *string) error {
	if _, err := object.CompareVersions(resourceVersion, resourceVersion); err != nil {
		return fmt.Errorf("indexer: %s: cannot wait for resource version %q: wait for one that the server gave to an object: %w",
			c.engine.options.Name, resourceVersion, err)
	}
	if done, err := c.reached(resourceVersion, key); done || err != nil {
		return err
	}
	state := c.engine.notifier.watch(topic{kind: topicVersion, name: resourceVersion})
	defer state.Stop()
	for {
		own, stop := c.changesOf(key)
		done, err := c.reached(resourceVersion, key)
		if !done && err == nil {
			select {
			case <-own:
				continue // that watch is spent
			case <-state.Done():
				// It is there, or has no order from now on.
				_, err = c.reached(resourceVersion, key)
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		stop()
		return err
	}
}

// changesOf watches a key, or nothing.
func (c *Cache[T]) changesOf(key *string) (changed <-chan struct{}, stop func()) {
	if key == nil {
		return nil, func() {}
	}
	own := c.WatchKey(*key)
	return own.Done(), own.Stop
}

// reached reports whether the object under key, if there is one, or the state
// includes a version. The error says that it cannot be known.
func (c *Cache[T]) reached(resourceVersion string, key *string) (bool, error) {
	if key != nil {
		if obj, exists := c.engine.get(*key); exists && includes(c.engine.versionOf(obj), resourceVersion) {
			return true, nil
		}
	}
	state := c.engine.resourceVersion()
	if state != "" && !includes(state, state) {
		return false, fmt.Errorf("indexer: %s: cannot wait for resource version %q: the state is at %q, which has no order",
			c.engine.options.Name, resourceVersion, state)
	}
	return includes(state, resourceVersion), nil
}

// includes reports whether a state of version state includes version.
func includes(state, version string) bool {
	c, err := object.CompareVersions(state, version)
	return err == nil && c >= 0
}

// Watch watches the whole store, as Indexer says.
func (c *Cache[T]) Watch() Watch { return c.engine.notifier.watch(topic{}) }

// WatchKey watches one key, as Indexer says.
func (c *Cache[T]) WatchKey(key string) Watch {
	return c.engine.notifier.watch(topic{kind: topicKey, name: key})
}

// WatchIndex watches what ByIndex(indexName, value) returns, as Indexer says.
func (c *Cache[T]) WatchIndex(indexName, value string) Watch {
	return c.engine.notifier.watch(topic{kind: topicValue, index: indexName, name: value})
}
