package informer

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

// Options are the settings of an informer. The zero value is an informer with
// an in-order queue, a store without indexes and no resyncs. It corresponds to
// client-go's SharedIndexInformerOptions and InformerOptions, and to what is
// set on an informer there before it runs.
type Options[T any] struct {
	// Name stands in errors, in logs and on the debug page. "" is the type of
	// the objects.
	Name string

	// Indexers are the indexes of the store.
	Indexers indexer.Indexers[T]

	// Transform, if not nil, is applied to each object before it is queued,
	// by the goroutine that runs the source. It may change the object or
	// return another with the same key; its error refuses the object, and so
	// does its panic, if the process survives that (I8). It corresponds to client-go's TransformFunc.
	Transform func(obj T) (T, error)

	// ResyncPeriod is how often handlers are told of every object again that
	// do not say otherwise; 0 is never. Below one second it counts as one.
	ResyncPeriod time.Duration

	// RelistUpdates sends an Update to every handler for each object that a
	// list, or an event that came twice, shows unchanged, as client-go does.
	RelistUpdates bool

	// UIDUpdates sends one Update when another object has taken over a key
	// and its predecessor's deletion was missed, as client-go does. Without
	// it that is a Delete and an Add.
	UIDUpdates bool

	// Reflector are the settings of the reflector, with OnError for what
	// goes wrong with the server. Name and Logger are the informer's unless
	// set. An informer with a Runner of its own does not use it.
	Reflector reflector.Options

	// Indexer is the store, empty or not; nil for a new one. Nobody but the
	// informer may write it. It is called by any goroutine; Snapshot,
	// besides, while joining handlers wait.
	Indexer indexer.Indexer[T]

	// NewQueue makes the queue of a run, nil is deltafifo.NewInOrder. It is
	// given everything that the queues of deltafifo can use, the store as
	// known objects included, so that a DeltaFIFO is
	//
	//	NewQueue: func(a object.Access[T], o deltafifo.DeltaOptions[T]) (deltafifo.Queue[T], error) {
	//		return deltafifo.NewDeltaFIFO(a, o)
	//	}
	NewQueue func(object.Access[T], deltafifo.DeltaOptions[T]) (deltafifo.Queue[T], error)

	// Detector, if not nil, looks for handlers and workers that change the
	// objects of the store in place, which they share with everybody. It is
	// made to stay on in production, see indexer.MutationDetector; it runs
	// while the informer does. Name, Logger and Suspects are the informer's
	// unless set, and Suspects names the handlers that were in a callback.
	Detector *indexer.DetectorOptions[T]

	// Logger is used for what cannot be returned; the zero value is the
	// logger of Run's context.
	Logger klog.Logger
}

// name returns the name of the informer.
func (o *Options[T]) name() string {
	if o.Name != "" {
		return o.Name
	}
	return reflect.TypeFor[T]().String()
}

// base is what informer and controller are made of.
type base[T any] struct {
	lifecycle lifecycle
	pump      pump[T]
	applier   applier[T]
	store     indexer.Indexer[T]

	// status asks the source how it stands with its server, nil if it cannot
	// tell.
	status func() reflector.Status
}

// newBase completes access and opts and makes the parts.
// suspects names who is called with objects of the store.
func newBase[T any](runner reflector.Runner[T], access object.Access[T], opts Options[T], suspects func() []string) (*base[T], error) {
	name := opts.name()
	if isNil(runner) {
		return nil, fmt.Errorf("informer %s %w", name, ErrNoSource)
	}
	access, err := access.Complete()
	if err != nil {
		return nil, fmt.Errorf("informer %s: %w", name, err)
	}
	store, err := newStore(access, opts)
	if err != nil {
		return nil, fmt.Errorf("informer %s: store: %w", name, err)
	}
	detector, err := newDetector(opts, suspects)
	if err != nil {
		return nil, err
	}
	b := &base[T]{store: store, status: statusOf(runner)}
	b.lifecycle.name = name
	b.pump = pump[T]{name: name, runner: runner, logger: opts.Logger}
	b.pump.newQueue = func(ctx context.Context) (deltafifo.Queue[T], error) { return newQueue(ctx, store, access, opts) }
	b.applier = applier[T]{store: store, access: access, detector: detector, relistUpdates: opts.RelistUpdates, uidUpdates: opts.UIDUpdates}
	return b, nil
}

func newStore[T any](access object.Access[T], opts Options[T]) (indexer.Indexer[T], error) {
	store := opts.Indexer
	if store == nil {
		return indexer.NewWithAccess(indexer.Options[T]{
			Name:     opts.name(),
			Indexers: opts.Indexers,
			Logger:   opts.Logger,
		}, access)
	}
	if len(opts.Indexers) == 0 {
		return store, nil
	}
	return store, store.AddIndexers(opts.Indexers)
}

func newQueue[T any](ctx context.Context, store indexer.Indexer[T], access object.Access[T], opts Options[T]) (deltafifo.Queue[T], error) {
	get := func(key string) (T, bool) {
		obj, exists, err := store.GetByKey(key)
		return obj, exists && err == nil
	}
	o := deltafifo.DeltaOptions[T]{
		Options: deltafifo.Options[T]{
			Name:      opts.name(),
			Transform: guarded(ctx, opts.Transform),
			Known:     get,
			Logger:    opts.Logger,
		},
		KnownObjects: deltafifo.KnownObjects[T]{Keys: store.ListKeys, Get: get},
	}
	if opts.NewQueue != nil {
		return opts.NewQueue(access, o)
	}
	return deltafifo.NewInOrder(access, o.Options)
}

// newReflector makes the Runner of an informer that was given a ListerWatcher.
func newReflector[T any](lw reflector.ListerWatcher[T], access object.Access[T], opts Options[T]) (reflector.Runner[T], error) {
	if isNil(lw) {
		return nil, fmt.Errorf("informer %s %w", opts.name(), ErrNoSource)
	}
	o := opts.Reflector
	if o.Name == "" {
		o.Name = opts.Name
	}
	if o.Logger.GetSink() == nil {
		o.Logger = opts.Logger
	}
	r := reflector.NewWithAccess(lw, access, o)
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("informer %s: %w", opts.name(), err)
	}
	return r, nil
}

// isNil tells a nil interface, and one that holds a nil pointer or function.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan, reflect.Slice:
		return r.IsNil()
	default:
		return false
	}
}
