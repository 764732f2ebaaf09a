package cache

import (
	"strconv"
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

func (p *parts) newQueue(access object.Access[any], opts deltafifo.Options[any]) (deltafifo.Queue[any], error) {
	opts.Metrics = p
	return deltafifo.NewInOrderWithAccess(access, opts)
}

// Taken implements deltafifo.Metrics.
func (p *parts) Taken(n, left int, age time.Duration) { p.metrics.Taken(n, left, age) }

// Processed implements deltafifo.Metrics. It also tells which version the
// store has reached.
func (p *parts) Processed(n int, took time.Duration) {
	p.metrics.Processed(n, took)
	if version, ok := versionMetric(p.store.LastStoreSyncResourceVersion()); ok {
		p.metrics.version.Set(version)
	}
}

// versionMetric is the last 15 digits of a version: that many fit a float64
// without loss. client-go shows the same.
func versionMetric(version string) (float64, bool) {
	const digits = 15
	if len(version) > digits {
		version = version[len(version)-digits:]
	}
	number, err := strconv.ParseUint(version, 10, 64)
	return float64(number), err == nil
}
