package cache

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/informer"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// NewSharedInformer returns an informer of what lw lists and watches. It
// corresponds to client-go's NewSharedInformer.
func NewSharedInformer(lw ListerWatcher, exampleObject runtime.Object, defaultEventHandlerResyncPeriod time.Duration) SharedInformer {
	return NewSharedIndexInformer(lw, exampleObject, defaultEventHandlerResyncPeriod, nil)
}

// NewSharedIndexInformer is NewSharedInformer with indexes. It corresponds to
// client-go's NewSharedIndexInformer.
func NewSharedIndexInformer(lw ListerWatcher, exampleObject runtime.Object, defaultEventHandlerResyncPeriod time.Duration, indexers Indexers) SharedIndexInformer {
	return NewSharedIndexInformerWithOptions(lw, exampleObject, SharedIndexInformerOptions{
		ResyncPeriod: defaultEventHandlerResyncPeriod,
		Indexers:     indexers,
	})
}

// NewSharedIndexInformerWithOptions returns an informer on the engines of this
// module that behaves as client-go's does; doc.go lists the differences. A nil
// lw is reported through the watch error handler once the informer runs. It
// corresponds to client-go's NewSharedIndexInformerWithOptions.
func NewSharedIndexInformerWithOptions(lw ListerWatcher, exampleObject runtime.Object, options SharedIndexInformerOptions) SharedIndexInformer {
	s := &sharedInformer{
		resyncPeriod: options.ResyncPeriod,
		typeName:     fmt.Sprintf("%T", exampleObject),
		handlers:     map[*informer.Registration[any]]struct{}{},
	}
	s.parts = newParts(lw, exampleObject, InformerOptions{
		Indexers:                options.Indexers,
		Identifier:              options.Identifier,
		InformerMetricsProvider: options.InformerMetricsProvider,
	}, options.ObjectDescription)
	s.detector = newDetector(s.typeName)
	opts := s.parts.options(options.ResyncPeriod)
	if s.detector != nil {
		// It copies before anybody can change the object.
		opts.Observe = func(_ string, obj any) { s.detector.AddObject(obj) }
	}
	engine, err := informer.NewFromRunner(s.parts.access, s.parts.source, opts)
	if err != nil {
		panic(fmt.Sprintf("cache: no informer can be made: %v", err)) // the parts are complete
	}
	s.engine = engine
	return s
}

// sharedInformer is client-go's SharedIndexInformer on an informer of ours.
// Unlike ours it runs once.
type sharedInformer struct {
	engine       *informer.SharedIndexInformer[any]
	parts        *parts
	resyncPeriod time.Duration
	typeName     string
	detector     MutationDetector // nil unless client-go's environment variable asks for it

	mu      sync.Mutex // guards what follows
	started bool
	ended   bool

	// handlers are those that were added and not removed; nil once ended is true.
	handlers map[*informer.Registration[any]]struct{}

	stopped atomic.Bool // by its context, or at the end
}

var _ upstream.SharedIndexInformer = (*sharedInformer)(nil)

// Engine is the name of this library, by which package bridge tells our informers from
// others.
func (s *sharedInformer) Engine() string { return "informant" }

// Run implements client-go's SharedInformer.
func (s *sharedInformer) Run(stopCh <-chan struct{}) {
	s.RunWithContext(wait.ContextForChannel(stopCh))
}

// RunWithContext implements client-go's SharedInformer. An informer that has
// run is not run again.
func (s *sharedInformer) RunWithContext(ctx context.Context) {
	defer utilruntime.HandleCrashWithContext(ctx)
	if !s.start() {
		klog.FromContext(ctx).Info("Warning: the informer was started before and is not run again", "type", s.parts.expect.description)
		return
	}
	defer context.AfterFunc(ctx, func() { s.stopped.Store(true) })()
	defer s.shutHandlers()
	defer s.stopped.Store(true)
	defer s.runDetector(ctx)()
	if err := s.engine.Run(ctx); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Informer ended", "type", s.parts.expect.description)
	}
}

func (s *sharedInformer) start() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return false
	}
	s.started = true
	return true
}

// HasSynced implements client-go's SharedInformer.
func (s *sharedInformer) HasSynced() bool { return s.engine.HasSynced() }

// HasSyncedChecker implements client-go's SharedInformer.
func (s *sharedInformer) HasSyncedChecker() DoneChecker {
	return done{name: "SharedIndexInformer " + s.typeName, done: s.engine.Synced()}
}

// LastSyncResourceVersion implements client-go's SharedInformer.
func (s *sharedInformer) LastSyncResourceVersion() string { return s.parts.source.lastVersion() }

// GetStore implements client-go's SharedInformer.
func (s *sharedInformer) GetStore() Store { return s.parts.store }

// GetIndexer implements client-go's SharedIndexInformer.
func (s *sharedInformer) GetIndexer() Indexer { return s.parts.store }

// AddIndexers implements client-go's SharedIndexInformer.
func (s *sharedInformer) AddIndexers(indexers Indexers) error {
	if s.stopped.Load() {
		return fmt.Errorf("indexer was not added because it has stopped already: informer of %s", s.parts.expect.description)
	}
	return s.parts.store.AddIndexers(indexers)
}

// GetController implements client-go's SharedInformer.
func (s *sharedInformer) GetController() Controller { return controllerView{s} }

// IsStopped implements client-go's SharedInformer.
func (s *sharedInformer) IsStopped() bool { return s.stopped.Load() }

// SetWatchErrorHandler implements client-go's SharedInformer.
func (s *sharedInformer) SetWatchErrorHandler(handler WatchErrorHandler) error {
	return s.SetWatchErrorHandlerWithContext(func(_ context.Context, r *Reflector, err error) { handler(r, err) })
}

// SetWatchErrorHandlerWithContext implements client-go's SharedInformer. The
// Reflector that the handler is given has a name and a type description and
// does nothing.
func (s *sharedInformer) SetWatchErrorHandlerWithContext(handler WatchErrorHandlerWithContext) error {
	return s.beforeStart("the watch error handler", func() { s.parts.source.handler = handler })
}

// SetTransform implements client-go's SharedInformer.
func (s *sharedInformer) SetTransform(handler TransformFunc) error {
	return s.beforeStart("the transform", func() { s.parts.transform = handler })
}

// beforeStart makes a change that a running informer does not see.
func (s *sharedInformer) beforeStart(what string, change func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return fmt.Errorf("informer has already started: set %s of the informer of %s before", what, s.parts.expect.description)
	}
	change()
	return nil
}

// controllerView is what GetController returns: an informer runs by its own
// Run only.
type controllerView struct{ informer *sharedInformer }

func (controllerView) Run(<-chan struct{})               {}
func (controllerView) RunWithContext(context.Context)    {}
func (c controllerView) HasSynced() bool                 { return c.informer.HasSynced() }
func (c controllerView) HasSyncedChecker() DoneChecker   { return c.informer.HasSyncedChecker() }
func (c controllerView) LastSyncResourceVersion() string { return c.informer.LastSyncResourceVersion() }

// done is client-go's DoneChecker.
type done struct {
	name string
	done <-chan struct{}
}

// Name implements client-go's DoneChecker.
func (d done) Name() string { return d.name }

// Done implements client-go's DoneChecker.
func (d done) Done() <-chan struct{} { return d.done }
