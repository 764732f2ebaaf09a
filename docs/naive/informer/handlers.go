package informer

import (
	"context"
	"slices"

	"github.com/informant-go/informant/informer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// call is one event for one handler, or with a nil event the end of its initial
// list.
type call[T metav1.Object] struct {
	to    *Registration[T]
	event *informer.Event[T]
}

// AddHandler tells handler of what is in the map, and of what follows.
func (in *Informer[T]) AddHandler(handler informer.Handler[T]) *Registration[T] {
	r := &Registration[T]{in: in, handler: handler, synced: make(chan struct{}), done: make(chan struct{})}
	in.mu.Lock()
	in.handlers = append(in.handlers, r)
	for key, obj := range in.objects {
		event := informer.Event[T]{Type: informer.EventAdd, Key: key, Object: obj, Reason: informer.ReasonInitial}
		in.calls = append(in.calls, call[T]{r, &event})
	}
	if in.hasSynced() {
		in.calls = append(in.calls, call[T]{to: r})
	}
	in.mu.Unlock()
	in.tell()
	return r
}

// note puts event down for all handlers. The caller holds mu.
func (in *Informer[T]) note(event informer.Event[T]) {
	for _, r := range in.handlers {
		in.calls = append(in.calls, call[T]{r, &event})
	}
}

// tell makes the calls that are noted, unless a goroutine does that already:
// that one makes the new ones too. While the informer does not run they wait.
func (in *Informer[T]) tell() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.telling {
		return
	}
	in.telling = true
	for len(in.calls) > 0 && in.ctx != nil && in.ctx.Err() == nil {
		c := in.calls[0]
		in.calls = in.calls[1:]
		if c.to.removed {
			continue
		}
		if c.event == nil {
			close(c.to.synced)
			continue
		}
		c.to.busy = true
		ctx := in.ctx
		in.mu.Unlock()
		c.to.call(ctx, *c.event)
		in.mu.Lock()
		if c.to.busy = false; c.to.removed {
			close(c.to.done)
		}
	}
	in.telling = false
}

// Registration is the place of a handler in an Informer.
type Registration[T metav1.Object] struct {
	in           *Informer[T]
	handler      informer.Handler[T]
	synced, done chan struct{}

	busy, removed bool // guarded by in.mu
}

func (r *Registration[T]) call(ctx context.Context, event informer.Event[T]) {
	defer utilruntime.HandleCrashWithContext(ctx) // a panic ends the process, unless ReallyCrash is false
	r.handler.OnEvent(ctx, event)
}

// Synced is closed when the handler was told of its whole initial list.
func (r *Registration[T]) Synced() <-chan struct{} { return r.synced }

// Remove ends the events of the handler. A callback that runs is the last one.
func (r *Registration[T]) Remove() {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	if r.removed {
		return
	}
	r.removed = true
	r.in.handlers = slices.DeleteFunc(r.in.handlers, func(other *Registration[T]) bool { return other == r })
	if !r.busy {
		close(r.done)
	}
}

// Done is closed after Remove, when no callback runs any more.
func (r *Registration[T]) Done() <-chan struct{} { return r.done }
