package indexer

import (
	"k8s.io/klog/v2"
)

// Options configure a Cache or a ThreadSafeStore. The zero value is ready for
// use.
type Options[T any] struct {
	// Name names the cache in logs and errors, "" for the type of its objects.
	Name string

	// Indexers are the indexes that are there from the start. The map stays
	// the caller's.
	Indexers Indexers[T]

	// OnIndexError is told of each index function that failed or panicked,
	// by the goroutine that writes, after the object was stored and without
	// a lock. nil logs the first of each write as an error.
	OnIndexError func(IndexError)

	// PanicOnIndexError makes the writing goroutine panic with an IndexError
	// instead, before anything was stored, as client-go does for errors.
	PanicOnIndexError bool

	// Logger is used where OnIndexError is nil. The zero Logger stands for
	// klog.Background().
	Logger klog.Logger
}
