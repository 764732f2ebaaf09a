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

	// ErrQuery is returned by Get for a Query that cannot be used; the error says
	// what is wrong with it and what to give instead, and who asks.
	ErrQuery = errors.New("informer: this Query cannot be used")

	// ErrNoGroup is returned by Get for a nil Group.
	ErrNoGroup = errors.New("informer: Get was given a nil Group: make one with NewGroup")

	// ErrShutdown is returned by what is called of a Group after Shutdown or the
	// end of its Run, and is why leases are over then.
	ErrShutdown = errors.New("informer: the group was shut down: make another one with NewGroup")

	// ErrGroupStopped is why what a Group has does not sync before Run is called.
	ErrGroupStopped = errors.New("informer: the group does not run: call its Run")

	// ErrReleased is returned by methods of a Lease that is over, a second Release
	// among them.
	ErrReleased = errors.New("informer: the lease was released before or is over: Get another one")

	// ErrNotPrivate is returned by methods that change the query of a Lease that is
	// not Private.
	ErrNotPrivate = errors.New("informer: the query of a lease that can be shared does not change: Get another lease and release this one, or set Query.Private")

	// ErrSourceEnded is returned by Run when the source returned no error
	// although nobody had stopped it.
	ErrSourceEnded = errors.New("informer: the source ended by itself: a Runner returns when its context ends")
)

// ErrNotRunning is what Quiesce returns when there is no run, and when that ends
// meanwhile.
var ErrNotRunning = errors.New("informer: it does not run, and brings nothing to rest: call Run, and Quiesce during the run")

// about returns err, and says that it is about the informer of that name.
func about(name string, err error) error { return fmt.Errorf("%w (informer %s)", err, name) }

// StopError is returned by Stop when its context ends before everything that
// belongs to the informer has. It unwraps to the context's error.
type StopError struct {
	// Informer is the name of the informer, or "the group".
	Informer string

	// Running names what has not ended, sorted: "handler …" for each that is
	// inside a callback, "source", and "store" for its index functions and
	// for what else the goroutine that called Run is in. Of a Group each has the
	// name of its informer behind it, and who asked for that.
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

// TransformError is returned by Get for a query that equals another one of the Group
// and has another transform: both would have the same store.
type TransformError struct {
	// Query is how the query is shown.
	Query string

	// First is folder/file:line of who asked first, and FirstTransform the name of
	// his transform, "" for none; Second and SecondTransform are those of who asks
	// now.
	First, FirstTransform, Second, SecondTransform string
}

// Error names both, and says what to do.
func (e *TransformError) Error() string {
	return fmt.Sprintf("%s was asked for with two transforms, %q by %s and %q by %s: use one, or make one of the queries Private",
		e.Query, e.FirstTransform, e.First, e.SecondTransform, e.Second)
}

// QuiesceError is returned by Quiesce when its context ends first. It unwraps to
// the context's error.
type QuiesceError struct {
	// Informer is the name of the informer.
	Informer string

	// Behind names who is behind, sorted: "handler …" for each handler that has not
	// been called for everything, and "store" while something is not stored; then the
	// handlers are those that hold the informer up (BacklogBackpressure). Of a handler
	// that is inside a callback that is said.
	Behind []string

	// Err is the error of the context.
	Err error
}

// Error names the informer and who is behind.
func (e *QuiesceError) Error() string {
	return fmt.Sprintf("informer: %s has not come to rest, and this is behind: %s: %v", e.Informer, strings.Join(e.Behind, ", "), e.Err)
}

// Unwrap returns the context's error.
func (e *QuiesceError) Unwrap() error { return e.Err }

// SyncError is returned by WaitForSync, and by a Group's, when the context ends first;
// by a Group also when it asks without waiting.
type SyncError struct {
	// Unsynced names what did not sync. Reasons says why, in the same order;
	// a reason is nil where it came true at the last moment.
	Unsynced []string
	Reasons  []error

	// Err is the cause of the context's end, or what has ended an informer of a
	// Group before; nil where nobody has waited (Group.Ready).
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
	text := "informer: these have not synced: " + strings.Join(each, ", ")
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *SyncError) reason(i int) string {
	if i >= len(e.Reasons) || e.Reasons[i] == nil {
		return ""
	}
	return e.Reasons[i].Error()
}

// Unwrap returns Err.
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
