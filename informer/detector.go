package informer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
)

// newDetector makes the detector that opts ask for, or none.
func newDetector[T any](opts Options[T], suspects func() []string) (*indexer.MutationDetector[T], error) {
	if opts.Detector == nil {
		return nil, nil
	}
	o := *opts.Detector
	if o.Copy == nil {
		return nil, fmt.Errorf("informer %s %w", opts.name(), ErrNoCopy)
	}
	if o.Name == "" {
		o.Name = opts.name()
	}
	if o.Logger.GetSink() == nil {
		o.Logger = opts.Logger
	}
	if o.Suspects == nil {
		o.Suspects = suspects
	}
	return indexer.NewMutationDetector(o), nil
}

// detect runs the detector, if there is one, until the run ends. A callback of
// its options that panics is dealt with as any other (I8).
func (b *base[T]) detect(ctx context.Context, s *scope) {
	detector := b.applier.detector
	if detector == nil {
		return
	}
	s.tasks.Go("mutation detector", func() {
		for !survives(ctx, func() { detector.Run(ctx) }) {
			if pause(ctx, crashPause); ctx.Err() != nil {
				return
			}
		}
	})
}

// observeList shows the detector what a list brings that the store does not
// have yet.
func (a *applier[T]) observeList(list *deltafifo.List[T]) {
	if a.detector == nil {
		return
	}
	a.detector.ObserveAll(len(list.Keys), func(i int) (string, T, bool) {
		key, obj := list.Keys[i], list.Objects[i]
		stored, exists, err := a.store.GetByKey(key)
		version := a.access.Version(obj)
		same := err == nil && exists && version != "" && version == a.access.Version(stored)
		return key, obj, !same
	})
}

// observeEach shows the detector what deltas bring.
func (a *applier[T]) observeEach(deltas []deltafifo.Delta[T]) {
	if a.detector == nil {
		return
	}
	a.detector.ObserveAll(len(deltas), func(i int) (string, T, bool) {
		d := &deltas[i]
		return d.Key, d.Object, d.Type != deltafifo.Deleted && d.Type != deltafifo.Sync
	})
}

// atWork tells which handlers were in a callback since it was last asked.
type atWork[T any] struct {
	mu sync.Mutex
	// calls has Registration.calls as they were.
	calls map[*Registration[T]]uint64
}

// names returns their names, sorted.
func (w *atWork[T]) names(p *processor[T]) []string {
	p.mu.Lock()
	handlers := make([]*Registration[T], 0, len(p.handlers))
	for r := range p.handlers {
		handlers = append(handlers, r)
	}
	p.mu.Unlock()

	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.calls
	w.calls = make(map[*Registration[T]]uint64, len(handlers))
	var names []string
	for _, r := range handlers {
		now, called := r.calls.since(before[r])
		if w.calls[r] = now; called {
			names = append(names, r.name)
		}
	}
	slices.Sort(names)
	return names
}
