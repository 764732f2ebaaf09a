package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector/httpsource"
)

// patience is how long the cache may take for its first list, to recover from a
// fault, and to agree with the server at the end.
const patience = 20 * time.Second

var errDisagree = errors.New("cache and server do not agree")

// drive runs the pipeline while the world goes on, then compares and reports.
func drive[T httpsource.Object](ctx context.Context, s settings, p *pipeline[T], world func(context.Context) error) (err error) {
	running, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	var runErr error
	group.Go(func() { runErr = p.run(running, s.workers) })
	group.Go(func() { p.show(running) })
	defer func() {
		stop()
		group.Wait()
		err = errors.Join(err, runErr)
		if ctx.Err() != nil {
			err = errors.New("interrupted before the comparison")
		}
	}()

	syncing, cancel := context.WithTimeout(running, patience)
	defer cancel()
	if err := informer.WaitForSync(syncing, p.handler); err != nil {
		return err
	}
	if err := world(running); err != nil {
		return err
	}
	v, err := p.compareUntilAgreed(running, patience)
	if err != nil {
		return err
	}
	p.report(v)
	if !v.agrees() {
		return errDisagree
	}
	p.screen.say("", "cache and server agree")
	return nil
}

func indexNames[T httpsource.Object](p *pipeline[T]) []string {
	return slices.Sorted(maps.Keys(p.informer.Indexer().GetIndexers()))
}
