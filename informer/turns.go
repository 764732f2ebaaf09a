package informer

import (
	"context"
	"slices"
	"sync"
)

// turns limits how many lists are in flight. They begin in the order in which they
// were asked for. A nil *turns sets no limit.
type turns struct {
	mu sync.Mutex

	// free is how many more may begin; it is 0 while some wait.
	free    int
	waiting []*turn
}

// turn is a place among the lists: one that waits, or one that may begin.
type turn struct {
	of *turns

	// ready is closed when the list may begin.
	ready chan struct{}

	// over is true after end; guarded by of.mu.
	over bool
}

func newTurns(limit int) *turns {
	if limit == 0 {
		return nil
	}
	return &turns{free: limit}
}

// ask takes a place, which is given back by its end. It never waits.
func (t *turns) ask() *turn {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := &turn{of: t, ready: make(chan struct{})}
	if t.free > 0 {
		t.free--
		close(u.ready)
	} else {
		t.waiting = append(t.waiting, u)
	}
	return u
}

// wait waits until the list may begin. When ctx ends first it gives the place back,
// and the error is ctx.Err().
func (u *turn) wait(ctx context.Context) error {
	select {
	case <-u.ready:
		return nil
	case <-ctx.Done():
		u.end()
		return ctx.Err()
	}
}

// end gives the place back, once.
func (u *turn) end() {
	if u == nil {
		return
	}
	t := u.of
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.over {
		return
	}
	u.over = true
	if i := slices.Index(t.waiting, u); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
		return
	}
	if len(t.waiting) == 0 {
		t.free++
		return
	}
	close(t.waiting[0].ready)
	t.waiting = slices.Delete(t.waiting, 0, 1)
}

// inTurn is an Options.Turn that waits for both, in this order; nil is none.
func inTurn(first, second func(context.Context) (func(), error)) func(context.Context) (func(), error) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context) (func(), error) {
		end, err := first(ctx)
		if err != nil {
			return end, err
		}
		endSecond, err := second(ctx)
		both := func() {
			if endSecond != nil {
				endSecond()
			}
			end()
		}
		if err != nil {
			both()
			return nil, err
		}
		return both, nil
	}
}
