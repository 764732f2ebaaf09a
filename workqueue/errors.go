package workqueue

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/klog/v2"
)

// Errors of this package. Methods that client-go's interfaces fix have no
// result for an error: what is wrong with a call to them is passed to
// Options.OnMisuse, as a *MisuseError that wraps one of the first five.
var (
	// ErrShutDown is returned by GetContext and GetBatch when the queue is
	// shut down and nothing waits, and is the misuse of adding to such a
	// queue.
	ErrShutDown = errors.New("workqueue: the queue is shut down: stop what works on it or adds to it")

	// ErrNotProcessing is the misuse of calling Done with an item that no
	// worker is processing.
	ErrNotProcessing = errors.New("workqueue: no worker is processing the item: call Done once for each item that Get returned")

	// ErrNegativeDelay is the misuse of a delay below zero.
	ErrNegativeDelay = errors.New("workqueue: the delay is negative and counts as none: pass 0 to add at once")

	// ErrNoLimiter is the misuse of AddOptions.RateLimited on a queue
	// without a rate limiter.
	ErrNoLimiter = errors.New("workqueue: the queue has no rate limiter: use a RateLimitingQueue")

	// ErrUnusedOption is the misuse of setting a field of Options that the
	// constructor does not use, because it is for another layer.
	ErrUnusedOption = errors.New("workqueue: the option is set and has no effect on a queue of this layer: leave it unset, or use a constructor that the documentation of the field names")

	// ErrNoQueue is returned by Run for a nil queue, and for a nil pointer as one.
	ErrNoQueue = errors.New("workqueue: Run was given a nil queue: give it a RateLimitingQueue, or any other RateLimitingInterface that is not nil")

	// ErrNoWork is returned by Run for a nil function.
	ErrNoWork = errors.New("workqueue: Run was given a nil function: give it one that works on a key")

	// ErrNoWorkers is returned by Run for a number of workers that is not positive.
	ErrNoWorkers = errors.New("workqueue: Run was given no workers: give it a positive number of them")
)

// prefix is that of the errors above. A MisuseError has it once.
const prefix = "workqueue: "

// MisuseError names a call that broke the contract of a queue.
type MisuseError struct {
	Queue  string // Options.Name, "" if it has none
	Call   string // the method or constructor that was called
	Item   string // the item, formatted with %v; "" for a constructor
	Option string // the field of Options, with ErrUnusedOption; else ""
	Err    error  // one of the errors of this package
}

// Error names the queue, the call, the item or the option, and the reason.
func (e *MisuseError) Error() string {
	reason := strings.TrimPrefix(fmt.Sprint(e.Err), prefix)
	if e.Option != "" {
		return fmt.Sprintf(prefix+"%s of queue %q was given Options.%s: %s", e.Call, e.Queue, e.Option, reason)
	}
	return fmt.Sprintf(prefix+"%s of item %q was called on queue %q: %s", e.Call, e.Item, e.Queue, reason)
}

// Unwrap returns the reason.
func (e *MisuseError) Unwrap() error { return e.Err }

// misuses reports the misuse of one queue to its owner.
type misuses struct {
	queue  string
	report func(*MisuseError) // nil is to log
	logger klog.Logger
}

func misusesOf[T comparable](o *Options[T]) misuses {
	return misuses{queue: o.Name, report: o.OnMisuse, logger: o.Logger}
}

// call reports a call with an item, unless nobody would see it: formatting the
// item costs.
func (m *misuses) call(call string, item any, reason error) {
	grave := errors.Is(reason, ErrNotProcessing) || errors.Is(reason, ErrNoLimiter)
	if m.report == nil && !grave && !m.log().V(4).Enabled() {
		return
	}
	err := &MisuseError{Queue: m.queue, Call: call, Item: fmt.Sprint(item), Err: reason}
	m.pass(err, grave, "item", err.Item)
}

// options reports the fields of Options that a constructor does not use.
func (m *misuses) options(constructor string, fields []string) {
	for _, field := range fields {
		m.pass(&MisuseError{Queue: m.queue, Call: constructor, Option: field, Err: ErrUnusedOption}, true, "option", field)
	}
}

// pass reports or logs a misuse of something of that kind and name.
func (m *misuses) pass(err *MisuseError, grave bool, kind, name string) {
	pairs := []any{"queue", err.Queue, "call", err.Call, kind, name}
	switch {
	case m.report != nil:
		m.report(err)
	case grave:
		m.log().Error(err, "Work queue was misused", pairs...)
	default:
		m.log().V(4).Info("Work queue was misused", append(pairs, "reason", err.Err)...)
	}
}

func (m *misuses) log() klog.Logger {
	if m.logger.GetSink() == nil {
		return klog.Background()
	}
	return m.logger
}

// errStopped is replaced by the context's error before anybody sees it.
var errStopped = errors.New("stopped")
