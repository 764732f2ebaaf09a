package main

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/go-logr/logr/funcr"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/workqueue"
)

// pipeline is the data flow of the README's picture: one field for each box.
type pipeline[T httpsource.Object] struct {
	source    reflector.ListerWatcher[T]
	reflector *reflector.Reflector[T]
	informer  *informer.SharedIndexInformer[T]
	handler   *informer.Registration[T]
	queue     *workqueue.RateLimitingQueue[string]
	reconcile func(ctx context.Context, obj T) error

	// What the handler and the workers have seen.
	adds, updates, deletes, reconciled, errors atomic.Uint64
	failures                                   failures
	screen                                     *screen
}

func newPipeline[T httpsource.Object](out *screen, source reflector.ListerWatcher[T], indexers indexer.Indexers[T], reconcile func(context.Context, T) error) (*pipeline[T], error) {
	p := &pipeline[T]{screen: out, source: source, reconcile: reconcile}
	logger := funcr.New(func(_, line string) { out.say("  log: ", "%s", line) }, funcr.Options{})

	// From the server to the queue of deltas. What goes wrong on the way is
	// shown; the reflector itself goes on. All times are its defaults.
	var err error
	p.reflector, err = reflector.New(source, reflector.Options{
		Name:   "quickstart",
		Logger: logger,
		OnError: func(_ context.Context, err error) {
			p.errors.Add(1)
			p.screen.say("  error: ", "%v", err)
		},
	})
	if err != nil {
		return nil, err
	}

	// From the queue of deltas to the indexer and the handlers.
	in, err := informer.NewFromRunner(object.Meta[T](), p.reflector, informer.Options[T]{
		Name:         "quickstart",
		Logger:       logger,
		Indexers:     indexers,
		SourceStatus: p.reflector.Status,
	})
	if err != nil {
		return nil, err
	}
	p.informer = in

	// From the handler to the workers: keys only. Whatever happens to an
	// object, the worker looks at its present state.
	p.queue = workqueue.NewRateLimiting(workqueue.Options[string]{Name: "quickstart", Logger: logger})
	p.handler, err = in.AddHandler(informer.HandlerFunc[T](func(_ context.Context, e informer.Event[T]) {
		switch e.Type {
		case informer.EventAdd:
			p.adds.Add(1)
		case informer.EventUpdate:
			p.updates.Add(1)
		case informer.EventDelete:
			p.deletes.Add(1)
		}
		p.queue.Add(e.Key)
	}), informer.HandlerOptions{Name: "keys"})
	return p, err
}

// run runs the informer and the workers until ctx ends. A failed key comes again,
// later each time.
func (p *pipeline[T]) run(ctx context.Context, workers int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := p.informer.Run(ctx)
		p.queue.ShutDown()
		ended <- err
	}()
	err := workqueue.Run(ctx, p.queue, workers, p.work, workqueue.RunOptions[string]{
		OnError: func(_ context.Context, key string, err error) { p.failures.add(key, err) },
	})
	cancel()
	return errors.Join(err, <-ended)
}

// work works on one key.
func (p *pipeline[T]) work(ctx context.Context, key string) error {
	obj, exists, err := p.informer.Indexer().GetByKey(key)
	if err == nil && exists {
		err = p.reconcile(ctx, obj)
	}
	if err == nil {
		p.reconciled.Add(1)
		p.failures.remove(key)
	}
	return err
}
