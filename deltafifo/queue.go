package deltafifo

import (
	"context"
	"errors"
	"fmt"
)

// ErrClosed is returned by Pop when the queue is closed and empty, and by the
// producer's methods when it is closed. It corresponds to client-go's
// ErrFIFOClosed.
var ErrClosed = errors.New("deltafifo: queue is closed")

// Queue is the seam between a producer of deltas and their consumer, client-go's
// Queue and QueueWithBatch in one. It is a reflector.Sink with a way out.
//
// Any goroutine may produce, one list being open at a time; one goroutine
// consumes. No method but Pop waits, unless the queue was given a bound.
type Queue[T any] interface {
	// The producer's side, which is reflector.Sink: see there.
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

	// Pop waits for something to process and calls process with it, outside
	// the queue's lock. What process was given counts as consumed whatever
	// it returns; its error is returned as it is. Pop returns ErrClosed once
	// the queue is closed and empty, and ctx.Err() when ctx ends first.
	Pop(ctx context.Context, process func(Batch[T]) error) error

	// HasSynced tells whether the first list has been processed; Synced is
	// closed when it has (F4).
	HasSynced() bool
	Synced() <-chan struct{}

	// Len is the number of deltas that wait, a ReplacedAll counting as one.
	Len() int

	// Close lets Pop end once it has emptied the queue. It may be called
	// more than once.
	Close()
}

// ErrNoList is returned by Page and Commit when no list is open: Begin was not
// called, or the list was aborted, replaced by another Begin, or dropped
// because the transform panicked.
var ErrNoList = errors.New("deltafifo: no list is open: call Begin first, and begin again after Abort or a panic")

// ErrConcurrentPop is returned by Pop when another Pop of the same queue has
// not returned: a queue has one consumer, and process must not call Pop.
var ErrConcurrentPop = errors.New("deltafifo: Pop is already running: a queue has one consumer")

// ItemError reports an object that a queue did not take. The error of Page is
// an errors.Join of one for each such object; all others of the page were
// taken.
type ItemError struct {
	// Queue is the queue's name, Op the method: "Page", "Add", "Update" or
	// "Delete".
	Queue, Op string

	// Type is the Go type of the object; Key its key, "" when it has none.
	Type, Key string

	// Err is the reason.
	Err error
}

// Error names queue, operation, type and key.
func (e *ItemError) Error() string {
	what := e.Type
	if e.Key != "" {
		what = fmt.Sprintf("%s %q", e.Type, e.Key)
	}
	return fmt.Sprintf("deltafifo: queue %s: %s did not take %s: %v", e.Queue, e.Op, what, e.Err)
}

// Unwrap returns the reason.
func (e *ItemError) Unwrap() error { return e.Err }

// ObjectKey is Key: it tells a producer which object was not taken.
func (e *ItemError) ObjectKey() string { return e.Key }
