package informer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Controller is the plain informer: a store with one handler, which the
// goroutine that writes the store calls. There is no log and no other
// goroutine, and so a slow handler keeps the store waiting, unlike with a
// SharedIndexInformer. It corresponds to client-go's NewInformerWithOptions and
// Controller.
//
// All methods may be called by any goroutine; Stop, inside a callback, ends
// with its context.
type Controller[T any] struct {
	base   *base[T]
	synced chan struct{}
	mark   sync.Once   // closes synced
	listed atomic.Bool // the first list is consumed
	period time.Duration

	// pending are events of which a Stop came in the way; the goroutine that
	// consumes uses it. behind is true if some were left when handle
	// last returned.
	pending []Event[T]
	behind  atomic.Bool

	// caller has the handler. The goroutine that consumes uses it. asked is
	// what its count was when suspects were last asked for.
	caller caller[T]
	asked  atomic.Uint64
}

var (
	_ Syncer        = (*Controller[any])(nil)
	_ consumer[any] = (*Controller[any])(nil)
)

// NewController returns a Controller of the API objects that lw lists and
// watches; Run starts it. The error is ErrNoSource for a nil lw, ErrNoHandler
// for a nil handler, or says what is wrong with opts.
func NewController[T metav1.Object](lw reflector.ListerWatcher[T], handler Handler[T], opts Options[T]) (*Controller[T], error) {
	return NewControllerWithAccess(object.Meta[T](), lw, handler, opts)
}

// NewControllerWithAccess is NewController for objects of any type. The error
// is object.ErrNoAccess for the zero Access.
func NewControllerWithAccess[T any](access object.Access[T], lw reflector.ListerWatcher[T], handler Handler[T], opts Options[T]) (*Controller[T], error) {
	runner, err := newReflector(access, lw, &opts)
	if err != nil {
		return nil, err
	}
	return NewControllerFromRunner(access, runner, handler, opts)
}

// NewControllerFromRunner returns a Controller of what runner reports, which
// need not be a Reflector; of one that is, see Options.SourceStatus. The error
// is that of NewControllerWithAccess.
func NewControllerFromRunner[T any](access object.Access[T], runner reflector.Runner[T], handler Handler[T], opts Options[T]) (*Controller[T], error) {
	if nils.Is(handler) {
		return nil, about(opts.name(), ErrNoHandler)
	}
	c := &Controller[T]{caller: caller[T]{handler: handler}, synced: make(chan struct{})}
	base, err := newBase(access, runner, opts, c.suspects)
	if err != nil {
		return nil, err
	}
	c.base = base
	if opts.ResyncPeriod > 0 {
		c.period = max(opts.ResyncPeriod, minimumResyncPeriod)
	}
	everyone := new(round[T])
	base.applier.round = func() *round[T] { return everyone }
	return c, nil
}

// Name is the name of the controller.
func (c *Controller[T]) Name() string { return c.base.lifecycle.name }

// Run keeps the store in step and calls the handler until ctx ends or Stop is
// called. It returns as SharedIndexInformer.Run does, and may be called again
// then.
func (c *Controller[T]) Run(ctx context.Context) error {
	return c.base.run(ctx, c)
}

// start tells the handler of what the last run left. It implements consumer.
func (c *Controller[T]) start(ctx context.Context) {
	c.caller.begin(ctx, c.handlerName(), nil)
	c.handle(ctx)
}

// consume applies a batch and tells the handler. It implements consumer.
func (c *Controller[T]) consume(ctx context.Context, b deltafifo.Batch[T]) {
	defer c.handle(ctx) // also when the user's code panics: what is stored is told
	if b.Deltas[0].Type == deltafifo.DeltaSyncAll {
		c.repeat()
		return
	}
	a := &c.base.applier
	defer func() {
		for i := range a.entries {
			c.pending = append(c.pending, a.entries[i].Event)
		}
		a.tidy()
	}()
	a.apply(b, b.Initial && !c.listed.Load())
}

// markSynced notes that the first list is consumed, unless the handler was not
// told of all of it, because the run ends: then it is noted in the next run. It
// implements consumer.
func (c *Controller[T]) markSynced() {
	c.listed.Store(true)
	if !c.behind.Load() {
		c.mark.Do(func() { close(c.synced) })
	}
}

// stop implements consumer: the end of the context ends handle.
func (c *Controller[T]) stop() {}

// checkPeriod, periodChanged and tick implement consumer: every tick is due, and
// the period stays what it is.
func (c *Controller[T]) checkPeriod() time.Duration     { return c.period }
func (c *Controller[T]) periodChanged() <-chan struct{} { return nil }
func (c *Controller[T]) tick(time.Time) bool            { return true }

// repeat makes the whole store pending.
func (c *Controller[T]) repeat() {
	snapshot := c.base.store.Snapshot()
	for key, obj := range snapshot.All() {
		c.pending = append(c.pending, Event[T]{Key: key, Old: obj, Object: obj, Type: EventUpdate, Reason: ReasonResync})
	}
}

// handle tells the handler of what is pending, until ctx ends.
func (c *Controller[T]) handle(ctx context.Context) {
	next := 0
	defer func() { c.keep(next) }()
	for next < len(c.pending) && ctx.Err() == nil {
		event := c.pending[next]
		next++
		if !c.caller.call(event) {
			pause(ctx, crashPause)
		}
	}
}

// suspects names the handler if it was in a callback since the last time.
func (c *Controller[T]) suspects() []string {
	before := c.asked.Load()
	now, called := c.caller.since(before)
	c.asked.Store(now)
	if !called {
		return nil
	}
	return []string{c.handlerName()}
}

// handlerName is what the log calls the handler.
func (c *Controller[T]) handlerName() string { return fmt.Sprintf("%T", c.caller.handler) }

// keep drops all of what is pending but that from next on.
func (c *Controller[T]) keep(next int) {
	rest := copy(c.pending, c.pending[next:])
	clear(c.pending[rest:])
	c.pending = c.pending[:rest]
	if cap(c.pending) > keptScratch && rest == 0 {
		c.pending = nil
	}
	c.behind.Store(rest > 0)
}

// Stop ends the present Run and waits for it, as SharedIndexInformer.Stop does.
func (c *Controller[T]) Stop(ctx context.Context) error { return c.base.lifecycle.stop(ctx) }

// IsStopped reports whether the controller has run and does not run now.
func (c *Controller[T]) IsStopped() bool { return c.base.lifecycle.isStopped() }

// HasSynced reports whether the first list is in the store and the handler has
// been called for all of it. It never turns back.
func (c *Controller[T]) HasSynced() bool { return isClosed(c.synced) }

// Synced is closed when HasSynced turns true.
func (c *Controller[T]) Synced() <-chan struct{} { return c.synced }

// Indexer is the store, as SharedIndexInformer.Indexer is.
func (c *Controller[T]) Indexer() indexer.Indexer[T] { return c.base.store }

// LastSyncResourceVersion is the newest version that the store is known to
// include, "" before the first.
func (c *Controller[T]) LastSyncResourceVersion() string {
	return c.base.store.LastStoreSyncResourceVersion()
}
