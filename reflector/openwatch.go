package reflector

import (
	"context"
	"time"

	"github.com/informant-go/informant/internal/watchdog"
)

// openWatch is a watch from the request to its end.
type openWatch[T any] struct {
	ctx    context.Context
	dog    *watchdog.Watchdog
	stream Stream[T] // nil unless opened
	// closed is closed once stream is, which the end of ctx brings about: not
	// every stream takes notice of its context. A panic of the stream's Close
	// comes first. It is nil when stream is.
	closed chan any

	opened  bool
	began   time.Time // before the request: some proxies hold back the headers
	listed  time.Time // when the list that it began with was complete
	timeout time.Duration

	// ordered is true when versions must rise from event to event. A watch
	// from no version begins with what exists, in any order.
	ordered bool

	// heard is true once the watch has brought an event or a bookmark,
	// progress once it has brought an event with a version above the last.
	// low is true once it has brought a version below the last, level once it
	// has brought another.
	heard, progress, low, level bool
}

// silent is for how long the watch was open, not counting the list that it
// began with.
func (w *openWatch[T]) silent(now time.Time) time.Duration {
	if w.listed.IsZero() {
		return now.Sub(w.began)
	}
	return now.Sub(w.listed)
}

// next waits for the next event.
func (w *openWatch[T]) next() (Event[T], error) {
	w.dog.Waits()
	e, err := w.stream.Next()
	w.dog.Got()
	return e, err
}

// close gives back everything. It may be called twice.
func (w *openWatch[T]) close() {
	w.dog.Stop() // ends ctx
	if w.closed == nil {
		return
	}
	if panicked := <-w.closed; panicked != nil {
		panic(panicked)
	}
}

// watched has the stream cut as a watch is: when it is silent past its timeout.
func (w *openWatch[T]) watched(now time.Time) {
	w.dog.Set(w.timeout-now.Sub(w.began), watchGrace, silentFor(watchGrace))
}

// closeStream closes the stream when ctx has ended.
func (w *openWatch[T]) closeStream() {
	defer close(w.closed)
	finished := false
	defer func() {
		if !finished {
			w.closed <- recover()
		}
	}()
	w.stream.Close()
	finished = true
}
