package indexer

import "iter"

// Get looks up the key of obj. The error is an *object.KeyError.
func (c *Cache[T]) Get(obj T) (item T, exists bool, err error) {
	key, err := c.key(obj)
	if err != nil {
		return item, false, err
	}
	item, exists = c.engine.get(key)
	return item, exists, nil
}

// GetByKey looks up a key. It takes no lock, and writes no shared memory unless a
// commit of the object or one beside it is under way. The error is always nil.
func (c *Cache[T]) GetByKey(key string) (item T, exists bool, err error) {
	item, exists = c.engine.get(key)
	return item, exists, nil
}

// Len is the number of objects.
func (c *Cache[T]) Len() int {
	return c.engine.head.Load().len
}

// List returns all objects, in no order, in a slice that is the caller's.
func (c *Cache[T]) List() []T {
	for v := c.engine.glance(); ; v = c.engine.seal() {
		if all := v.list(everything); v.holds() {
			return all
		}
	}
}

// ListKeys returns all keys, in no order, in a slice that is the caller's.
func (c *Cache[T]) ListKeys() []string {
	for v := c.engine.glance(); ; v = c.engine.seal() {
		if all := v.listKeys(everything); v.holds() {
			return all
		}
	}
}

// All yields every key and object of one state without a copy. What the loop
// does to the store it does not see. The state is held on to until the loop
// ends.
func (c *Cache[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v := c.engine.seal()
		v.each(everything, yield)
	}
}

// Keys yields every key, as All does.
func (c *Cache[T]) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		c.All()(func(key string, _ T) bool { return yield(key) })
	}
}

// ByIndexSeq yields the objects of an index value and their keys, as All does;
// nothing for an unknown index.
func (c *Cache[T]) ByIndexSeq(indexName, value string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v := c.engine.seal()
		v.eachByIndex(indexName, value, yield)
	}
}

// KeysByIndex yields the keys of an index value, as ByIndexSeq does.
func (c *Cache[T]) KeysByIndex(indexName, value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		c.ByIndexSeq(indexName, value)(func(key string, _ T) bool { return yield(key) })
	}
}

// Namespace yields the objects of one namespace and their keys, from one state
// and without a copy. It uses the index NamespaceIndex where there is one; it
// must list what MetaNamespaceIndexFunc lists.
func (c *Cache[T]) Namespace(namespace string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v := c.engine.seal()
		if _, ok := v.indexes.shown[NamespaceIndex]; ok {
			v.eachByIndex(NamespaceIndex, namespace, yield)
			return
		}
		v.each(everything, func(key string, obj T) bool {
			return c.access.Name(obj).Namespace != namespace || yield(key, obj)
		})
	}
}

// Index returns the objects that share a value of the named index with obj,
// each once. The error is that of the index function, which is called here, or
// says that there is no such index. A panic of the index function is an error
// too, unless Options.PanicOnIndexError is set.
func (c *Cache[T]) Index(indexName string, obj T) ([]T, error) {
	list := c.engine.head.Load().indexes
	n, err := c.engine.number(list, indexName)
	if err != nil {
		return nil, err
	}
	call := list.all[n].values
	if c.engine.options.PanicOnIndexError {
		call = list.all[n].fn // its panic is the caller's, as in client-go
	}
	values, err := call(obj)
	if err != nil {
		return nil, err
	}
	for v := c.engine.glance(); ; v = c.engine.seal() {
		if all := v.byAny(n, values); v.holds() {
			return all, nil
		}
	}
}

// ByIndex returns the objects with the value, in no order, in a slice that is
// the caller's. An unknown index is an error.
func (c *Cache[T]) ByIndex(indexName, value string) ([]T, error) {
	for v := c.engine.glance(); ; v = c.engine.seal() {
		if all, err := v.byIndex(indexName, value); v.holds() {
			return all, err
		}
	}
}

// IndexKeys returns the keys of the objects with the value, in no order.
func (c *Cache[T]) IndexKeys(indexName, value string) ([]string, error) {
	for v := c.engine.glance(); ; v = c.engine.seal() {
		if keys, err := v.indexKeys(indexName, value); v.holds() {
			return keys, err
		}
	}
}

// ListIndexFuncValues returns the values that have an object, none for an
// unknown index.
func (c *Cache[T]) ListIndexFuncValues(indexName string) []string {
	for v := c.engine.glance(); ; v = c.engine.seal() {
		if values := v.indexValues(indexName); v.holds() {
			return values
		}
	}
}

// GetIndexers returns a copy of the index functions.
func (c *Cache[T]) GetIndexers() Indexers[T] {
	list := c.engine.head.Load().indexes
	all := make(Indexers[T], len(list.shown))
	for name, n := range list.shown {
		all[name] = list.all[n].fn
	}
	return all
}

// IndexErrors returns the objects that an index has no place for at present,
// by index and key.
func (c *Cache[T]) IndexErrors() []*IndexError { return c.engine.errors.list() }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include, "" before the first. A Replace sets it back where its version is
// older.
func (c *Cache[T]) LastStoreSyncResourceVersion() string {
	return c.engine.resourceVersion()
}

// Snapshot returns the present state. It costs the same whatever the store
// holds; a write copies what the snapshot would lose by it.
func (c *Cache[T]) Snapshot() Snapshot[T] { return &snapshot[T]{c.engine.seal()} }
