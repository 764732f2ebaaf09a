package swap

import (
	"context"
	"sync"
	"testing"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	ourworkqueue "github.com/informant-go/informant/clientgo/workqueue"
	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// assembly is how parts were put together.
type assembly string

const (
	// whole is client-go's SharedIndexInformer, which makes all parts but the queue.
	whole assembly = "whole"
	// controlled is client-go's Controller over a store and a queue of deltas of either
	// side.
	controlled assembly = "controlled"
	// bypassed is a Controller whose own reflector has a source that never answers, while
	// ours fills the queue of deltas.
	bypassed assembly = "bypassed"
	// composed is our informer over a Runner, a store and a queue of deltas of either side.
	composed assembly = "composed"
)

// assemblyOf is how the parts of c can be put together.
func assemblyOf(c combination) assembly {
	switch {
	case c[stageInformer] == ours:
		return composed
	case c[stageReflector] == ours:
		return bypassed
	case c[stageDeltas] == theirs && c[stageStore] == theirs:
		return whole
	}
	return controlled
}

// pipeline is five parts that were put together.
type pipeline struct {
	parts [stages]any // each as its engine made it
	queue workqueue.TypedRateLimitingInterface[string]
	store reader
	view  *view
	// run runs it until ctx ends, and leaves nothing running.
	run       func(ctx context.Context)
	hasSynced func() bool
	// reached is the version that the informer says its reflector has reached.
	reached func() string
	// join adds a handler to an informer that runs, if it is one that takes several.
	join func(*view) error
}

// plan says what to put together.
type plan struct {
	combination
	assembly
	order
	// lossy is the stage that loses lostKey, or stages for none.
	lossy stage
}

func (p plan) loses(s stage) bool { return p.lossy == s }

// lostAt is the key that the stage loses, "" for none.
func (p plan) lostAt(s stage) string {
	if p.loses(s) {
		return lostKey
	}
	return ""
}

// assemble puts the parts together in front of a source.
func assemble(t *testing.T, p plan, lw upstream.ListerWatcher) *pipeline {
	t.Helper()
	made := &pipeline{}
	made.queue = newWorkQueue(p.combination[stageQueue])
	made.parts[stageQueue] = made.queue
	if p.loses(stageQueue) {
		made.queue = lossyWork{made.queue}
	}
	made.view = newView(made.queue, p.lostAt(stageInformer))
	switch p.assembly {
	case composed:
		made.compose(t, p, lw)
	case whole:
		made.takeWhole(t, lw)
	default:
		made.control(t, p, lw)
	}
	return made
}

func newWorkQueue(of engine) workqueue.TypedRateLimitingInterface[string] {
	if of == ours {
		return ourworkqueue.NewTypedRateLimitingQueue(ourworkqueue.DefaultTypedControllerRateLimiter[string]())
	}
	return workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
}

// compose is our informer.
func (made *pipeline) compose(t *testing.T, p plan, lw upstream.ListerWatcher) {
	store, written := made.typedStore(t, p)
	in, err := informer.NewFromRunner(object.Meta[*corev1.Pod](), made.runner(t, p, lw), informer.Options[*corev1.Pod]{
		Indexer:  written,
		NewQueue: made.typedQueue(p),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.AddHandler(made.view.typed(), informer.HandlerOptions{}); err != nil {
		t.Fatal(err)
	}
	made.parts[stageInformer] = in
	made.store = store
	made.hasSynced, made.reached = in.HasSynced, in.LastSyncResourceVersion
	made.run = func(ctx context.Context) {
		if err := in.Run(ctx); err != nil {
			t.Errorf("the informer: %v", err)
		}
	}
	made.join = func(late *view) error {
		_, err := in.AddHandler(late.typed(), informer.HandlerOptions{})
		return err
	}
}

// typedStore makes the store of our informer, to be read, and as it is written.
func (made *pipeline) typedStore(t *testing.T, p plan) (reader, indexer.Indexer[*corev1.Pod]) {
	var read reader
	var written indexer.Indexer[*corev1.Pod]
	if p.combination[stageStore] == ours {
		store, err := indexer.New(indexer.Options[*corev1.Pod]{Indexers: indexer.Indexers[*corev1.Pod]{nodeIndex: nodeOf}})
		if err != nil {
			t.Fatal(err)
		}
		made.parts[stageStore], read, written = store, typedReader{store}, store
	} else {
		store := upstream.NewIndexer(upstream.DeletionHandlingMetaNamespaceKeyFunc, untypedIndexers())
		made.parts[stageStore], read, written = store, untypedReader{store}, &foreignStore{inner: store}
	}
	if p.loses(stageStore) {
		written = lossyStore{written}
	}
	return read, written
}

func untypedIndexers() upstream.Indexers {
	return upstream.Indexers{nodeIndex: func(obj any) ([]string, error) { return nodeOf(obj.(*corev1.Pod)) }}
}

// runner makes the reflector of our informer.
func (made *pipeline) runner(t *testing.T, p plan, lw upstream.ListerWatcher) reflector.Runner[*corev1.Pod] {
	var r reflector.Runner[*corev1.Pod]
	if p.combination[stageReflector] == ours {
		own := newReflector(t, lw)
		made.parts[stageReflector], r = own, own
	} else {
		foreign := newForeignReflector(lw)
		made.parts[stageReflector], r = foreign.Reflector, foreign
	}
	if p.loses(stageReflector) {
		r = lossyRunner{r}
	}
	return r
}

// newReflector is ours, over the same source as client-go's.
func newReflector(t *testing.T, lw upstream.ListerWatcher) *reflector.Reflector[*corev1.Pod] {
	source, err := bridge.SourceOf[*corev1.Pod](lw)
	if err != nil {
		t.Fatal(err)
	}
	r, err := reflector.New(source, bridge.SourceOptions(lw))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// typedQueue makes the queue of deltas of our informer, when it runs.
func (made *pipeline) typedQueue(p plan) func(object.Access[*corev1.Pod], deltafifo.Options[*corev1.Pod]) (deltafifo.Queue[*corev1.Pod], error) {
	return func(a object.Access[*corev1.Pod], o deltafifo.Options[*corev1.Pod]) (q deltafifo.Queue[*corev1.Pod], err error) {
		switch {
		case p.combination[stageDeltas] == theirs:
			inner := theirFIFO(p.order, knownTo{o.KnownObjects})
			made.parts[stageDeltas], q = inner, newForeignQueue(inner)
		case p.order == inOrder:
			q, err = deltafifo.NewInOrderWithAccess(a, o)
			made.parts[stageDeltas] = q
		default:
			q, err = deltafifo.NewDeltaFIFOWithAccess(a, o)
			made.parts[stageDeltas] = q
		}
		if p.loses(stageDeltas) {
			q = lossyQueue{q}
		}
		return q, err
	}
}

// theirFIFO and ourFIFO make queues of client-go's interface, with the options that
// client-go's informers give theirs.
func theirFIFO(o order, known upstream.KeyListerGetter) upstream.Queue {
	if o == inOrder {
		return upstream.NewRealFIFOWithOptions(realFIFOOptions)
	}
	return upstream.NewDeltaFIFOWithOptions(upstream.DeltaFIFOOptions{KnownObjects: known, EmitDeltaTypeReplaced: true})
}

func ourFIFO(o order, known upstream.KeyListerGetter) upstream.Queue {
	if o == inOrder {
		return cache.NewRealFIFOWithOptions(realFIFOOptions)
	}
	return cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{KnownObjects: known, EmitDeltaTypeReplaced: true})
}

var realFIFOOptions = upstream.RealFIFOOptions{AtomicEvents: true, UnlockWhileProcessing: true, EmitDeltaTypeBookmark: true}

// takeWhole is client-go's informer as it is.
func (made *pipeline) takeWhole(t *testing.T, lw upstream.ListerWatcher) {
	in := upstream.NewSharedIndexInformerWithOptions(lw, &corev1.Pod{}, upstream.SharedIndexInformerOptions{Indexers: untypedIndexers()})
	if _, err := in.AddEventHandler(made.view); err != nil {
		t.Fatal(err)
	}
	// Its queue of deltas and its reflector are not to be had: they are its own.
	made.parts[stageStore], made.parts[stageDeltas], made.parts[stageReflector], made.parts[stageInformer] = in.GetIndexer(), in, in, in
	made.store = untypedReader{in.GetIndexer()}
	made.hasSynced, made.reached = in.HasSynced, in.LastSyncResourceVersion
	made.run = in.RunWithContext
	made.join = func(late *view) error {
		_, err := in.AddEventHandler(late)
		return err
	}
}

// control is client-go's Controller.
func (made *pipeline) control(t *testing.T, p plan, lw upstream.ListerWatcher) {
	store := upstream.Indexer(upstream.NewIndexer(upstream.DeletionHandlingMetaNamespaceKeyFunc, untypedIndexers()))
	if p.combination[stageStore] == ours {
		store = cache.NewIndexer(cache.DeletionHandlingMetaNamespaceKeyFunc, untypedIndexers())
	}
	made.parts[stageStore], made.store = store, untypedReader{store}
	if p.loses(stageStore) {
		store = lossyIndexer{store}
	}
	queue := theirFIFO(p.order, store)
	if p.combination[stageDeltas] == ours {
		queue = ourFIFO(p.order, store)
	}
	made.parts[stageDeltas] = queue
	if p.loses(stageReflector) {
		queue = lossyIntake{queue}
	}
	config := upstream.Config{
		Queue:         queue,
		ListerWatcher: lw,
		ObjectType:    &corev1.Pod{},
		Process:       (&process{store: store, told: made.view, lost: p.lostAt(stageDeltas)}).one,
	}
	beside := func(context.Context) {}
	if p.assembly == bypassed {
		config.ListerWatcher = silent
		r := newReflector(t, lw)
		made.parts[stageReflector] = r
		beside = func(ctx context.Context) {
			if err := r.Run(ctx, &onto{queue: queue}); err != nil && ctx.Err() == nil {
				t.Errorf("the reflector: %v", err)
			}
		}
	}
	controller := upstream.New(&config)
	made.parts[stageInformer] = controller
	if p.assembly == controlled {
		made.parts[stageReflector] = controller // which makes it
	}
	made.hasSynced, made.reached = controller.HasSynced, controller.LastSyncResourceVersion
	made.run = func(ctx context.Context) {
		var group sync.WaitGroup
		group.Go(func() { beside(ctx) })
		controller.RunWithContext(ctx)
		group.Wait()
	}
}

// silent is a source that never answers: the reflector that a Controller makes for itself
// waits for it until the end.
var silent = &upstream.ListWatch{
	ListWithContextFunc: func(ctx context.Context, _ metav1.ListOptions) (runtime.Object, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	},
	WatchFuncWithContext: func(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	},
}
