package informer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

// pump moves what a source reports through a queue to a consumer.
type pump[T any] struct {
	name     string
	runner   reflector.Runner[T]
	newQueue func(context.Context) (deltafifo.Queue[T], error)
	logger   klog.Logger

	// gate is before the queue, and closed while a handler holds up the
	// consumer.
	gate gate

	// progress is what of the source's messages the consumer has stored.
	progress progress

	mu sync.Mutex

	// queue is that of the present run, nil when there is none; guarded by mu.
	queue deltafifo.Queue[T]
}

// consumer takes what a pump hands over: the processor of a SharedIndexInformer,
// or a Controller.
type consumer[T any] interface {
	// start comes first in each run. ctx is that of the run.
	start(ctx context.Context)

	// consume takes a batch. The goroutine that called start calls it.
	consume(ctx context.Context, b deltafifo.Batch[T])

	// markSynced is called when the queue has synced, at least once, by any
	// goroutine, and without delay: all batches of the first list were
	// consumed.
	markSynced()

	// stop is called when the run is to end, by any goroutine, more than
	// once, beside the last consume as well.
	stop()

	// checkPeriod is the time from one tick to the next, 0 for none;
	// periodChanged has a token when it became another. tick reports whether
	// a resync is due.
	checkPeriod() time.Duration
	periodChanged() <-chan struct{}
	tick(now time.Time) bool
}

// context returns the context that the goroutines of a run get.
func (p *pump[T]) context(l *lifecycle) context.Context {
	logger := p.logger
	if logger.GetSink() == nil {
		logger = klog.FromContext(l.ctx)
	}
	return klog.NewContext(l.ctx, klog.LoggerWithValues(logger, "informer", p.name))
}

// run pumps until the run of l ends or the source does.
func (p *pump[T]) run(ctx context.Context, l *lifecycle, queue deltafifo.Queue[T], c consumer[T]) error {
	var sourceErr error
	p.setQueue(queue)
	defer p.setQueue(nil)
	sourceDone := make(chan struct{})
	l.Go("source", func() {
		defer close(sourceDone)
		defer queue.Close()
		sourceErr = p.source(ctx, queue)
	})
	l.Go("timer", func() { p.watch(ctx, queue, c) })

	err := p.consume(ctx, queue, c)
	l.consumed() // Stop names the source then, and not the store
	stopped := l.ctx.Err() != nil
	l.cancel()
	queue.Close()
	<-sourceDone
	switch {
	case stopped:
		return nil
	case err != nil:
		return fmt.Errorf("informer: the queue of %s failed: %w", p.name, err)
	case sourceErr != nil:
		return fmt.Errorf("informer: the source of %s failed: %w", p.name, sourceErr)
	}
	return about(p.name, ErrSourceEnded)
}

func (p *pump[T]) setQueue(queue deltafifo.Queue[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = queue
}

// depth is the number of deltas in the queue, 0 without a run.
func (p *pump[T]) depth() int {
	p.mu.Lock()
	queue := p.queue
	p.mu.Unlock()
	if queue == nil {
		return 0
	}
	return queue.Len()
}

// source runs the runner, again if it panics and the process survives that.
func (p *pump[T]) source(ctx context.Context, queue deltafifo.Queue[T]) (err error) {
	sink := newGatedSink(queue, &p.gate, &p.progress)
	for ctx.Err() == nil {
		if survives(ctx, func() { err = p.runner.Run(ctx, sink) }) {
			return err
		}
		pause(ctx, crashPause)
	}
	return nil
}

// consume pops until ctx ends or the queue is closed and empty.
func (p *pump[T]) consume(ctx context.Context, queue deltafifo.Queue[T], c consumer[T]) (err error) {
	process := func(b deltafifo.Batch[T]) error {
		weigh(&p.progress, b)
		c.consume(ctx, b)
		return nil
	}
	defer p.progress.end()
	synced := false
	for ctx.Err() == nil {
		pop := p.progress.between(ctx, queue.Len)
		if !survives(ctx, func() { err = queue.Pop(pop, process) }) {
			pause(ctx, crashPause)
			continue
		}
		if err != nil && pop.Err() != nil && ctx.Err() == nil {
			continue // somebody asks how far it has come
		}
		if errors.Is(err, deltafifo.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if !synced && queue.HasSynced() {
			synced = true
			c.markSynced()
		}
	}
	return nil
}

// watch tells the consumer when the queue has synced, when a resync is due and
// when the run ends.
func (p *pump[T]) watch(ctx context.Context, queue deltafifo.Queue[T], c consumer[T]) {
	defer c.stop()
	synced := queue.Synced()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	rearm(timer, c.checkPeriod())
	for {
		select {
		case <-ctx.Done():
			return
		case <-synced:
			synced = nil
			c.markSynced()
		case <-c.periodChanged():
			rearm(timer, c.checkPeriod())
		case now := <-timer.C:
			if c.tick(now) {
				// The queue can only be closed, and then ctx is over soon.
				_ = queue.Resync()
			}
			rearm(timer, c.checkPeriod())
		}
	}
}

// rearm lets the timer go off after d, or never if d is 0.
func rearm(timer *time.Timer, d time.Duration) {
	timer.Stop()
	if d > 0 {
		timer.Reset(d)
	}
}
