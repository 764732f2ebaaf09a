package compact

import (
	"context"
	"iter"

	"github.com/informant-go/informant/indexer"
)

// Get looks up the key of obj. The error is an *object.KeyError, or an *Error for
// bytes that cannot be decoded.
func (c *Cache[T]) Get(obj T) (item T, exists bool, err error) {
	key, err := c.key(obj)
	if err != nil {
		return item, false, err
	}
	return c.GetByKey(key)
}

// GetByKey looks up a key, and decodes what is there. The error is an *Error for
// bytes that cannot be decoded; exists is true then.
func (c *Cache[T]) GetByKey(key string) (item T, exists bool, err error) {
	of, exists, _ := c.store.GetByKey(key)
	if !exists {
		return item, false, nil
	}
	item, failure := c.packer.open(of)
	if failure != nil {
		c.tell(failures{failure})
		return item, true, failure
	}
	return item, true, nil
}

// objects decodes cells. What cannot be decoded is left out, and reported; the error
// is the first.
func (c *Cache[T]) objects(cells []*cell[T]) ([]T, error) {
	all := make([]T, 0, len(cells))
	var failed failures
	for _, of := range cells {
		obj, failure := c.packer.open(of)
		if failure != nil {
			failed.add(failure)
			continue
		}
		all = append(all, obj)
	}
	c.tell(failed)
	return all, failed.first()
}

// each yields the objects of cells, and decodes one at a time.
func (c *Cache[T]) each(cells iter.Seq2[string, *cell[T]]) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		var failed failures
		defer func() { c.tell(failed) }()
		for key, of := range cells {
			obj, failure := c.packer.open(of)
			if failure != nil {
				failed.add(failure)
				continue
			}
			if !yield(key, obj) {
				return
			}
		}
	}
}

// Len is the number of objects.
func (c *Cache[T]) Len() int { return c.store.Len() }

// List decodes all objects. What cannot be decoded is left out and reported, see C4.
// Snapshot().All() needs the memory of one object at a time.
func (c *Cache[T]) List() []T {
	all, _ := c.objects(c.store.List())
	return all
}

// ListKeys returns all keys, those of objects that cannot be decoded too.
func (c *Cache[T]) ListKeys() []string { return c.store.ListKeys() }

// Index returns the objects that share a value of the named index with obj, each
// once. The error is that of indexer.Cache, or an *Error for an object that cannot be
// decoded, beside the others.
func (c *Cache[T]) Index(indexName string, obj T) ([]T, error) {
	asked := newCell("", "", obj)
	asked.asked = true
	cells, err := c.store.Index(indexName, asked)
	if err != nil {
		return nil, err
	}
	return c.objects(cells)
}

// ByIndex returns the objects with the value. An unknown index is an error; an
// *Error comes beside the others for an object that cannot be decoded.
func (c *Cache[T]) ByIndex(indexName, value string) ([]T, error) {
	cells, err := c.store.ByIndex(indexName, value)
	if err != nil {
		return nil, err
	}
	return c.objects(cells)
}

// IndexKeys returns the keys of the objects with the value, and decodes nothing.
func (c *Cache[T]) IndexKeys(indexName, value string) ([]string, error) {
	return c.store.IndexKeys(indexName, value)
}

// ListIndexFuncValues returns the values that have an object, none for an unknown
// index.
func (c *Cache[T]) ListIndexFuncValues(indexName string) []string {
	return c.store.ListIndexFuncValues(indexName)
}

// GetIndexers returns functions that give the same as the index functions.
func (c *Cache[T]) GetIndexers() indexer.Indexers[T] {
	inner := c.store.GetIndexers()
	all := make(indexer.Indexers[T], len(inner))
	for name, fn := range inner {
		all[name] = func(obj T) ([]string, error) {
			asked := newCell("", "", obj)
			asked.asked = true
			return fn(asked)
		}
	}
	return all
}

// IndexErrors returns the objects that an index has no place for at present, by index
// and key.
func (c *Cache[T]) IndexErrors() []*indexer.IndexError {
	all := c.store.IndexErrors()
	for i, err := range all {
		all[i] = typed[T](err)
	}
	return all
}

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include, "" before the first.
func (c *Cache[T]) LastStoreSyncResourceVersion() string {
	return c.store.LastStoreSyncResourceVersion()
}

// WaitFor returns once the state includes resourceVersion, as indexer.Indexer says.
func (c *Cache[T]) WaitFor(ctx context.Context, resourceVersion string) error {
	return c.store.WaitFor(ctx, resourceVersion)
}

// WaitForKey is WaitFor for one key, as indexer.Indexer says. It decodes nothing.
func (c *Cache[T]) WaitForKey(ctx context.Context, key, resourceVersion string) error {
	return c.store.WaitForKey(ctx, key, resourceVersion)
}

// Watch watches the whole store, as indexer.Indexer says.
func (c *Cache[T]) Watch() indexer.Watch { return c.store.Watch() }

// WatchKey watches one key, as indexer.Indexer says.
func (c *Cache[T]) WatchKey(key string) indexer.Watch { return c.store.WatchKey(key) }

// WatchIndex watches what ByIndex(indexName, value) returns, as indexer.Indexer says.
func (c *Cache[T]) WatchIndex(indexName, value string) indexer.Watch {
	return c.store.WatchIndex(indexName, value)
}
