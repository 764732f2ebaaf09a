package informer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

// base is what informer and controller are made of.
type base[T any] struct {
	lifecycle lifecycle
	pump      pump[T]
	applier   applier[T]
	store     indexer.Indexer[T]

	// status is Options.SourceStatus.
	status func() reflector.Status
}

// newBase checks what a constructor was given and makes the parts. suspects
// returns the names of the handlers that were in a callback.
func newBase[T any](access object.Access[T], runner reflector.Runner[T], opts Options[T], suspects func() []string) (*base[T], error) {
	name := opts.name()
	if err := access.Check(); err != nil {
		return nil, fmt.Errorf("informer: %s has no access to its objects: %w", name, err)
	}
	if nils.Is(runner) {
		return nil, about(name, ErrNoSource)
	}
	store, err := newStore(access, opts)
	if err != nil {
		return nil, fmt.Errorf("informer: the store of %s cannot be made: %w", name, err)
	}
	detector, err := newDetector(opts, suspects)
	if err != nil {
		return nil, err
	}
	b := &base[T]{store: store, status: opts.SourceStatus}
	b.lifecycle.name = name
	b.pump = pump[T]{name: name, runner: runner, logger: opts.Logger}
	b.pump.progress.epoch = time.Now()
	logger := opts.crashLogger()
	guarded := guardedAccess(logger, access)
	b.pump.newQueue = func(ctx context.Context) (deltafifo.Queue[T], error) { return newQueue(ctx, store, guarded, opts) }
	b.applier = applier[T]{
		store: store, access: guarded, detector: detector, observe: opts.Observe, logger: logger,
		relistUpdates: opts.RelistUpdates, uidUpdates: opts.UIDUpdates,
	}
	return b, nil
}

// run runs once: it makes a queue, and pumps what the source reports through it
// to c, until ctx ends or the source does. No goroutine of the run is left then.
func (b *base[T]) run(ctx context.Context, c consumer[T]) error {
	l := &b.lifecycle
	if err := l.begin(ctx); err != nil {
		return err
	}
	defer l.end()
	defer l.drain()
	ctx = b.pump.context(l)
	queue, err := b.pump.newQueue(ctx)
	if err != nil {
		return fmt.Errorf("informer: the queue of %s cannot be made: %w", l.name, err)
	}
	b.detect(ctx)
	c.start(ctx)
	defer c.stop()
	return b.pump.run(ctx, l, queue, c)
}

// crashLogger is the logger for panics of the access, which has no context.
func (o *Options[T]) crashLogger() klog.Logger {
	logger := o.Logger
	if logger.GetSink() == nil {
		logger = klog.Background()
	}
	return klog.LoggerWithValues(logger, "informer", o.name())
}

// newStore returns the store: a new one, or that of opts with the indexes of
// opts added.
func newStore[T any](access object.Access[T], opts Options[T]) (indexer.Indexer[T], error) {
	store := opts.Indexer
	if store == nil {
		return indexer.NewWithAccess(access, indexer.Options[T]{
			Name:     opts.name(),
			Indexers: opts.Indexers,
			Renew:    opts.RelistUpdates,
			Logger:   opts.Logger,

			VersionsByBookmark: opts.VersionsByBookmark,
		})
	}
	if nils.Is(store) {
		return nil, fmt.Errorf("informer: Options.Indexer is a nil %T: leave it out for a new store", store)
	}
	if len(opts.Indexers) == 0 {
		return store, nil
	}
	return store, store.AddIndexers(opts.Indexers)
}

// errNoQueue is the answer to a NewQueue that makes nothing.
var errNoQueue = errors.New("informer: Options.NewQueue returned neither a queue nor an error: return one of them, or leave NewQueue out")

func newQueue[T any](ctx context.Context, store indexer.Indexer[T], access object.Access[T], opts Options[T]) (deltafifo.Queue[T], error) {
	o := deltafifo.Options[T]{
		Name:         opts.name(),
		Transform:    guarded(ctx, opts.Transform),
		KnownObjects: store,
		Renew:        opts.RelistUpdates,
		Logger:       opts.Logger,
	}
	if opts.NewQueue == nil {
		return deltafifo.NewInOrderWithAccess(access, o)
	}
	queue, err := opts.NewQueue(access, o)
	if err == nil && nils.Is(queue) {
		err = errNoQueue
	}
	return queue, err
}

// newReflector makes the Runner of an informer that was given a ListerWatcher,
// and sets opts.SourceStatus to its Status.
func newReflector[T any](access object.Access[T], lw reflector.ListerWatcher[T], opts *Options[T]) (reflector.Runner[T], error) {
	if nils.Is(lw) {
		return nil, about(opts.name(), ErrNoSource)
	}
	o := opts.Reflector
	if o.Name == "" {
		o.Name = opts.Name
	}
	if o.Logger.GetSink() == nil {
		o.Logger = opts.Logger
	}
	r, err := reflector.NewWithAccess(access, lw, o)
	if err != nil {
		return nil, fmt.Errorf("informer: the reflector of %s cannot be made: %w", opts.name(), err)
	}
	opts.SourceStatus = r.Status
	return r, nil
}
