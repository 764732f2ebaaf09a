package reflector

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// ListerWatcher is the seam between a source of objects and the reflector. It
// corresponds to client-go's ListerWatcherWithContext; objects are handed over
// as they arrive instead of as one list object, so that a list needs no more
// memory than a part of it.
//
// Selectors and the namespace belong to the source; the options that the
// reflector sets are the version, its match, limit, continue, timeoutSeconds,
// bookmarks, initial events and the shard selector, which a source may ignore. List and Watch may be called by several
// goroutines at once. Errors of the server are apimachinery's
// *apierrors.StatusError, or wrap one.
type ListerWatcher[T any] interface {
	// List makes one request and calls part with its objects, in order, any
	// number of times (not at all for an empty list). The slices are valid
	// only during the call. An error of part ends List, which returns it.
	// The returned ListMeta holds the version of the list, and a continue
	// token when there is more.
	List(ctx context.Context, opts metav1.ListOptions, part func(Part[T]) error) (metav1.ListMeta, error)

	// Watch opens a stream of events. ctx governs the stream, not just the
	// opening: when it ends, Next returns an error.
	Watch(ctx context.Context, opts metav1.ListOptions) (Stream[T], error)
}

// Part is some consecutive objects of a list as they arrive.
type Part[T any] struct {
	// Items are the objects. They belong to the receiver, the slice does not.
	Items []T

	// Refused has an error, best a *DecodeError, for each object that could
	// not be decoded or is of the wrong type (R4).
	Refused []error
}

// Stream is an open watch. One goroutine calls Next; Close may be called by
// any, more than once, and makes a waiting Next return.
type Stream[T any] interface {
	// Next waits for the next event. io.EOF is the regular end of the
	// stream; an ERROR event is returned as the *apierrors.StatusError that
	// it holds, or wraps it; an event that cannot be decoded as a *DecodeError, after
	// which the stream can be read on. Any other error ends the stream.
	Next() (Event[T], error)

	// Close releases the connection and whatever works for the stream,
	// and returns when nothing of it runs any more.
	Close()
}

// Event is one event of a watch.
type Event[T any] struct {
	// Type is watch.Added, watch.Modified, watch.Deleted or watch.Bookmark.
	Type watch.EventType

	// Object is the object's new state, for Deleted its last one. It is the
	// zero T for a Bookmark, which says that everything up to
	// ResourceVersion has been sent.
	Object T

	// ResourceVersion is the version that the event brings the watch to; a
	// watch from there goes on with what follows.
	ResourceVersion string

	// InitialEventsEnd marks the Bookmark that ends the initial events of a
	// streamed list (KEP-3157).
	InitialEventsEnd bool
}

// DecodeError reports an object that was received and cannot be used.
type DecodeError struct {
	// Type is what was expected, Key the object's key as far as it could be
	// read, "" otherwise.
	Type, Key string

	// ResourceVersion is that of the object, if it could be read.
	ResourceVersion string

	// Event is the type of the event that brought the object, "" when it is
	// not known or the object came in a list.
	Event watch.EventType

	// Cause says in which way it cannot be used, for Stats. "" means
	// RefusalUndecodable.
	Cause RefusalCause

	Err error
}

// Error names type, key and reason.
func (e *DecodeError) Error() string {
	key := e.Key
	if key == "" {
		key = "with an unreadable key"
	}
	return "reflector: cannot use object " + key + " as " + e.Type + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *DecodeError) Unwrap() error { return e.Err }
