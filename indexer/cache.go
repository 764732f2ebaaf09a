package indexer

import (
	"iter"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NamespaceIndex is the customary name of the index by namespace. It
// corresponds to client-go's NamespaceIndex.
const NamespaceIndex = "namespace"

// Cache is the Indexer of this package. All methods may be called by any
// goroutine. It corresponds to what client-go's NewStore and NewIndexer return.
type Cache[T any] struct {
	engine *engine[T]
	access object.Access[T]
}

var _ Indexer[metav1.Object] = (*Cache[metav1.Object])(nil)

// New returns an empty Cache of API objects, with keys as object.MetaKey makes
// them. It panics over an index function that is nil; NewWithAccess with
// object.Meta returns an error.
func New[T metav1.Object](options Options[T]) *Cache[T] {
	c, err := NewWithAccess(options, object.Meta[T]())
	if err != nil {
		panic(err)
	}
	return c
}

// NewWithAccess returns an empty Cache of anything that access can read. The
// error is object.ErrNoAccess for an access that can make no key, or names an index
// function that is nil.
func NewWithAccess[T any](options Options[T], access object.Access[T]) (*Cache[T], error) {
	if err := access.Check(); err != nil {
		return nil, err
	}
	if err := checkIndexers(options.name(), options.Indexers); err != nil {
		return nil, err
	}
	return &Cache[T]{engine: newEngine(options, access.Version), access: access}, nil
}

// key makes the key of obj; its error is an *object.KeyError.
func (c *Cache[T]) key(obj T) (string, error) {
	key, err := c.access.Key(obj)
	if err == nil {
		return key, nil
	}
	if _, ok := err.(*object.KeyError); !ok {
		err = &object.KeyError{Obj: obj, Err: err}
	}
	return "", err
}

// Add stores obj under its key. The error is an *object.KeyError.
func (c *Cache[T]) Add(obj T) error { return c.Update(obj) }

// Update stores obj under its key. The error is an *object.KeyError.
func (c *Cache[T]) Update(obj T) error {
	key, err := c.key(obj)
	if err == nil {
		c.engine.apply([]Change[T]{{Key: key, Object: obj, Type: ChangePut}}, "", true)
	}
	return err
}

// Delete removes what is stored under obj's key. The error is an
// object.KeyError.
func (c *Cache[T]) Delete(obj T) error {
	key, err := c.key(obj)
	if err == nil {
		c.engine.apply([]Change[T]{{Key: key, Object: obj, Type: ChangeRemove}}, "", true)
	}
	return err
}

// Replace makes items the whole content, as Store says. Of items with the same
// key the last one counts. An item whose non-empty version equals the stored
// one's is not stored anew.
func (c *Cache[T]) Replace(items []T, resourceVersion string) error {
	in := incoming[T]{items: items, key: c.key}
	if c.access.NameIsKey() {
		in.name = c.access.Name
	}
	_, errs, err := c.engine.replaceAll(in, resourceVersion, false)
	c.engine.tell(errs)
	return err
}

// Get looks up the key of obj. The error is an *object.KeyError.
func (c *Cache[T]) Get(obj T) (item T, exists bool, err error) {
	key, err := c.key(obj)
	if err != nil {
		return item, false, err
	}
	item, exists = c.engine.get(key)
	return item, exists, nil
}

// GetByKey looks up a key. It takes no lock and writes no shared memory. The
// error is always nil.
func (c *Cache[T]) GetByKey(key string) (item T, exists bool, err error) {
	item, exists = c.engine.get(key)
	return item, exists, nil
}

// Apply makes all changes visible at once, as Indexer says.
func (c *Cache[T]) Apply(changes []Change[T], resourceVersion string) {
	c.engine.apply(changes, resourceVersion, true)
}

// ReplaceAll is Replace with keys, as Indexer says. diff is called after the
// new state is visible, without a lock, first for what went.
func (c *Cache[T]) ReplaceAll(keys []string, items []T, resourceVersion string, diff func(Change[T])) {
	// With keys there is no error.
	changes, errs, _ := c.engine.replaceAll(incoming[T]{items: items, keys: keys}, resourceVersion, diff != nil)
	defer c.engine.tell(errs) // last, since it is the user's code and may panic
	for _, change := range changes[min(len(items), len(changes)):] {
		diff(change)
	}
	for _, change := range changes[:min(len(items), len(changes))] {
		diff(change)
	}
}

// Transaction makes all transactions visible at once. It returns nil, or says
// which of them failed; the others are done. It corresponds to client-go's
// TransactionStore.
func (c *Cache[T]) Transaction(transactions ...Transaction[T]) *TransactionError {
	changes := make([]Change[T], 0, len(transactions))
	failed := &TransactionError{TotalTransactions: len(transactions)}
	for i, tx := range transactions {
		change, err := c.change(tx)
		if err != nil {
			failed.Errors = append(failed.Errors, err)
			continue
		}
		failed.SuccessfulIndices = append(failed.SuccessfulIndices, i)
		changes = append(changes, change)
	}
	if len(changes) > 0 {
		c.engine.apply(changes, "", true)
	}
	if len(failed.Errors) > 0 {
		return failed
	}
	return nil
}

func (c *Cache[T]) change(tx Transaction[T]) (Change[T], error) {
	kind, err := tx.Type.change()
	if err != nil {
		return Change[T]{}, err
	}
	key, err := c.key(tx.Object)
	return Change[T]{Key: key, Object: tx.Object, Type: kind}, err
}

// Namespace yields the objects of one namespace and their keys, from one state
// and without a copy. It uses the index NamespaceIndex where there is one; it
// must list what MetaNamespaceIndexFunc lists.
func (c *Cache[T]) Namespace(namespace string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v, pin := c.engine.read()
		defer c.engine.release(pin)
		if _, ok := v.summary().indexes[NamespaceIndex]; ok {
			v.eachByIndex(NamespaceIndex, namespace, yield)
			return
		}
		v.all(func(key string, obj T) bool {
			return c.access.Name(obj).Namespace != namespace || yield(key, obj)
		})
	}
}

// Resync does nothing.
func (c *Cache[T]) Resync() error { return nil }

// Len is the number of objects.
func (c *Cache[T]) Len() int {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.summary().len
}

// List returns all objects, in no order, in a slice that is the caller's.
func (c *Cache[T]) List() []T {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.list()
}

// ListKeys returns all keys, in no order, in a slice that is the caller's.
func (c *Cache[T]) ListKeys() []string {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.listKeys()
}

// All yields every key and object of one state without a copy. What the loop
// does to the store it does not see. The state is held on to until the loop
// ends.
func (c *Cache[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		v, pin := c.engine.read()
		defer c.engine.release(pin)
		v.all(yield)
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
		v, pin := c.engine.read()
		defer c.engine.release(pin)
		v.eachByIndex(indexName, value, yield)
	}
}

// KeysByIndex yields the keys of an index value, as ByIndexSeq does.
func (c *Cache[T]) KeysByIndex(indexName, value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		c.ByIndexSeq(indexName, value)(func(key string, _ T) bool { return yield(key) })
	}
}

// Index returns the objects that share a value of the named index with obj,
// each once. The error is that of the index function, which is called here, or
// says that there is no such index. A panic of the index function is an error
// too, unless Options.PanicOnIndexError is set.
func (c *Cache[T]) Index(indexName string, obj T) ([]T, error) {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	ix, err := v.index(indexName)
	if err != nil {
		return nil, err
	}
	call := ix.call
	if c.engine.options.PanicOnIndexError {
		call = ix.fn // its panic is the caller's, as in client-go
	}
	values, err := call(obj)
	if err != nil {
		return nil, err
	}
	return v.byAny(ix, values), nil
}

// ByIndex returns the objects with the value, in no order, in a slice that is
// the caller's. An unknown index is an error.
func (c *Cache[T]) ByIndex(indexName, value string) ([]T, error) {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.byIndex(indexName, value)
}

// IndexKeys returns the keys of the objects with the value, in no order.
func (c *Cache[T]) IndexKeys(indexName, value string) ([]string, error) {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.indexKeys(indexName, value)
}

// ListIndexFuncValues returns the values that have an object, none for an
// unknown index.
func (c *Cache[T]) ListIndexFuncValues(indexName string) []string {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.indexValues(indexName)
}

// GetIndexers returns a copy of the index functions.
func (c *Cache[T]) GetIndexers() Indexers[T] {
	v, pin := c.engine.read()
	defer c.engine.release(pin)
	return v.indexers()
}

// AddIndexers adds indexes, over the objects that are there too. A name that
// exists already is an error, as is a nil function, and nothing is added. Reads and writes go on
// meanwhile; the new indexes show when they are complete.
func (c *Cache[T]) AddIndexers(newIndexers Indexers[T]) error {
	return c.engine.addIndexers(newIndexers)
}

// IndexErrors returns the objects that an index has no place for at present,
// by index and key.
func (c *Cache[T]) IndexErrors() []*IndexError { return c.engine.errors.list() }

// Bookmark raises the version that the state is known to include.
func (c *Cache[T]) Bookmark(resourceVersion string) { c.engine.bookmark(resourceVersion) }

// LastStoreSyncResourceVersion is the newest version that the state is known to
// include, "" before the first. A Replace sets it back where its version is
// older.
func (c *Cache[T]) LastStoreSyncResourceVersion() string {
	return c.engine.resourceVersion()
}

// Snapshot returns the present state. It costs the same whatever the store
// holds; a write copies what the snapshot would lose by it.
func (c *Cache[T]) Snapshot() Snapshot[T] { return c.engine.snapshot() }
