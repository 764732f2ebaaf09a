package informer

import "context"

// FilteringHandler shows Handler only the objects for which Filter is true. An
// object that begins to pass is an Add, one that ceases to pass a Delete, so
// that I1 holds for Handler as well. It corresponds to client-go's
// FilteringResourceEventHandler, but a deletion passes when the state that
// Handler was last given did, whatever the last state of the object is.
//
// Filter must give the same answer whenever it is asked about the same state.
// A nil Filter lets everything pass; without a Handler nothing happens.
type FilteringHandler[T any] struct {
	Filter  func(obj T) bool
	Handler Handler[T]
}

// OnEvent hands the event on, as what it is behind the filter.
func (f FilteringHandler[T]) OnEvent(ctx context.Context, event Event[T]) {
	if f.Handler == nil {
		return
	}
	before := event.Type != Add && f.passes(event.Old)
	after := event.Type != Delete && f.passes(event.Object)
	var none T
	switch {
	case !before && !after:
		return
	case !before:
		event.Type, event.Old = Add, none
	case !after && event.Type == Update:
		event.Type, event.Object = Delete, event.Old
	}
	f.Handler.OnEvent(ctx, event)
}

func (f FilteringHandler[T]) passes(obj T) bool { return f.Filter == nil || f.Filter(obj) }
