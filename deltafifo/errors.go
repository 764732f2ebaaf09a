package deltafifo

import (
	"errors"
	"fmt"
)

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
