package cache

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/informer"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// NewInformer is NewInformerWithOptions with some of the options. It
// corresponds to client-go's NewInformer.
func NewInformer(lw ListerWatcher, objType runtime.Object, resyncPeriod time.Duration, h ResourceEventHandler) (Store, Controller) {
	return NewTransformingInformer(lw, objType, resyncPeriod, h, nil)
}

// NewIndexerInformer is NewInformer with indexes. It corresponds to client-go's
// NewIndexerInformer.
func NewIndexerInformer(lw ListerWatcher, objType runtime.Object, resyncPeriod time.Duration, h ResourceEventHandler, indexers Indexers) (Indexer, Controller) {
	return NewTransformingIndexerInformer(lw, objType, resyncPeriod, h, indexers, nil)
}

// NewTransformingInformer is NewInformer with a transform. It corresponds to
// client-go's NewTransformingInformer.
func NewTransformingInformer(lw ListerWatcher, objType runtime.Object, resyncPeriod time.Duration, h ResourceEventHandler, transformer TransformFunc) (Store, Controller) {
	return NewInformerWithOptions(InformerOptions{
		ListerWatcher: lw, ObjectType: objType, ResyncPeriod: resyncPeriod, Handler: h, Transform: transformer,
	})
}

// NewTransformingIndexerInformer is NewInformer with indexes and a transform.
// It corresponds to client-go's NewTransformingIndexerInformer.
func NewTransformingIndexerInformer(lw ListerWatcher, objType runtime.Object, resyncPeriod time.Duration, h ResourceEventHandler, indexers Indexers, transformer TransformFunc) (Indexer, Controller) {
	c := newPlain(InformerOptions{
		ListerWatcher: lw, ObjectType: objType, ResyncPeriod: resyncPeriod, Handler: h, Indexers: indexers, Transform: transformer,
	})
	return c.parts.store, c
}

// NewInformerWithOptions returns a Store, and a Controller that fills it and
// calls the one handler from the goroutine that writes. The Store is for
// reading. A nil handler is told nothing, where client-go would panic at the
// first event. It corresponds to client-go's NewInformerWithOptions.
func NewInformerWithOptions(options InformerOptions) (Store, Controller) {
	c := newPlain(options)
	return c.parts.store, c
}

// plainInformer is client-go's Controller on a Controller of ours. Unlike ours
// it runs once.
type plainInformer struct {
	engine  *informer.Controller[any]
	parts   *parts
	name    string // of the DoneChecker, which in client-go is the queue
	started atomic.Bool
}

var _ upstream.Controller = (*plainInformer)(nil)

func newPlain(options InformerOptions) *plainInformer {
	p := newParts(options.ListerWatcher, options.ObjectType, options, "")
	if options.Handler == nil {
		options.Handler = ResourceEventHandlerFuncs{}
	}
	opts := p.options(options.ResyncPeriod)
	if options.Logger != nil {
		opts.Logger = *options.Logger
	}
	engine, err := informer.NewControllerFromRunner(p.access, p.source, eventHandler{options.Handler}, opts)
	if err != nil {
		panic(fmt.Sprintf("cache: no informer can be made: %v", err)) // the parts are complete
	}
	name := options.Identifier.Name()
	if name == "" {
		name = fmt.Sprintf("RealFIFO %T", options.ObjectType)
	}
	return &plainInformer{engine: engine, parts: p, name: name}
}

// Run implements client-go's Controller.
func (c *plainInformer) Run(stopCh <-chan struct{}) { c.RunWithContext(wait.ContextForChannel(stopCh)) }

// RunWithContext implements client-go's Controller. A second call does nothing.
func (c *plainInformer) RunWithContext(ctx context.Context) {
	defer utilruntime.HandleCrashWithContext(ctx)
	if !c.started.CompareAndSwap(false, true) {
		klog.FromContext(ctx).Info("Warning: the informer was started before and is not run again", "type", c.parts.expect.description)
		return
	}
	if err := c.engine.Run(ctx); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Informer ended", "type", c.parts.expect.description)
	}
}

// HasSynced implements client-go's Controller: the first list is in the store
// and the handler was told of it.
func (c *plainInformer) HasSynced() bool { return c.engine.HasSynced() }

// HasSyncedChecker implements client-go's Controller.
func (c *plainInformer) HasSyncedChecker() DoneChecker {
	return done{name: c.name, done: c.engine.Synced()}
}

// LastSyncResourceVersion implements client-go's Controller.
func (c *plainInformer) LastSyncResourceVersion() string { return c.parts.source.lastVersion() }
