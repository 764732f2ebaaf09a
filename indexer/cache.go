package indexer

import (
	"context"
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
	*ThreadSafeStore[T]
	access object.Access[T]
}

var (
	_ Indexer[metav1.Object]          = (*Cache[metav1.Object])(nil)
	_ TransactionStore[metav1.Object] = (*Cache[metav1.Object])(nil)
)

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
	return &Cache[T]{
		ThreadSafeStore: NewThreadSafeStore(options, access.Version),
		access:          access,
	}, nil
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
		c.ThreadSafeStore.Update(key, obj)
	}
	return err
}

// Delete removes what is stored under obj's key. The error is an
// object.KeyError.
func (c *Cache[T]) Delete(obj T) error {
	key, err := c.key(obj)
	if err == nil {
		c.ThreadSafeStore.DeleteWithObject(key, obj)
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

// WaitFor returns once the state includes resourceVersion, as Indexer says.
func (c *Cache[T]) WaitFor(ctx context.Context, resourceVersion string) error {
	return c.engine.waitFor(ctx, resourceVersion)
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
