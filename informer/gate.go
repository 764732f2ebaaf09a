package informer

import (
	"context"
	"sync/atomic"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/reflector"
)

// gate keeps a source from filling the queue of which the consumer is held up by
// a handler with BacklogBackpressure. Its zero value is open.
type gate struct {
	// closed is nil while the gate is open.
	closed atomic.Pointer[closure]
}

// closure is one time that a gate is closed for who finds limit deltas in the queue.
type closure struct {
	limit  int
	opened chan struct{}
}

// shut closes the gate until the function is called that it returns. One
// goroutine at a time calls it.
func (g *gate) shut(limit int) (open func()) {
	c := &closure{limit: limit, opened: make(chan struct{})}
	g.closed.Store(c)
	return func() {
		g.closed.Store(nil)
		close(c.opened)
	}
}

// pass waits until the gate is open or there are fewer deltas in the queue than
// its limit. The error is ctx.Err().
func (g *gate) pass(ctx context.Context, depth func() int) error {
	for c := g.closed.Load(); c != nil && depth() >= c.limit; c = g.closed.Load() {
		select {
		case <-c.opened:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// gatedSink is a queue behind a gate, as the source sees it.
type gatedSink[T any] struct {
	reflector.Sink[T]
	gate     *gate
	progress *progress
	depth    func() int

	// begun is when the open list was.
	begun int64
}

// pass waits for the gate, and notes that a message comes: one of now, or of since if
// that is above 0. The error is ctx.Err().
func (s *gatedSink[T]) pass(ctx context.Context, since int64) error {
	if since == 0 && s.gate.closed.Load() != nil {
		since = s.progress.now()
	}
	if err := s.gate.pass(ctx, s.depth); err != nil {
		return err
	}
	s.progress.comes(since)
	return nil
}

// Begin notes when the list was begun: what it shows may be as old.
func (s *gatedSink[T]) Begin(ctx context.Context) error {
	s.begun = s.progress.now()
	return s.Sink.Begin(ctx)
}

// newGatedSink returns the sink of a source. It is a reflector.KeyedSink if the queue
// is one.
func newGatedSink[T any](queue deltafifo.Queue[T], g *gate, p *progress) reflector.Sink[T] {
	gated := &gatedSink[T]{Sink: queue, gate: g, progress: p, depth: queue.Len}
	if keyed, ok := queue.(reflector.KeyedSink[T]); ok {
		return &gatedKeyedSink[T]{gated, keyed}
	}
	return gated
}

// gatedKeyedSink is a gatedSink before a queue that takes deletions by key.
type gatedKeyedSink[T any] struct {
	*gatedSink[T]
	keyed reflector.KeyedSink[T]
}

// DeleteKey waits for the gate.
func (s *gatedKeyedSink[T]) DeleteKey(ctx context.Context, key string) error {
	if err := s.pass(ctx, 0); err != nil {
		return err
	}
	return s.keyed.DeleteKey(ctx, key)
}

// Commit waits for the gate.
func (s *gatedSink[T]) Commit(ctx context.Context, resourceVersion string) error {
	if err := s.pass(ctx, s.begun); err != nil {
		return err
	}
	return s.Sink.Commit(ctx, resourceVersion)
}

// Add waits for the gate.
func (s *gatedSink[T]) Add(ctx context.Context, obj T) error {
	if err := s.pass(ctx, 0); err != nil {
		return err
	}
	return s.Sink.Add(ctx, obj)
}

// Update waits for the gate.
func (s *gatedSink[T]) Update(ctx context.Context, obj T) error {
	if err := s.pass(ctx, 0); err != nil {
		return err
	}
	return s.Sink.Update(ctx, obj)
}

// Delete waits for the gate.
func (s *gatedSink[T]) Delete(ctx context.Context, obj T) error {
	if err := s.pass(ctx, 0); err != nil {
		return err
	}
	return s.Sink.Delete(ctx, obj)
}

// Bookmark waits for the gate.
func (s *gatedSink[T]) Bookmark(ctx context.Context, resourceVersion string) error {
	if err := s.pass(ctx, 0); err != nil {
		return err
	}
	return s.Sink.Bookmark(ctx, resourceVersion)
}
