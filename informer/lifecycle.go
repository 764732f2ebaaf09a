package informer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// lifecycle lets something run many times, but not twice at once (I9).
type lifecycle struct {
	name string

	mu      sync.Mutex
	present *scope // the run that is not over; guarded by mu
	ran     bool   // there was a run; guarded by mu
}

// scope is one run.
type scope struct {
	// ctx ends when the run is to end.
	ctx    context.Context
	cancel context.CancelFunc

	// tasks are all goroutines of the run but the one that called Run.
	tasks tasks

	// consuming is true while the caller of Run consumes the queue.
	consuming atomic.Bool

	// over is closed when nothing of the run is left.
	over chan struct{}
}

// begin starts a run, which end ends.
func (l *lifecycle) begin(ctx context.Context) (*scope, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.present != nil {
		return nil, fmt.Errorf("informer %s %w", l.name, ErrRunning)
	}
	s := &scope{over: make(chan struct{})}
	s.consuming.Store(true)
	s.ctx, s.cancel = context.WithCancel(ctx)
	l.present, l.ran = s, true
	return s, nil
}

// drain tells everything that belongs to the run to end, and waits for it.
func (l *lifecycle) drain(s *scope) {
	s.cancel()
	s.consuming.Store(false)
	s.tasks.wait()
}

// end makes room for the next run.
func (l *lifecycle) end(s *scope) {
	l.mu.Lock()
	l.present = nil
	l.mu.Unlock()
	close(s.over)
}

// stop ends the present run, if any, and waits for it.
func (l *lifecycle) stop(ctx context.Context) error {
	l.mu.Lock()
	s := l.present
	l.mu.Unlock()
	if s == nil {
		return nil
	}
	s.cancel()
	select {
	case <-s.over:
		return nil
	case <-ctx.Done():
	}
	if isClosed(s.over) {
		return nil
	}
	return &StopError{Informer: l.name, Running: s.left(), Err: ctx.Err()}
}

// left names what has not ended.
func (s *scope) left() []string {
	names := s.tasks.names()
	if s.consuming.Load() {
		names = append(names, "store")
	}
	return names
}

// stopped tells whether there was a run and there is none.
func (l *lifecycle) stopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ran && l.present == nil
}

// running tells whether there is a run.
func (l *lifecycle) running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.present != nil
}
