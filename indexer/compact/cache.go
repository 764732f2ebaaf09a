package compact

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// Options configure a Cache. The zero value is ready for use, and compresses
// nothing.
type Options[T any] struct {
	// Store are the options of the store, with the same meaning as in an
	// indexer.Cache. Index functions are given objects.
	Store indexer.Options[T]

	// Compressor, if not nil, makes the dictionaries that the bytes are
	// compressed with (C5).
	Compressor Compressor

	// OnError is told of each object that a codec or a dictionary failed for, by
	// the goroutine that wrote or read it, at the end of its call and without a
	// lock. nil logs the first of each call as an error.
	OnError func(*Error)
}

// Cache is an indexer.Indexer that keeps bytes. All methods may be called by any
// goroutine. client-go has nothing like it.
type Cache[T any] struct {
	name       string
	access     object.Access[T]
	store      *indexer.Cache[*cell[T]]
	packer     *packer[T]
	onError    func(*Error)
	renew      bool
	log        klog.Logger
	unreadable sync.Once
}

var _ indexer.Indexer[metav1.Object] = (*Cache[metav1.Object])(nil)

// New returns an empty Cache of API objects, with keys as object.MetaKey makes
// them. The error is ErrNoCodec for a nil codec, or names an index function that is
// nil.
func New[T metav1.Object](codec Codec[T], opts Options[T]) (*Cache[T], error) {
	return NewWithAccess(object.Meta[T](), codec, opts)
}

// NewWithAccess returns an empty Cache of anything that access can read. The error
// is object.ErrNoAccess for the zero access, ErrNoCodec for a nil codec, or names an
// index function that is nil.
func NewWithAccess[T any](access object.Access[T], codec Codec[T], opts Options[T]) (*Cache[T], error) {
	name := opts.Store.Name
	if name == "" {
		name = reflect.TypeFor[T]().String()
	}
	if err := access.Check(); err != nil {
		return nil, fmt.Errorf("compact: %s: %w", name, err)
	}
	if nils.Is(codec) {
		return nil, fmt.Errorf("%w (in %s)", ErrNoCodec, name)
	}
	compressor := opts.Compressor
	if nils.Is(compressor) {
		compressor = nil
	}
	c := &Cache[T]{name: name, access: access, onError: opts.OnError, renew: opts.Store.Renew, log: opts.Store.Logger}
	c.packer = newPacker(name, codec, compressor)
	store, err := indexer.NewWithAccess(object.Keyed(keyOfCell[T], object.Fields[*cell[T]]{Version: versionOfCell[T]}), c.storeOptions(opts.Store))
	if err != nil {
		return nil, err
	}
	c.store, c.packer.cells, c.packer.cell = store, store.List, store.GetByKey
	return c, nil
}

// storeOptions are those of the store underneath.
func (c *Cache[T]) storeOptions(o indexer.Options[T]) indexer.Options[*cell[T]] {
	inner := indexer.Options[*cell[T]]{
		Name:               c.name,
		Indexers:           c.ofCells(o.Indexers),
		Renew:              o.Renew,
		VersionsByBookmark: o.VersionsByBookmark,
		PanicOnIndexError:  o.PanicOnIndexError,
		Logger:             o.Logger,
	}
	if told := o.OnIndexError; told != nil {
		inner.OnIndexError = func(err *indexer.IndexError) { told(typed[T](err)) }
	}
	return inner
}

// typed returns err with the type of the object in place of that of its cell.
func typed[T any](err *indexer.IndexError) *indexer.IndexError {
	own := *err
	own.Type = reflect.TypeFor[T]().String()
	return &own
}

// ofCells makes index functions of cells. They decode what was stored before.
func (c *Cache[T]) ofCells(indexers indexer.Indexers[T]) indexer.Indexers[*cell[T]] {
	all := make(indexer.Indexers[*cell[T]], len(indexers))
	for name, fn := range indexers {
		if all[name] = nil; fn != nil {
			all[name] = func(of *cell[T]) ([]string, error) {
				obj, failure := c.packer.objectOf(of)
				switch {
				case failure != nil:
					return nil, failure
				case !of.asked && isNil(obj): // as in package indexer
					return nil, nil
				}
				return fn(obj)
			}
		}
	}
	return all
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

// cell makes a cell of an object that is to be stored.
func (c *Cache[T]) cell(key string, obj T) *cell[T] { return newCell(key, c.version(obj), obj) }

// version returns a copy of the version of obj, which keeps nothing of obj alive, ""
// for no object, and where it cannot be read, which is logged once.
func (c *Cache[T]) version(obj T) (version string) {
	if isNil(obj) {
		return ""
	}
	if err := guard(func() error {
		version = strings.Clone(c.access.Version(obj))
		return nil
	}); err != nil {
		c.unreadable.Do(func() {
			c.logger().Error(err, "Reading a resource version panicked, such objects count as having none", "cache", c.name)
		})
	}
	return version
}

func (c *Cache[T]) logger() klog.Logger {
	if c.log.GetSink() == nil {
		return klog.Background()
	}
	return c.log
}
