package pipeline

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/workqueue"
)

// reconcile is what a worker does with a key. obj is set only if it exists.
type reconcile[T any] func(ctx context.Context, key string, obj T, exists bool) error

// crew are the workers of a pipeline.
type crew[T httpsource.Object] struct {
	queue     *workqueue.RateLimitingQueue[string]
	store     indexer.Indexer[T]
	reconcile reconcile[T]
	bell      bell
	group     sync.WaitGroup

	mu     sync.Mutex
	inHand map[string]bool
	seen   map[string]string // the version of each key at its last success
	failed int
	faults []string
}

func newCrew[T httpsource.Object](queue *workqueue.RateLimitingQueue[string], store indexer.Indexer[T], do reconcile[T]) *crew[T] {
	return &crew[T]{queue: queue, store: store, reconcile: do, inHand: make(map[string]bool), seen: make(map[string]string)}
}

// start lets n workers work until the queue is shut down.
func (c *crew[T]) start(ctx context.Context, n int) {
	for range n {
		c.group.Go(func() { c.work(ctx) })
	}
}

func (c *crew[T]) work(ctx context.Context) {
	for {
		key, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		c.take(key)
		c.handle(ctx, key)
		c.putBack(key)
		c.queue.Done(key)
		c.bell.ring()
	}
}

// take is Q1: nobody else has the key.
func (c *crew[T]) take(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inHand[key] {
		c.faults = append(c.faults, "Q1: two workers have "+key)
	}
	c.inHand[key] = true
}

func (c *crew[T]) putBack(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.inHand, key)
}

func (c *crew[T]) handle(ctx context.Context, key string) {
	obj, exists, err := c.store.GetByKey(key)
	if err == nil && c.reconcile != nil {
		err = c.reconcile(ctx, key, obj, exists)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.failed++
		c.queue.AddRateLimited(key)
		return
	case exists:
		c.seen[key] = obj.GetResourceVersion()
	default:
		delete(c.seen, key)
	}
	c.queue.Forget(key)
}

// idle waits until there is nothing to do as things stand.
func (c *crew[T]) idle(ctx context.Context) error {
	return c.bell.until(ctx, func() bool {
		s := c.queue.Stats()
		return s.Waiting+s.Processing+s.Delayed == 0
	})
}

func (c *crew[T]) notes() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.seen)
}

func (c *crew[T]) failures() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

func (c *crew[T]) broken() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.faults)
}
