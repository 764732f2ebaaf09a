package deltafifo

import (
	"context"
	"errors"
)

// Queue is the seam between a producer of deltas and their consumer, client-go's
// Queue and QueueWithBatch in one. It is a reflector.Sink that can be read.
//
// Any goroutine may produce, one list being open at a time; one goroutine
// consumes. No method but Pop waits, unless the queue was given a bound: then
// Commit, Add, Update, Delete and Bookmark wait for room, until ctx ends.
type Queue[T any] interface {
	// The producer's side. Begin opens a list, Page adds objects to it,
	// Commit queues it as a whole, and Abort drops it; Add, Update, Delete
	// and Bookmark queue single events. What each means for what follows is
	// said at reflector.Sink.
	Begin(ctx context.Context) error
	Page(ctx context.Context, items []T) error
	Commit(ctx context.Context, resourceVersion string) error
	Abort()
	Add(ctx context.Context, obj T) error
	Update(ctx context.Context, obj T) error
	Delete(ctx context.Context, obj T) error
	Bookmark(ctx context.Context, resourceVersion string) error

	// Resync asks that the consumer sees the state of every object once
	// more. It never puts an older state behind a newer one (F5).
	Resync() error

	// Pop waits for a batch and calls process with it, outside the queue's
	// lock. What process was given counts as consumed whatever it returns;
	// Pop returns its error as it is. Pop returns ErrClosed once the queue is
	// closed and empty, and ctx.Err() when ctx ends first.
	Pop(ctx context.Context, process func(Batch[T]) error) error

	// HasSynced reports whether the first list has been processed; Synced
	// returns a channel that is closed when it has (F4).
	HasSynced() bool
	Synced() <-chan struct{}

	// Len returns the number of deltas that wait; a DeltaReplacedAll counts
	// as one.
	Len() int

	// Close makes the producer's methods return ErrClosed, and Pop as well
	// once it has emptied the queue. It may be called more than once.
	Close()
}

// ErrClosed is returned by Pop when the queue is closed and empty, and by the
// producer's methods and Resync when it is closed. It corresponds to client-go's
// ErrFIFOClosed.
var ErrClosed = errors.New("deltafifo: the queue is closed: make another one")

// ErrNoList is returned by Page and Commit when no list is open: Begin was not
// called, or the list has ended, by Commit, Abort, another Begin, or a panic of
// the transform or the key function.
var ErrNoList = errors.New("deltafifo: no list is open: call Begin first, also after Commit, Abort or a panic")

// ErrConcurrentPop is returned by Pop when another Pop of the same queue has
// not returned: a queue has one consumer, and process must not call Pop.
var ErrConcurrentPop = errors.New("deltafifo: another Pop has not returned: let one goroutine consume, and do not call Pop while processing")
