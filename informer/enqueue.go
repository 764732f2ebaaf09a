package informer

import (
	"context"

	"github.com/informant-go/informant/internal/nils"
)

// LowPriority is the priority of a key that Enqueue adds for an event that may bring
// nothing new: that of controller-runtime's handlers.
const LowPriority = -100

// Adder is what Enqueue needs of a queue. Every workqueue.Interface[string] is one,
// and so are client-go's queues of strings. A queue that is a PriorityAdder too gets
// priorities.
type Adder interface {
	Add(key string)
}

// PriorityAdder is an Adder with priorities, the higher of which goes out first:
// every queue of package workqueue of ours but those over a queue of another make.
// A type that embeds one and has an Add of its own needs an AddPriority of its own
// as well.
type PriorityAdder interface {
	Adder
	AddPriority(key string, priority int)
}

// EnqueueOptions say what Enqueue adds. The zero value adds the key of every event.
type EnqueueOptions[T any] struct {
	// When selects the events whose keys are added; nil selects all.
	When Predicate[T]

	// Priority is the priority of the key of an event; nil is ByReason. It is not
	// called where the queue is no PriorityAdder.
	Priority func(Event[T]) int
}

// Enqueue returns a handler that adds the key of each event to queue, and is all that
// most controllers need of one: a worker that gets the key reads the state of the
// event from the store, or a later one (I2), and nothing for an object that is gone.
// workqueue.Run has the workers.
//
// The priority of a key tells what changed now from what is only listed, so that a
// controller that starts with a hundred thousand objects sees to what happens
// meanwhile. The error is ErrNoQueue for a nil queue, and for a nil pointer as one. It
// corresponds to the handler of three functions that users of client-go write, and to
// EnqueueRequestForObject of controller-runtime.
func Enqueue[T any](queue Adder, opts EnqueueOptions[T]) (Handler[T], error) {
	if nils.Is(queue) {
		return nil, ErrNoQueue
	}
	h := &enqueue[T]{when: opts.When, add: func(e Event[T]) { queue.Add(e.Key) }}
	if q, ok := queue.(PriorityAdder); ok {
		priority := opts.Priority
		if priority == nil {
			priority = ByReason[T]
		}
		h.add = func(e Event[T]) { q.AddPriority(e.Key, priority(e)) }
	}
	return h, nil
}

// ByReason is LowPriority for an event that comes from a list or a resync, and 0 for
// one that comes from a watch.
func ByReason[T any](e Event[T]) int {
	if e.Reason == ReasonWatch {
		return 0
	}
	return LowPriority
}

// enqueue is the handler that Enqueue returns.
type enqueue[T any] struct {
	when Predicate[T]
	add  func(Event[T])
}

func (h *enqueue[T]) OnEvent(_ context.Context, e Event[T]) {
	if h.when.passes(e) {
		h.add(e)
	}
}
