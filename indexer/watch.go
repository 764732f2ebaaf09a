package indexer

// Watch closes a channel with the next change of a key, of an index value or of
// the whole store. Make it first, then read, then wait: a change after the
// reading closes it. All methods may be called by any goroutine.
type Watch interface {
	// Done returns a channel that is closed when a write has changed what is
	// watched, and that write is visible. It may be closed although nothing
	// changed when a write was under way as the Watch was made.
	Done() <-chan struct{}
	// Stop gives the Watch up; its channel may never be closed then. It may be
	// called more than once, and after the change.
	Stop()
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
