package indexer

import (
	"fmt"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// Options configure a Cache. The zero value is ready for use.
type Options[T any] struct {
	// Name names the cache in logs and errors, "" for the type of its objects.
	Name string

	// Indexers are the indexes that are there from the start. The map stays
	// the caller's; no function of it may be nil.
	Indexers Indexers[T]

	// Renew makes Replace and ReplaceAll store every item anew, as client-go
	// does. Without it an item whose non-empty version equals the stored
	// one's is taken for the same state and left out. That misses a change
	// under the same version: of what the server makes of an object on
	// reading, such as the defaults of a custom resource whose definition
	// has changed.
	Renew bool

	// VersionsByBookmark keeps the versions of single objects from raising the
	// version that the state is known to include: only Bookmark, the lists of
	// Replace and ReplaceAll, and the version that Apply is given do. It is for a
	// store that several watches fill at once, as those of package union: what one
	// of them has brought says nothing of how far the others are. WaitForKey goes
	// by the object's own version in any case, and a Bookmark has to follow all
	// that WaitFor shall wait for.
	VersionsByBookmark bool

	// OnIndexError is told of each index function that failed or panicked,
	// by the goroutine that writes, after the object was stored and without
	// a lock. nil logs the first of each write as an error.
	OnIndexError func(*IndexError)

	// PanicOnIndexError makes the writing goroutine panic instead, as
	// client-go's does, after everything was stored and, by ReplaceAll, told:
	// one object does not keep others away. The panic of an index function
	// comes out as it is, from a second call, so that a crash shows where it
	// was; its error as an IndexError. Of several failures one is told so;
	// IndexErrors has them all.
	PanicOnIndexError bool

	// Logger is used where OnIndexError is nil. The zero Logger stands for
	// klog.Background().
	Logger klog.Logger
}

// name returns the name of the cache.
func (o *Options[T]) name() string {
	if o.Name != "" {
		return o.Name
	}
	return typeName[T]()
}

// Cache is the Indexer of this package. All methods may be called by any
// goroutine. It corresponds to what client-go's NewStore and NewIndexer return.
type Cache[T any] struct {
	engine *engine[T]
	access object.Access[T]
}

var _ Indexer[metav1.Object] = (*Cache[metav1.Object])(nil)

// New returns an empty Cache of API objects, with keys as object.MetaKey makes
// them. The error names an index function that is nil.
func New[T metav1.Object](opts Options[T]) (*Cache[T], error) {
	return NewWithAccess(object.Meta[T](), opts)
}

// NewWithAccess returns an empty Cache of anything that access can read. The
// error is object.ErrNoAccess for the zero access, or names an index function
// that is nil.
func NewWithAccess[T any](access object.Access[T], opts Options[T]) (*Cache[T], error) {
	if err := access.Check(); err != nil {
		return nil, fmt.Errorf("indexer: %s: %w", opts.name(), err)
	}
	if err := checkIndexers(opts.name(), opts.Indexers); err != nil {
		return nil, err
	}
	return &Cache[T]{engine: newEngine(opts, access.Fields().Version), access: access}, nil
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
		c.engine.one(key, obj, ChangePut)
	}
	return err
}

// Delete removes what is stored under obj's key. The error is an
// object.KeyError.
func (c *Cache[T]) Delete(obj T) error {
	key, err := c.key(obj)
	if err == nil {
		c.engine.one(key, obj, ChangeRemove)
	}
	return err
}

// Replace makes items the whole content, as Store says. Of items with the same
// key the last one counts. An item whose non-empty version equals the stored
// one's is not stored anew.
func (c *Cache[T]) Replace(items []T, resourceVersion string) error {
	in := incoming[T]{items: items, key: c.key}
	if c.access.NameIsKey() {
		in.name = c.access.Fields().Name
	}
	_, errs, err := c.engine.replaceAll(in, resourceVersion, false)
	c.engine.tell(errs)
	return err
}

// Apply makes all changes visible at once, as Indexer says.
func (c *Cache[T]) Apply(changes []Change[T], resourceVersion string) {
	c.engine.apply(changes, resourceVersion)
}

// ReplaceAll is Replace with keys, as Indexer says. diff is called after the
// new state is visible, without a lock, first for what went.
func (c *Cache[T]) ReplaceAll(keys []string, items []T, resourceVersion string, diff func(Change[T])) {
	if len(keys) != len(items) {
		panic(fmt.Sprintf("indexer: %s: ReplaceAll was given %d keys for %d items: give each item its key, or use Replace",
			c.engine.options.Name, len(keys), len(items)))
	}
	if keys == nil {
		keys = []string{}
	}
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

// AddIndexers adds indexes, over the objects that are there too. A name that
// exists already is an error, as is a nil function, and nothing is added. Reads and
// writes go on while the functions run; writers wait while what they gave is put
// into the indexes, which then show.
func (c *Cache[T]) AddIndexers(newIndexers Indexers[T]) error {
	return c.engine.addIndexers(newIndexers)
}

// Bookmark raises the version that the state is known to include.
func (c *Cache[T]) Bookmark(resourceVersion string) { c.engine.bookmark(resourceVersion) }

// Resync does nothing.
func (c *Cache[T]) Resync() error { return nil }
