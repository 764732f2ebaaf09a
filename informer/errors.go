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
	ErrRunning = errors.New("is running already: one Run at a time, Stop it first")

	// ErrNoSource is returned for a nil ListerWatcher or Runner.
	ErrNoSource = errors.New("has no source: give a ListerWatcher or a Runner that is not nil")

	// ErrNoHandler is returned for a nil Handler.
	ErrNoHandler = errors.New("was given a nil Handler: give one, HandlerFuncs for instance")

	// ErrNoCopy is returned for an Options.Detector without a Copy.
	ErrNoCopy = errors.New("has an Options.Detector without Copy: set it, to (*v1.Pod).DeepCopy for instance")

	// ErrSourceEnded is returned by Run when the source ended although
	// nobody had stopped it.
	ErrSourceEnded = errors.New("source ended by itself")
)

// StopError is returned by Stop when its context ends before everything that
// belongs to the informer has. It unwraps to the context's error.
type StopError struct {
	// Informer is the name of the informer.
	Informer string

	// Running names what has not ended: handlers that are inside a callback,
	// or the source.
	Running []string

	// Err is the error of the context.
	Err error
}

// Error names the informer and what still runs.
func (e *StopError) Error() string {
	return fmt.Sprintf("informer %s: stopping, but not ended: %s: %v", e.Informer, strings.Join(e.Running, ", "), e.Err)
}

// Unwrap returns the context's error.
func (e *StopError) Unwrap() error { return e.Err }

// SyncError is returned by WaitForSync. It unwraps to the cause of
// the context's end.
type SyncError struct {
	// Unsynced names what did not sync. Reasons says why, in the same order;
	// a reason is nil where it came true at the last moment.
	Unsynced []string
	Reasons  []error

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
	return fmt.Sprintf("informer: not synced: %s: %v", strings.Join(each, ", "), e.Err)
}

func (e *SyncError) reason(i int) string {
	if i >= len(e.Reasons) || e.Reasons[i] == nil {
		return ""
	}
	return e.Reasons[i].Error()
}

// Unwrap returns the reason.
func (e *SyncError) Unwrap() error { return e.Err }
