package informer

import (
	"context"

	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
)

// Handler is called with each event. It is the seam between an informer and its
// user, client-go's ResourceEventHandler in one method.
//
// Calls to one handler are sequential (I3); they may take their time, since
// nobody waits for them. ctx ends when the informer stops and carries the
// logger of HandlerOptions, or else the informer's. The objects are shared with
// the store and every other handler and must not be changed.
type Handler[T any] interface {
	OnEvent(ctx context.Context, event Event[T])
}

// HandlerFunc is a function as a Handler.
type HandlerFunc[T any] func(ctx context.Context, event Event[T])

// OnEvent calls f.
func (f HandlerFunc[T]) OnEvent(ctx context.Context, event Event[T]) { f(ctx, event) }

// HandlerFuncs is a Handler of up to three functions; those that are nil are
// not called. It corresponds to client-go's ResourceEventHandlerDetailedFuncs
// and, being typed, to TypedResourceEventHandlerDetailedFuncs.
type HandlerFuncs[T any] struct {
	// OnAdd is called with a new object. initial is true when the object was
	// there before: it belongs to the first list, or to the snapshot with
	// which a late handler begins.
	OnAdd func(obj T, initial bool)

	// OnUpdate is called with the state that this handler was last given,
	// and the new one. They are the same when the handler asked for resyncs.
	OnUpdate func(old, obj T)

	// OnDelete is called with what is gone. deleted.NoObject is true only over a
	// store that keeps bytes, where the last state may not be known;
	// deleted.FinalStateUnknown is that of the Event.
	OnDelete func(deleted object.Deleted[T])
}

// OnEvent calls the function for the event's type.
func (h HandlerFuncs[T]) OnEvent(_ context.Context, event Event[T]) {
	switch event.Type {
	case EventAdd:
		if h.OnAdd != nil {
			h.OnAdd(event.Object, event.Reason == ReasonInitial)
		}
	case EventUpdate:
		if h.OnUpdate != nil {
			h.OnUpdate(event.Old, event.Object)
		}
	case EventDelete:
		if h.OnDelete != nil {
			h.OnDelete(event.Deleted())
		}
	}
}

// Deleted returns what an EventDelete says, in the form in which HandlerFuncs
// hands it over.
func (e Event[T]) Deleted() object.Deleted[T] {
	return object.Deleted[T]{
		Key:               e.Key,
		Object:            e.Object,
		FinalStateUnknown: e.FinalStateUnknown,
		NoObject:          nils.Is(e.Object),
	}
}

// FilteringHandler calls Handler only for objects for which Filter is true. An
// object that begins to pass is an EventAdd, one that ceases to pass an
// EventDelete, so that I1 holds for Handler as well. It corresponds to client-go's
// FilteringResourceEventHandler, but a deletion passes when the state that
// Handler was last given did, whatever the last state of the object is. One of which
// a store that keeps bytes cannot tell that state (Old is nil) passes, so that it may
// be of a key that Handler never had.
//
// Filter must give the same answer whenever it is asked about the same state.
// A nil Filter lets everything pass; without a Handler nothing happens. The
// goroutine of the handler calls it; what AddFilteredHandler is given is asked
// before the handler is woken.
type FilteringHandler[T any] struct {
	Filter  func(obj T) bool
	Handler Handler[T]
}

// OnEvent calls Handler with the event as it is behind the filter, if it is one
// there.
func (f FilteringHandler[T]) OnEvent(ctx context.Context, event Event[T]) {
	if f.Handler == nil {
		return
	}
	if event, ok := through(f.passes, event); ok {
		f.Handler.OnEvent(ctx, event)
	}
}

func (f FilteringHandler[T]) passes(obj T) bool { return f.Filter == nil || f.Filter(obj) }
