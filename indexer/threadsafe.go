package indexer

// ThreadSafeStore is the part of a Cache that is told the keys. All methods may
// be called by any goroutine; S1 to S5 hold. It corresponds to client-go's
// ThreadSafeStore.
type ThreadSafeStore[T any] struct {
	engine *engine[T]
}

// NewThreadSafeStore returns an empty store. version gives the resource version
// of an object, "" for none; nil stands for a function that does so always. It
// panics over an index function that is nil.
func NewThreadSafeStore[T any](options Options[T], version func(T) string) *ThreadSafeStore[T] {
	if err := checkIndexers(options.name(), options.Indexers); err != nil {
		panic(err)
	}
	if version == nil {
		version = func(T) string { return "" }
	}
	return &ThreadSafeStore[T]{engine: newEngine(options, version)}
}

// Add stores obj under key.
func (s *ThreadSafeStore[T]) Add(key string, obj T) { s.Update(key, obj) }

// Update stores obj under key.
func (s *ThreadSafeStore[T]) Update(key string, obj T) {
	s.engine.apply([]Change[T]{{Key: key, Object: obj, Type: ChangePut}}, "", true)
}

// Delete removes what is stored under key, and leaves the resource version
// alone.
func (s *ThreadSafeStore[T]) Delete(key string) {
	s.engine.apply([]Change[T]{{Key: key, Type: ChangeRemove}}, "", false)
}

// DeleteWithObject removes what is stored under key; obj's resource version
// counts for that of the state.
func (s *ThreadSafeStore[T]) DeleteWithObject(key string, obj T) {
	s.engine.apply([]Change[T]{{Key: key, Object: obj, Type: ChangeRemove}}, "", true)
}

// Replace makes items the whole content, which is the state at resourceVersion;
// "" leaves the version alone. The map stays the caller's. An item whose
// non-empty version equals the stored one's is not stored anew.
func (s *ThreadSafeStore[T]) Replace(items map[string]T, resourceVersion string) {
	keys := make([]string, 0, len(items))
	objs := make([]T, 0, len(items))
	for key, obj := range items {
		keys, objs = append(keys, key), append(objs, obj)
	}
	// With keys there is no error.
	_, errs, _ := s.engine.replaceAll(incoming[T]{items: objs, keys: keys}, resourceVersion, false)
	s.engine.tell(errs)
}

// Get looks up a key. It takes no lock and writes no shared memory.
func (s *ThreadSafeStore[T]) Get(key string) (item T, exists bool) { return s.engine.get(key) }

// List returns all objects, in no order, in a slice that is the caller's.
func (s *ThreadSafeStore[T]) List() []T {
	v, pin := s.engine.read()
	defer s.engine.release(pin)
	return v.list()
}

// Bookmark raises the version that the state is known to include.
func (s *ThreadSafeStore[T]) Bookmark(resourceVersion string) { s.engine.bookmark(resourceVersion) }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include, "" before the first. A Replace sets it back where its version is
// older.
func (s *ThreadSafeStore[T]) LastStoreSyncResourceVersion() string {
	return s.engine.resourceVersion()
}

// Len is the number of objects.
func (s *ThreadSafeStore[T]) Len() int { return len(s.List()) }
