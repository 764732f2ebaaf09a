package cache

import (
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/runtime"
)

// parts are what an informer of this package is made of, whichever engine
// drives them.
type parts struct {
	expect expectation
	source *feed
	store  *keyedStore
	access object.Access[any]

	// transform is written before the informer runs, and not after.
	transform TransformFunc
	metrics   informerMetrics
}

// newParts reads of opts what all informers have. Options that are about the
// server are the feed's.
func newParts(lw ListerWatcher, example runtime.Object, opts InformerOptions, description string) *parts {
	p := &parts{
		expect:    expect(example, description),
		access:    access(),
		transform: opts.Transform,
		metrics:   newInformerMetrics(opts.Identifier, opts.InformerMetricsProvider),
	}
	p.store = &keyedStore{
		threadSafe: newThreadSafeOf(p.access, p.expect.description, opts.Indexers),
		keyFunc:    DeletionHandlingMetaNamespaceKeyFunc,
	}
	p.source = newFeed(lw, p.expect, p.access, opts.MinWatchTimeout, 0)
	return p
}

// access reads API objects as they are found to be, and client-go's tombstones
// by their key.
func access() object.Access[any] {
	return object.Dynamic[any]().WithKey(DeletionHandlingMetaNamespaceKeyFunc)
}

// options are those of the engine. Where ours is stricter than client-go's,
// they ask for client-go's way.
func (p *parts) options(resyncPeriod time.Duration) informer.Options[any] {
	return informer.Options[any]{
		Name:          p.expect.description,
		Transform:     p.transformed,
		ResyncPeriod:  resyncPeriod,
		RelistUpdates: true,
		UIDUpdates:    true,
		SkipFilled:    true,
		Indexer:       p.store.engine,
		NewQueue:      p.newQueue,
	}
}

// transformed applies the transform that is set when the informer runs.
func (p *parts) transformed(obj any) (any, error) {
	if p.transform == nil {
		return obj, nil
	}
	return p.transform(obj)
}

// newQueue makes the queue of a run.
func (p *parts) newQueue(access object.Access[any], opts deltafifo.Options[any]) (deltafifo.Queue[any], error) {
	if p.metrics.queued == (nowhere{}) {
		return deltafifo.NewInOrderWithAccess(access, opts)
	}
	metered := &meteredQueue{parts: p}
	opts.Metrics = metered
	queue, err := deltafifo.NewInOrderWithAccess(access, opts)
	metered.InOrder = queue
	return metered, err
}
