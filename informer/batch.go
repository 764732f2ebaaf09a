package informer

import (
	"context"

	"github.com/informant-go/informant/internal/nils"
)

// DefaultBatch is how many events a call of a BatchHandler has at most, unless
// Batched says otherwise.
const DefaultBatch = 1024

// BatchHandler is called with what has come since its last call, for work that is
// cheaper done for many events at once: a write to a database, a rebuild of a table.
type BatchHandler[T any] interface {
	// OnEvents is called with one event or more, in the order in which a Handler
	// would be called with them: a key may come several times. The slice is valid
	// during the call. Everything else is as for Handler.
	OnEvents(ctx context.Context, events []Event[T])
}

// BatchHandlerFunc is a function as a BatchHandler.
type BatchHandlerFunc[T any] func(ctx context.Context, events []Event[T])

// OnEvents calls f.
func (f BatchHandlerFunc[T]) OnEvents(ctx context.Context, events []Event[T]) { f(ctx, events) }

// Batched returns handler as a Handler for AddHandler. What comes while it is being
// called is the next batch, and it is called as soon as something has come, so that a
// batch is one event where events are rare. most is how many events a batch has at
// most; 0 or less is DefaultBatch.
//
// The guarantees hold with "call for an event" read as "call of the batch with it":
// HasSynced turns true after the batch that ends the initial list, and a handler that
// removes itself is called no more (I5). After a panic that the process survives the
// whole batch counts as delivered. The Lag of Status leaves out the batch that is
// being made.
//
// Whoever calls the Handler itself, a FilteringHandler or a Controller, has batches of
// one. The error is ErrNoHandler for a nil handler.
func Batched[T any](handler BatchHandler[T], most int) (Handler[T], error) {
	if nils.Is(handler) {
		return nil, ErrNoHandler
	}
	if most <= 0 {
		most = DefaultBatch
	}
	return &batched[T]{handler, most}, nil
}

// batched is what Batched returns.
type batched[T any] struct {
	handler BatchHandler[T]
	most    int
}

// OnEvent is for who is no registration.
func (b *batched[T]) OnEvent(ctx context.Context, event Event[T]) {
	b.handler.OnEvents(ctx, []Event[T]{event})
}
