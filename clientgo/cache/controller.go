package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/features"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// New returns a Controller that lets a reflector of this module fill the
// Config's Queue, which may be anybody's, and hands what it pops to the
// Config's Process. It corresponds to client-go's New.
func New(c *Config) Controller {
	expect := expect(c.ObjectType, c.ObjectDescription)
	f := newFeed(c.ListerWatcher, expect, access(), c.MinWatchTimeout, c.WatchListPageSize)
	switch {
	case c.WatchErrorHandler != nil:
		f.handler = func(_ context.Context, r *Reflector, err error) { c.WatchErrorHandler(r, err) }
	case c.WatchErrorHandlerWithContext != nil:
		f.handler = c.WatchErrorHandlerWithContext
	}
	return &controller{config: *c, feed: f}
}

// controller is client-go's Controller: a reflector of ours in front of a queue
// of client-go's interface.
type controller struct {
	config Config
	feed   *feed
}

var _ upstream.Controller = (*controller)(nil)

// crashPause is how long a panic that the process survived keeps what panicked from
// going on, as in client-go.
const crashPause = time.Second

// Run implements client-go's Controller.
func (c *controller) Run(stopCh <-chan struct{}) { c.RunWithContext(wait.ContextForChannel(stopCh)) }

// RunWithContext implements client-go's Controller. It must not be called
// twice.
func (c *controller) RunWithContext(ctx context.Context) {
	defer utilruntime.HandleCrashWithContext(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		<-ctx.Done()
		c.config.Queue.Close()
	})
	wg.Go(func() { again(ctx, c.fill) })
	wg.Go(func() { again(ctx, c.resync) })
	wait.UntilWithContext(ctx, c.process, crashPause)
}

// again calls work until it returns, anew after each panic that the process survives,
// as client-go's reflector goes on after one.
func again(ctx context.Context, work func(context.Context)) {
	until, returned := context.WithCancel(ctx)
	defer returned()
	wait.UntilWithContext(until, func(context.Context) {
		work(ctx)
		returned()
	}, crashPause)
}

// fill runs the reflector until ctx ends.
func (c *controller) fill(ctx context.Context) {
	if err := c.feed.Run(ctx, newStoreSink(c.config.Queue)); err != nil && ctx.Err() == nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Reflector ended", "reflector", c.feed.name, "type", c.feed.expect.description)
	}
}

// resync asks the queue for resyncs, whenever one is due and wanted.
func (c *controller) resync(ctx context.Context) {
	if c.config.FullResyncPeriod <= 0 {
		return
	}
	ticker := time.NewTicker(c.config.FullResyncPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if c.feed.lists() == 0 || c.config.ShouldResync != nil && !c.config.ShouldResync() {
			continue
		}
		if err := c.config.Queue.Resync(); err != nil {
			klog.FromContext(ctx).Error(err, "Resync failed", "reflector", c.feed.name, "type", c.feed.expect.description)
		}
	}
}

// process pops until the queue is closed or ctx ends. As in client-go the
// errors of Process are Process's to report.
func (c *controller) process(ctx context.Context) {
	queue, batches := c.config.Queue.(QueueWithBatch)
	batches = batches && c.config.ProcessBatch != nil && features.FeatureGates().Enabled(features.InOrderInformersBatchProcess)
	for ctx.Err() == nil {
		var err error
		if batches {
			err = queue.PopBatch(c.config.ProcessBatch, PopProcessFunc(c.config.Process))
		} else {
			_, err = c.config.Pop(PopProcessFunc(c.config.Process))
		}
		if errors.Is(err, ErrFIFOClosed) {
			return
		}
	}
}

// HasSynced implements client-go's Controller.
func (c *controller) HasSynced() bool { return c.config.Queue.HasSynced() }

// HasSyncedChecker implements client-go's Controller.
func (c *controller) HasSyncedChecker() DoneChecker { return c.config.Queue.HasSyncedChecker() }

// LastSyncResourceVersion implements client-go's Controller.
func (c *controller) LastSyncResourceVersion() string { return c.feed.lastVersion() }
