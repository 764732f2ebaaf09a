package compact

import (
	"fmt"

	"github.com/informant-go/informant/indexer"
)

// Add stores obj under its key. The error is an *object.KeyError. obj must be nobody
// else's until Add returns, since the codec may change what it keeps for itself.
func (c *Cache[T]) Add(obj T) error { return c.Update(obj) }

// Update stores obj under its key. The error is an *object.KeyError.
func (c *Cache[T]) Update(obj T) error { return c.one(obj, indexer.ChangePut) }

// Delete removes what is stored under obj's key. The error is an *object.KeyError.
func (c *Cache[T]) Delete(obj T) error { return c.one(obj, indexer.ChangeRemove) }

func (c *Cache[T]) one(obj T, what indexer.ChangeType) error {
	key, err := c.key(obj)
	if err != nil {
		return err
	}
	cells := []*cell[T]{c.cell(key, obj)}
	if what == indexer.ChangePut {
		var failed failures
		c.packer.packAll(cells, &failed)
		defer c.release(cells, &failed)
	}
	c.store.Apply([]indexer.Change[*cell[T]]{{Key: key, Object: cells[0], Type: what}}, "")
	return nil
}

// release ends a write of cells, and reports what went wrong. Writes defer it, since
// the store panics after a write if index functions are made to.
func (c *Cache[T]) release(cells []*cell[T], failed *failures) {
	c.packer.release(cells, failed)
	c.tell(*failed)
}

// Replace makes items the whole content, as indexer.Cache does. Of items with the
// same key the last one counts. An item whose non-empty version equals the stored
// one's is not stored anew, nor encoded.
func (c *Cache[T]) Replace(items []T, resourceVersion string) error {
	cells := make([]*cell[T], len(items))
	for i, item := range items {
		key, err := c.key(item)
		if err != nil {
			return err
		}
		cells[i] = c.cell(key, item)
	}
	var failed failures
	fresh := c.changed(cells)
	c.packer.packAll(fresh, &failed)
	defer c.release(fresh, &failed)
	return c.store.Replace(cells, resourceVersion)
}

// changed returns those of cells that have another version than what is stored, or
// none, or come behind such a cell of their key. The others need not be encoded, since
// a Replace leaves them out. If another writer comes between, so that it takes one all
// the same, that is kept as an object: others have it then, and it must not be encoded.
func (c *Cache[T]) changed(cells []*cell[T]) []*cell[T] {
	if c.renew {
		return cells
	}
	changed := make([]*cell[T], 0, len(cells))
	replaced := make(map[string]bool) // keys of the store that have another version in cells
	state := c.store.Snapshot()
	for _, of := range cells {
		now, exists := state.Get(of.key)
		if exists && of.version != "" && now.version == of.version && !replaced[of.key] {
			continue
		}
		if changed = append(changed, of); exists {
			replaced[of.key] = true
		}
	}
	return changed
}

// Apply makes all changes visible at once, as indexer.Indexer says. Old is decoded,
// see C6 for what cannot be.
func (c *Cache[T]) Apply(changes []indexer.Change[T], resourceVersion string) {
	inner := make([]indexer.Change[*cell[T]], len(changes))
	for i := range changes {
		of := &changes[i]
		inner[i] = indexer.Change[*cell[T]]{Key: of.Key, Object: c.cell(of.Key, of.Object), Type: of.Type}
	}
	var failed failures
	put := make([]*cell[T], 0, len(inner))
	for i := range inner {
		if inner[i].Type == indexer.ChangePut {
			put = append(put, inner[i].Object)
		}
	}
	c.packer.packAll(put, &failed)
	defer func() {
		for i := range inner {
			if inner[i].Done {
				c.found(&inner[i], &changes[i], &failed)
				changes[i].Done = true
			}
		}
		c.release(put, &failed)
	}()
	c.store.Apply(inner, resourceVersion)
}

// found fills in the Old and Existed of a change. Where the old object cannot be
// decoded a Put is told as that of a new object, which a handler that has seen the
// old one can take, and a removal without an object.
func (c *Cache[T]) found(from *indexer.Change[*cell[T]], to *indexer.Change[T], failed *failures) {
	var none T
	if to.Old, to.Existed = none, from.Existed; !from.Existed {
		return
	}
	old, failure := c.packer.open(from.Old)
	if failure != nil {
		failed.add(failure)
		to.Existed = from.Type == indexer.ChangeRemove
		return
	}
	to.Old = old
}

// ReplaceAll is Replace with keys, as indexer.Indexer says. diff is called after the
// new state is visible, without a lock, first for what went. Of a key that is
// unchanged it is given the item as Object and Old, which has the version of the
// stored object, so that nothing need be decoded.
func (c *Cache[T]) ReplaceAll(keys []string, items []T, resourceVersion string, diff func(indexer.Change[T])) {
	if len(keys) != len(items) {
		panic(fmt.Sprintf("compact: %s: ReplaceAll was given %d keys for %d items: give each item its key, or use Replace",
			c.name, len(keys), len(items)))
	}
	cells := make([]*cell[T], len(items))
	for i, item := range items {
		cells[i] = c.cell(keys[i], item)
	}
	var failed failures
	fresh := c.changed(cells)
	c.packer.packAll(fresh, &failed)
	defer c.release(fresh, &failed)
	next := 0
	c.store.ReplaceAll(keys, cells, resourceVersion, func(inner indexer.Change[*cell[T]]) {
		at := -1
		if inner.Type != indexer.ChangeRemove {
			at, next = next, next+1 // they come in the order of the items
		}
		if diff != nil {
			diff(c.changeOf(&inner, items, at, &failed))
		}
	})
}

// changeOf is what ReplaceAll tells of a change, that of item number at unless it is
// a removal.
func (c *Cache[T]) changeOf(inner *indexer.Change[*cell[T]], items []T, at int, failed *failures) indexer.Change[T] {
	change := indexer.Change[T]{Key: inner.Key, Type: inner.Type, Existed: inner.Existed}
	switch inner.Type {
	case indexer.ChangeUnchanged:
		change.Object, change.Old = items[at], items[at]
		return change
	case indexer.ChangePut:
		change.Object = items[at]
	}
	c.found(inner, &change, failed)
	return change
}

// AddIndexers adds indexes, as indexer.Cache does. Each object that is there is
// decoded for each new function; one that cannot be has no place in the index.
func (c *Cache[T]) AddIndexers(newIndexers indexer.Indexers[T]) error {
	return c.store.AddIndexers(c.ofCells(newIndexers))
}

// Bookmark raises the version that the state is known to include.
func (c *Cache[T]) Bookmark(resourceVersion string) { c.store.Bookmark(resourceVersion) }

// Resync does nothing.
func (c *Cache[T]) Resync() error { return nil }
