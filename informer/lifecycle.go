package informer

import (
	"context"
	"slices"
	"sync"
)

// lifecycle lets an informer run many times, but not twice at once (I9), and
// knows what of the present run has not ended.
//
// The goroutine that called Run calls begin, drain and end, in this order; the
// other goroutines of the run are started with Go, between begin and drain.
type lifecycle struct {
	name string

	// wg has the goroutines that Go started. It is zero when there is no run.
	wg sync.WaitGroup

	// ctx ends when the present run is to end, which cancel has it do. begin
	// writes both, under mu; the goroutines of the run read ctx without it.
	ctx    context.Context
	cancel context.CancelFunc

	mu sync.Mutex // guards what follows

	// ran is true once there was a run.
	ran bool

	// over is closed when nothing of the present run is left; nil without a
	// run.
	over chan struct{}

	// consuming is true while the caller of Run consumes the queue.
	consuming bool

	// running has the names of the goroutines that Go started and that have
	// not ended; two of them may have one name.
	running map[*string]struct{}
}

// begin starts a run, which end ends.
func (l *lifecycle) begin(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over != nil {
		return about(l.name, ErrRunning)
	}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.ran, l.over, l.consuming = true, make(chan struct{}), true
	l.running = make(map[*string]struct{})
	return nil
}

// Go runs fn in a goroutine that drain waits for.
func (l *lifecycle) Go(name string, fn func()) {
	id := &name
	l.mu.Lock()
	l.running[id] = struct{}{}
	l.mu.Unlock()
	l.wg.Go(func() {
		defer func() {
			l.mu.Lock()
			delete(l.running, id)
			l.mu.Unlock()
		}()
		fn()
	})
}

// consumed notes that the caller of Run consumes the queue no more.
func (l *lifecycle) consumed() {
	l.mu.Lock()
	l.consuming = false
	l.mu.Unlock()
}

// drain tells everything that belongs to the run to end, and waits for it.
func (l *lifecycle) drain() {
	l.cancel()
	l.consumed()
	l.wg.Wait()
}

// end makes room for the next run.
func (l *lifecycle) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.over)
	l.over = nil
}

// stop ends the present run, if there is one, and waits for it.
func (l *lifecycle) stop(ctx context.Context) error {
	l.mu.Lock()
	over, cancel := l.over, l.cancel
	l.mu.Unlock()
	if over == nil {
		return nil
	}
	cancel()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
	}
	left := l.left()
	if isClosed(over) {
		return nil
	}
	return &StopError{Informer: l.name, Running: left, Err: ctx.Err()}
}

// left names what has not ended of the present run.
func (l *lifecycle) left() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := make([]string, 0, len(l.running)+1)
	for name := range l.running {
		names = append(names, *name)
	}
	if l.consuming {
		names = append(names, "store")
	}
	slices.Sort(names)
	return names
}

// isStopped reports whether there was a run and there is none.
func (l *lifecycle) isStopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ran && l.over == nil
}

// present is the context of the present run, nil without one.
func (l *lifecycle) present() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over == nil {
		return nil
	}
	return l.ctx
}

// isRunning reports whether there is a run.
func (l *lifecycle) isRunning() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over != nil
}
