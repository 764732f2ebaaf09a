package informer

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer/mutation"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// newDetector makes the detector that opts ask for, or none.
func newDetector[T any](opts Options[T], suspects func() []string) (*mutation.Detector[T], error) {
	if opts.Detector == nil {
		return nil, nil
	}
	o := *opts.Detector
	if o.Copy == nil {
		return nil, about(opts.name(), ErrNoCopy)
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
	return mutation.New(o), nil
}

// detect runs the detector, if there is one, until the run ends. A callback of
// its options that panics is dealt with as any other (I8).
func (b *base[T]) detect(ctx context.Context) {
	detector := b.applier.detector
	if detector == nil {
		return
	}
	b.lifecycle.Go("mutation detector", func() {
		for !survives(ctx, func() { detector.Run(ctx) }) {
			if pause(ctx, crashPause); ctx.Err() != nil {
				return
			}
		}
	})
}

// observeList shows the observers what a list brings that the store does not
// have yet.
func (a *applier[T]) observeList(list *deltafifo.List[T]) {
	a.observeAll(len(list.Keys), func(i int) (string, T, bool) {
		key, obj := list.Keys[i], list.Objects[i]
		stored, exists, err := a.store.GetByKey(key)
		version := a.access.Version(obj)
		same := err == nil && exists && version != "" && version == a.access.Version(stored)
		return key, obj, !same || a.relistUpdates
	})
}

// observeEach shows the observers what deltas bring.
func (a *applier[T]) observeEach(deltas []deltafifo.Delta[T]) {
	a.observeAll(len(deltas), func(i int) (string, T, bool) {
		d := &deltas[i]
		return d.Key, d.Object, d.Type != deltafifo.DeltaDeleted && d.Type != deltafifo.DeltaSync
	})
}

// observeAll shows the detector and Options.Observe n objects, of which at
// reports whether the store is about to take them.
func (a *applier[T]) observeAll(n int, at func(i int) (key string, obj T, taken bool)) {
	if a.detector != nil {
		a.detector.ObserveAll(n, at)
	}
	if a.observe == nil {
		return
	}
	for i := range n {
		if key, obj, taken := at(i); taken {
			a.observeOne(key, obj)
		}
	}
}

// observeOne makes one call of Options.Observe, whose panic costs no event if
// the process survives it (I8).
func (a *applier[T]) observeOne(key string, obj T) {
	defer utilruntime.HandleCrashWithLogger(a.logger)
	a.observe(key, obj)
}

// atWork knows which handlers were in a callback since it was last asked.
type atWork[T any] struct {
	mu sync.Mutex
	// counts has what the callers' counts were; guarded by mu.
	counts map[*Registration[T]]uint64
}

// suspects names the handlers that were in a callback since the last call of
// suspects, sorted.
func (p *processor[T]) suspects() []string {
	p.mu.Lock()
	handlers := slices.Collect(maps.Keys(p.handlers))
	p.mu.Unlock()
	return p.atWork.names(handlers)
}

func (w *atWork[T]) names(handlers []*Registration[T]) (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.counts
	w.counts = make(map[*Registration[T]]uint64, len(handlers))
	for _, r := range handlers {
		now, called := r.caller.since(before[r])
		if w.counts[r] = now; called {
			names = append(names, r.name)
		}
	}
	slices.Sort(names)
	return names
}
