package informer

import (
	"context"
	"fmt"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"
)

// SharedIndexInformer keeps a store in step with a source and calls any number of
// handlers with what changes. It corresponds to client-go's
// SharedIndexInformer.
//
// All methods may be called by any goroutine, callbacks included; Stop, inside
// a callback, ends with its context.
type SharedIndexInformer[T any] struct {
	base      *base[T]
	processor *processor[T]

	// resyncPeriod is Options.ResyncPeriod.
	resyncPeriod time.Duration

	// filtering is the context for panics of what selects events for handlers.
	filtering context.Context

	lister indexer.Lister[T]
}

var _ Syncer = (*SharedIndexInformer[any])(nil)

// New returns an informer of the API objects that lw lists and watches; Run
// starts it. The error is ErrNoSource for a nil lw, or says what is wrong with
// opts. It corresponds to client-go's NewSharedIndexInformerWithOptions.
func New[T metav1.Object](lw reflector.ListerWatcher[T], opts Options[T]) (*SharedIndexInformer[T], error) {
	return NewWithAccess(object.Meta[T](), lw, opts)
}

// NewWithAccess is New for objects of any type. The error is
// object.ErrNoAccess for the zero Access.
func NewWithAccess[T any](access object.Access[T], lw reflector.ListerWatcher[T], opts Options[T]) (*SharedIndexInformer[T], error) {
	runner, err := newReflector(access, lw, &opts)
	if err != nil {
		return nil, err
	}
	return NewFromRunner(access, runner, opts)
}

// NewFromRunner returns an informer of what runner reports, which need not be a
// Reflector; of one that is, see Options.SourceStatus, and of several queries behind
// one store (package union) Options.VersionsByBookmark as well. The error is that of
// NewWithAccess.
func NewFromRunner[T any](access object.Access[T], runner reflector.Runner[T], opts Options[T]) (*SharedIndexInformer[T], error) {
	p := newProcessor[T]()
	base, err := newBase(access, runner, opts, p.suspects)
	if err != nil {
		return nil, err
	}
	p.base, p.unfilled = base, opts.SkipFilled
	p.plan(opts.ResyncPeriod)
	base.applier.round = p.resyncRound
	lister, err := indexer.NewListerWithAccess(access, base.store, schema.GroupResource{Resource: opts.name()})
	if err != nil {
		return nil, fmt.Errorf("informer: the lister of %s cannot be made: %w", opts.name(), err)
	}
	filtering := klog.NewContext(context.Background(), opts.crashLogger())
	return &SharedIndexInformer[T]{base: base, processor: p, resyncPeriod: opts.ResyncPeriod, filtering: filtering, lister: lister}, nil
}

// Name is the name of the informer.
func (in *SharedIndexInformer[T]) Name() string { return in.base.lifecycle.name }

// Run keeps the store in step until ctx ends or Stop is called, and returns
// when no goroutine of the informer is left, callbacks included. The error is
// nil then; ErrRunning if it runs already; otherwise what ended the source.
//
// It may be called again afterwards (I9): the store and the handlers stay, with
// what those have not been told yet, and are brought up to date by the
// difference to the new first list.
func (in *SharedIndexInformer[T]) Run(ctx context.Context) error {
	return in.base.run(ctx, in.processor)
}

// Stop ends the present Run and waits for it. When ctx ends first, the error is
// a *StopError that names what is still inside the user's code; it ends as soon
// as that returns. Without a Run it does nothing.
func (in *SharedIndexInformer[T]) Stop(ctx context.Context) error {
	return in.base.lifecycle.stop(ctx)
}

// IsStopped reports whether the informer has run and does not run now.
func (in *SharedIndexInformer[T]) IsStopped() bool { return in.base.lifecycle.isStopped() }

// HasSynced reports whether the store has been filled by a first list. It never
// turns back. Handlers may not have been called for all of it yet: for that see
// Registration.HasSynced.
func (in *SharedIndexInformer[T]) HasSynced() bool { return isClosed(in.processor.syncedC) }

// Synced is closed when HasSynced turns true.
func (in *SharedIndexInformer[T]) Synced() <-chan struct{} { return in.processor.syncedC }

// Indexer is the store, for reading, for waiting until it includes a write
// (WaitFor, WaitForKey), and for watching what changes in it (Watch, WatchKey,
// WatchIndex). It is there before the informer runs and after.
func (in *SharedIndexInformer[T]) Indexer() indexer.Indexer[T] { return in.base.store }

// Lister reads the store by namespace, name and label selector, each List from one
// state; with the index indexer.NamespaceIndex a namespace costs what it holds, and
// without it a look at every object. What is not there is a NotFound of apimachinery,
// which names the informer; indexer.NewLister makes one that names a resource. It
// corresponds to the Lister of client-go's generated informers and to its
// GenericLister, for objects of any type: unstructured ones and metadata alone too.
func (in *SharedIndexInformer[T]) Lister() indexer.Lister[T] { return in.lister }

// AddIndexers adds indexes to the store, at any time. A name that exists is an
// error, and then none is added.
func (in *SharedIndexInformer[T]) AddIndexers(indexers indexer.Indexers[T]) error {
	if err := in.base.store.AddIndexers(indexers); err != nil {
		return fmt.Errorf("informer: no index was added to %s: %w", in.Name(), err)
	}
	return nil
}

// LastSyncResourceVersion is the newest version that the store is known to
// include, "" before the first.
func (in *SharedIndexInformer[T]) LastSyncResourceVersion() string {
	return in.base.store.LastStoreSyncResourceVersion()
}
