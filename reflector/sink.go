package reflector

import "context"

// Sink takes what a source reports: whole lists in pages, and single events.
// It is the seam between a reflector and the queue of deltas; *deltafifo.InOrder
// and *deltafifo.DeltaFIFO are Sinks.
//
// One goroutine at a time calls a Sink. Begin opens a list, any number of Page
// calls hand over its objects, and Commit makes the whole list take effect at
// once; until then nothing of it shows. Abort, or another Begin, drops an open
// list. Events do not arrive while a list is open. An object may come more
// than once in a list, after a page was asked for again: the last one counts.
//
// An error from Page, Add, Update or Delete is about the objects that it was
// given (no key, refused by the transform): the others of the page are taken.
// Page joins one error for each object (errors.Join); one that is or wraps an
// *object.RefusedError says which object it is about. The Reflector counts them
// and lists again where R2 asks for it. ctx ends a
// call that waits because the Sink was given a bound; the error is then
// ctx.Err().
//
// Commit may return such an error too, of a Sink that takes the objects only then:
// if each of the errors that it joins is or wraps an *object.RefusedError, the list
// has taken effect without those objects. After any other error it has not.
type Sink[T any] interface {
	// Begin opens a list.
	Begin(ctx context.Context) error
	// Page takes the next objects of the open list. The slice stays the
	// caller's; the objects become the Sink's.
	Page(ctx context.Context, items []T) error
	// Commit ends the list, which is the state at resourceVersion; "" when
	// that is not known yet, and a Bookmark follows.
	// What the list does not have is deleted.
	Commit(ctx context.Context, resourceVersion string) error
	// Abort drops the open list. It has no effect when none is open.
	Abort()

	// Add takes an object that was created, Update its new state and Delete
	// its last one. The object becomes the Sink's.
	Add(ctx context.Context, obj T) error
	Update(ctx context.Context, obj T) error
	Delete(ctx context.Context, obj T) error
	// Bookmark says that everything up to resourceVersion has been handed
	// over.
	Bookmark(ctx context.Context, resourceVersion string) error
}

// KeyedSink is a Sink that takes the deletion of an object of which only the key is
// known. A Runner of several queries (package union) needs one, because it does not
// keep the objects; a Reflector does not. *deltafifo.InOrder and *deltafifo.DeltaFIFO
// are KeyedSinks.
type KeyedSink[T any] interface {
	Sink[T]
	// DeleteKey says that what was handed over under key is gone, and that nobody
	// saw its last state. While a list is open, it takes the object out of that.
	DeleteKey(ctx context.Context, key string) error
}

// Runner feeds a Sink until its context ends. *Reflector is one; anything else
// that can list and watch (a file, another cache, a foreign reflector) can
// stand in its place in front of an informer.
//
// Run returns nil or ctx.Err() when ctx ends, and any other error only when
// going on makes no sense. After Run has returned it touches the Sink no more.
// It may be run again, on the same or another Sink, but not twice at once.
type Runner[T any] interface {
	Run(ctx context.Context, sink Sink[T]) error
}
