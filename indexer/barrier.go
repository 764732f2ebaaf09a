package indexer

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/object"
)

// WaitForKey is a barrier for one key: it returns once the object under key has
// resourceVersion or a newer one, or the whole state includes it, whichever
// comes first. It ends with ctx.Err(), and at once with an error for a version
// that cannot be compared. It needs no bookmarks where the write was one of
// that key. A deletion counts when it brings a version.
func (c *Cache[T]) WaitForKey(ctx context.Context, key, resourceVersion string) error {
	e := c.engine
	if _, err := object.CompareVersions(resourceVersion, resourceVersion); err != nil {
		return fmt.Errorf("indexer: %s: cannot wait for resource version %q of %q: wait for one that the server gave to an object: %w",
			e.options.Name, resourceVersion, key, err)
	}
	waiting := e.waiters.add(resourceVersion)
	defer e.waiters.remove(waiting)
	for {
		watch := c.WatchKey(key)
		if e.keyIncludes(key, resourceVersion) || includes(e.resourceVersion(), resourceVersion) {
			watch.Stop()
			return nil
		}
		select {
		case <-watch.Done():
		case <-waiting.reached:
			watch.Stop()
			return nil
		case <-ctx.Done():
			watch.Stop()
			return ctx.Err()
		}
	}
}

func (e *engine[T]) keyIncludes(key, resourceVersion string) bool {
	obj, exists := e.get(key)
	return exists && includes(e.versionOf(obj), resourceVersion)
}
