// Package perturb wraps a source of objects so that a test can show its controller
// what a server may show it, and seldom does: a cache that lags, states that nobody
// saw, and a past that comes back. These are the patterns behind most bugs of
// controllers that Sieve found (OSDI 2022). Nothing of it is against the rules of the
// API: a controller that does wrong by it has a bug.
//
// A wrapper is a reflector.ListerWatcher and goes where the source went, also around
// another wrapper. Any goroutine may call its methods.
package perturb

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Back shows an informer that is made anew the state of an earlier time, as one API
// server of several does that lags behind the others. NewBack makes one.
type Back[T metav1.Object] struct {
	reflector.ListerWatcher[T]
	copy   func(T) T
	mu     sync.Mutex // guards what follows
	marked bool
	meta   metav1.ListMeta
	items  []T
}

// NewBack returns a Back of lw. copy makes a deep copy, such as (*v1.Pod).DeepCopy.
// It panics if either is nil.
func NewBack[T metav1.Object](lw reflector.ListerWatcher[T], copy func(T) T) *Back[T] {
	if lw == nil || copy == nil {
		panic("perturb: NewBack was given a nil ListerWatcher or copy: give it the source of an informer, and a function that copies an object")
	}
	return &Back[T]{ListerWatcher: lw, copy: copy}
}

// Mark lists the source and keeps the answer. From then on that is the answer to every
// list that accepts any version, as the first one of an informer of client-go does, and
// here of one with reflector.Options.FirstListAnyVersion; the watch that follows brings
// what happened since, unless the source is a Stale that is held.
func (b *Back[T]) Mark(ctx context.Context) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = nil
	b.meta, err = b.ListerWatcher.List(ctx, metav1.ListOptions{}, func(p reflector.Part[T]) error {
		b.items = append(b.items, p.Items...)
		return nil
	})
	b.marked = err == nil
	return err
}

// List lists what was marked, if any version will do.
func (b *Back[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	b.mu.Lock()
	marked, items, meta := b.marked, slices.Clone(b.items), b.meta
	b.mu.Unlock()
	if !marked || opts.ResourceVersion != "0" {
		return b.ListerWatcher.List(ctx, opts, part)
	}
	for i := range items {
		items[i] = b.copy(items[i])
	}
	return meta, part(reflector.Part[T]{Items: items})
}

// Watch watches the source. It refuses lists as streams, which are never old.
func (b *Back[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[T], error) {
	if opts.SendInitialEvents != nil && *opts.SendInitialEvents {
		return nil, reflector.ErrNoStreamedList
	}
	return b.ListerWatcher.Watch(ctx, opts)
}

// Gate is a source that can be held, by Hold until Release. NewStale and NewSkipping
// make one.
type Gate[T metav1.Object] struct {
	reflector.ListerWatcher[T]
	skips  bool
	mu     sync.Mutex // guards what follows
	held   bool
	turned chan struct{} // closed when held changes
}

// NewStale returns a Gate behind which a cache lags while it is held: events and lists
// wait, and come in their order after Release. It panics if lw is nil.
func NewStale[T metav1.Object](lw reflector.ListerWatcher[T]) *Gate[T] {
	return newGate(lw, false)
}

// NewSkipping returns a Gate whose watches lose what comes while it is held. They end
// with Release, as one does that was cut for longer than the server remembers (410),
// and the list that follows has the last state of each object alone: nobody learns of
// the states before it, nor of what was created and deleted; what was deleted and
// created has another UID. Lists in pages pass at any
// time. It panics if lw is nil.
func NewSkipping[T metav1.Object](lw reflector.ListerWatcher[T]) *Gate[T] {
	return newGate(lw, true)
}

func newGate[T metav1.Object](lw reflector.ListerWatcher[T], skips bool) *Gate[T] {
	if lw == nil {
		panic("perturb: a Gate was given a nil ListerWatcher: give it the source of an informer")
	}
	return &Gate[T]{ListerWatcher: lw, turned: make(chan struct{}), skips: skips}
}

// Hold keeps back what the source says.
func (g *Gate[T]) Hold() { g.turn(true) }

// Release ends Hold.
func (g *Gate[T]) Release() { g.turn(false) }

func (g *Gate[T]) turn(held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != held {
		close(g.turned)
		g.held, g.turned = held, make(chan struct{})
	}
}

func (g *Gate[T]) state() (held bool, turned <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held, g.turned
}

// pass waits while the gate is held, and reports whether it was.
func (g *Gate[T]) pass(ctx context.Context, closed <-chan struct{}) (waited bool, err error) {
	for held, turned := g.state(); held; held, turned = g.state() {
		waited = true
		select {
		case <-turned:
		case <-closed:
			return true, io.EOF
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
	return waited, nil
}

// List lists the source.
func (g *Gate[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	if !g.skips {
		if _, err := g.pass(ctx, nil); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	return g.ListerWatcher.List(ctx, opts, part)
}

// Watch watches the source.
func (g *Gate[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[T], error) {
	inner, err := g.ListerWatcher.Watch(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &stream[T]{Stream: inner, gate: g, ctx: ctx, closed: make(chan struct{})}, nil
}

// stream is a watch of a Gate.
type stream[T metav1.Object] struct {
	reflector.Stream[T]
	gate   *Gate[T]
	ctx    context.Context
	once   sync.Once
	closed chan struct{}
}

// Next returns what the source brings, once the gate is not held.
func (s *stream[T]) Next() (reflector.Event[T], error) {
	event, err := s.Stream.Next()
	waited, ended := s.gate.pass(s.ctx, s.closed)
	switch {
	case ended != nil:
		return reflector.Event[T]{}, ended
	case waited && s.gate.skips:
		return reflector.Event[T]{}, apierrors.NewResourceExpired("perturb: events were skipped")
	}
	return event, err
}

// Close ends the watch of the source.
func (s *stream[T]) Close() {
	s.once.Do(func() { close(s.closed) })
	s.Stream.Close()
}
