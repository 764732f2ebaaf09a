package workqueue

import (
	"errors"
	"fmt"

	"k8s.io/klog/v2"
)

// Errors of this package. Methods that client-go's interfaces fix have no
// result for an error: what is wrong with a call to them is told to
// Options.OnMisuse, as a *MisuseError that wraps one of these.
var (
	// ErrShutDown is returned by GetContext and GetBatch when the queue is
	// shut down and nothing waits, and is the misuse of adding to such a
	// queue.
	ErrShutDown = errors.New("the queue is shut down: stop what works on it or adds to it")

	// ErrNotProcessing is the misuse of calling Done with an item that no worker
	// holds.
	ErrNotProcessing = errors.New("the item is not in hand: call Done once for each item that Get returned")

	// ErrNegativeDelay is the misuse of a delay below zero.
	ErrNegativeDelay = errors.New("the delay is negative and counts as none: pass 0 to add at once")

	// ErrNoLimiter is the misuse of AddOptions.RateLimited on a queue
	// without a rate limiter.
	ErrNoLimiter = errors.New("the queue has no rate limiter: use a RateLimitingQueue")
)

// MisuseError names a call that broke the contract of a queue.
type MisuseError struct {
	Queue string // Options.Name, "" if it has none
	Call  string // the method that was called
	Item  string // the item, formatted with %v
	Err   error  // one of the errors of this package
}

// Error names the queue, the call, the item and the reason.
func (e *MisuseError) Error() string {
	return fmt.Sprintf("workqueue %q: %s of item %q: %v", e.Queue, e.Call, e.Item, e.Err)
}

// Unwrap returns the reason.
func (e *MisuseError) Unwrap() error { return e.Err }

// errStopped is replaced by the context's error before anybody sees it.
var errStopped = errors.New("stopped")

// misuse tells the owner of the queue that a call broke its contract.
func (q *Queue[T]) misuse(call string, item T, reason error) {
	tellMisuse(q.onMisuse, q.logger, q.name, call, item, reason)
}

func tellMisuse[T comparable](tell func(*MisuseError), logger *klog.Logger, name, call string, item T, reason error) {
	l := klog.Background()
	if logger != nil {
		l = *logger
	}
	grave := errors.Is(reason, ErrNotProcessing) || errors.Is(reason, ErrNoLimiter)
	if tell == nil && !grave && !l.V(4).Enabled() {
		return
	}
	err := &MisuseError{Queue: name, Call: call, Item: fmt.Sprint(item), Err: reason}
	switch {
	case tell != nil:
		tell(err)
	case grave:
		l.Error(err, "Work queue was misused", "queue", name, "call", call, "item", err.Item)
	default:
		l.V(4).Info("Work queue was misused", "queue", name, "call", call, "item", err.Item, "reason", reason)
	}
}
