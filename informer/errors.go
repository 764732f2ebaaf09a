package informer

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that can be asked for with errors.Is. What wraps them names the
// informer.
var (
	// ErrRunning is returned by Run while the informer runs already, or
	// while callbacks of its last run have not returned.
	ErrRunning = errors.New("informer: it runs already: call Run once at a time, Stop before another")

	// ErrNoSource is returned for a nil ListerWatcher or Runner, and for a nil
	// pointer or function as one.
	ErrNoSource = errors.New("informer: it has no source: give a ListerWatcher or a Runner that is not nil")

	// ErrNoHandler is returned for a nil Handler or BatchHandler, and for a nil
	// pointer or function as one.
	ErrNoHandler = errors.New("informer: it was given a nil Handler: give one that is not nil, such as HandlerFuncs")

	// ErrHandlerOptions is returned by AddHandler and AddFilteredHandler for
	// HandlerOptions that cannot be used; the error says what is wrong and what
	// to give instead.
	ErrHandlerOptions = errors.New("informer: these HandlerOptions cannot be used")

	// ErrNoLanes is returned by Parallel for a number of lanes that is not positive.
	ErrNoLanes = errors.New("informer: Parallel was given no lanes: give it a positive number of them")

	// ErrNoPanicPolicy is returned by AddHandler for a PanicPolicy that there is not.
	ErrNoPanicPolicy = errors.New("informer: HandlerOptions.Panics is no PanicPolicy: set it to PanicCrash, PanicIsolate or PanicRemove")

	// ErrNoQueue is returned by Enqueue for a nil queue, and for a nil pointer as one.
	ErrNoQueue = errors.New("informer: Enqueue was given a nil queue: give one that is not nil, such as a workqueue.RateLimitingQueue")

	// ErrNoSyncer is returned by WaitForSync for a nil Syncer, and for a nil
	// pointer as one.
	ErrNoSyncer = errors.New("informer: WaitForSync was given a nil Syncer: give informers and Registrations that were made without an error")

	// ErrNoCopy is returned for an Options.Detector without a Copy.
	ErrNoCopy = errors.New("informer: Options.Detector has no Copy: set it, to (*v1.Pod).DeepCopy for instance")

	// ErrSourceEnded is returned by Run when the source returned no error
	// although nobody had stopped it.
	ErrSourceEnded = errors.New("informer: the source ended by itself: a Runner returns when its context ends")
)

// about returns err, and says that it is about the informer of that name.
func about(name string, err error) error { return fmt.Errorf("%w (informer %s)", err, name) }

// StopError is returned by Stop when its context ends before everything that
// belongs to the informer has. It unwraps to the context's error.
type StopError struct {
	// Informer is the name of the informer.
	Informer string

	// Running names what has not ended, sorted: "handler …" for each that is
	// inside a callback, "source", and "store" for its index functions and
	// for what else the goroutine that called Run is in.
	Running []string

	// Err is the error of the context.
	Err error
}

// Error names the informer and what still runs.
func (e *StopError) Error() string {
	return fmt.Sprintf("informer: %s was told to stop, and this has not ended: %s: %v", e.Informer, strings.Join(e.Running, ", "), e.Err)
}

// Unwrap returns the context's error.
func (e *StopError) Unwrap() error { return e.Err }

// SyncError is returned by WaitForSync when its context ends first.
type SyncError struct {
	// Unsynced names what did not sync. Reasons says why, in the same order;
	// a reason is nil where it came true at the last moment.
	Unsynced []string
	Reasons  []error

	// Err is the cause of the context's end.
	Err error
}

// Error names what did not sync, and why; one reason stands for all in a row
// that have it.
func (e *SyncError) Error() string {
	each := make([]string, len(e.Unsynced))
	for i, name := range e.Unsynced {
		if each[i] = name; e.reason(i) != "" && e.reason(i) != e.reason(i+1) {
			each[i] += " (" + e.reason(i) + ")"
		}
	}
	return fmt.Sprintf("informer: these have not synced: %s: %v", strings.Join(each, ", "), e.Err)
}

func (e *SyncError) reason(i int) string {
	if i >= len(e.Reasons) || e.Reasons[i] == nil {
		return ""
	}
	return e.Reasons[i].Error()
}

// Unwrap returns the cause of the context's end.
func (e *SyncError) Unwrap() error { return e.Err }

// BacklogError is why a handler was removed that had asked for BacklogFail. It is
// what Registration.Err returns.
type BacklogError struct {
	// Informer and Handler are their names.
	Informer, Handler string

	// Bound is that of the handler's Backlog.
	Bound int
}

// Error names the handler and its bound, and says what to do.
func (e *BacklogError) Error() string {
	return fmt.Sprintf("informer: handler %s of %s was removed, since more than %d events waited for it (BacklogFail): add it anew, make it faster, or give it a larger bound or another policy", e.Handler, e.Informer, e.Bound)
}
