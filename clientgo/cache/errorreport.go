package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// errorReport brings a reflector's errors to where client-go's would go. The
// goroutine of the reflector alone uses it.
type errorReport struct {
	feed    *feed
	handler WatchErrorHandlerWithContext
	standIn *standIn

	// expired is how many lists were complete when a list was last found
	// expired, plus one; 0 before the first.
	expired uint64
}

// The operations that reflector.Error names.
const (
	opList   = "list"
	opWatch  = "watch"
	opStream = "list, as a stream,"
)

// tell implements reflector.Options.OnError. As in client-go, the handler is
// for lists that fail, and for watches that cannot be opened. A watch that
// breaks is everyday life and only logged, as is a streamed list that fails: a
// list in pages follows. Objects that cannot be used are reported one by one.
func (r *errorReport) tell(ctx context.Context, err error) {
	var e *reflector.Error
	if !errors.As(err, &e) {
		r.handle(ctx, err)
		return
	}
	var open *openError
	opening := errors.As(e.Err, &open)
	cause := e.Err
	if opening {
		cause = open.err
	}
	switch {
	case e.Op == opList && !r.askedAgain(cause):
		r.handle(ctx, listError(e.Type, cause))
	case e.Op == opWatch && opening && !comesBack(cause):
		r.handle(ctx, cause)
	case e.Op == opList, e.Op == opWatch, e.Op == opStream:
		r.log(ctx, e, cause)
	default:
		utilruntime.HandleErrorWithContext(ctx, cause, "Object not taken", "reflector", e.Reflector, "type", e.Type, "key", keyOf(e), "operation", e.Op)
	}
}

// keyOf is the key of the object that e is about. For an item of a list only
// the store knows it.
func keyOf(e *reflector.Error) string {
	var refused *object.RefusedError
	if e.Key == "" && errors.As(e.Err, &refused) {
		return refused.Key
	}
	return e.Key
}

// handle tells the handler, with a Reflector that is at the right version.
func (r *errorReport) handle(ctx context.Context, err error) {
	r.handler(ctx, r.standIn.at(r.feed.lastVersion()), err)
}

// listError is a list's error as client-go puts it.
func listError(description string, cause error) error {
	var sync *syncError
	var odd *oddListError
	switch {
	case errors.As(cause, &sync):
		return sync
	case errors.As(cause, &odd):
		return odd
	}
	return fmt.Errorf("failed to list %v: %w", description, cause)
}

// askedAgain reports whether err is that of a version that is gone, or not there
// yet, and the first one since a list was complete: the list is asked for again
// at once then, without that version, and client-go tells of the second answer
// only.
func (r *errorReport) askedAgain(err error) bool {
	if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) && !tooLarge(err) {
		return false
	}
	complete := r.feed.lists() + 1
	again := r.expired != complete
	r.expired = complete
	return again
}

// tooLarge tells the error of a server that has not reached a version yet. Old
// ones say so in words only.
func tooLarge(err error) bool {
	return apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) ||
		apierrors.IsTimeout(err) && strings.Contains(err.Error(), "Too large resource version")
}

// comesBack tells an error of a server that is busy or away, on which client-go
// waits and says nothing.
func comesBack(err error) bool {
	return apierrors.IsTooManyRequests(err) || errors.Is(err, syscall.ECONNREFUSED)
}

// log tells of what is not for the handler.
func (r *errorReport) log(ctx context.Context, e *reflector.Error, cause error) {
	if errors.Is(cause, reflector.ErrVeryShortWatch) {
		cause = &VeryShortWatchError{Name: e.Reflector}
	}
	logger := klog.FromContext(ctx)
	switch {
	case apierrors.IsResourceExpired(cause), apierrors.IsGone(cause), errors.Is(cause, io.EOF):
		logger = logger.V(4)
	case comesBack(cause), apierrors.IsInternalError(cause), e.Op != opWatch:
		logger = logger.V(2)
	}
	logger.Info("Trying again", "reflector", e.Reflector, "type", e.Type, "operation", e.Op, "err", cause)
}

// openError marks what a ListerWatcher's Watch returned, as against what came
// over a watch.
type openError struct{ err error }

func (e *openError) Error() string { return e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

// oddListError marks a list whose items cannot be read.
type oddListError struct {
	list any
	err  error
}

// Error has client-go's text, but not the list itself: errors go into logs, and
// a list can be of Secrets.
func (e *oddListError) Error() string {
	return fmt.Sprintf("unable to understand list result %T (%v)", e.list, e.err)
}
func (e *oddListError) Unwrap() error { return e.err }
