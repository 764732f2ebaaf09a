package indexer

import "k8s.io/klog/v2"

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
