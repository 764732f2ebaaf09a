package workqueue

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A signal that comes together with the end of the context is neither lost nor
// left over: what was added is there for somebody, and nobody is taken for
// waiting who is not.
func TestQ7ASignalAndTheEndOfTheContextCanMeet(t *testing.T) {
	for _, stolen := range []bool{false, true} {
		for range 200 { // what a select takes of two is left to chance
			synctest.Test(t, func(t *testing.T) { endWithSignal(t, stolen) })
		}
	}
}

// endWithSignal lets an addition and the end of the context meet a waiter. With
// stolen, what was added is gone before the waiter runs.
func endWithSignal(t *testing.T, stolen bool) {
	q := New(Options[string]{})
	ctx, cancel := context.WithCancel(t.Context())
	var item string
	var err error
	done := make(chan struct{})
	go func() {
		item, err = q.GetContext(ctx)
		close(done)
	}()
	synctest.Wait()
	cancelled := make(chan struct{})
	go func() { cancel(); close(cancelled) }()
	q.Add("a")
	if stolen {
		q.TryGet()
	}
	<-cancelled
	<-done
	q.mu.Lock()
	left, waking := q.waiters.parked, q.waiters.waking
	q.mu.Unlock()
	if left != nil || waking {
		t.Fatal("a waiter is left that nobody is behind")
	}
	rest, ok := q.TryGet()
	switch {
	case stolen && !errors.Is(err, context.Canceled):
		t.Fatalf("got %q, %v", item, err)
	case !stolen && err == nil && item != "a", !stolen && err != nil && rest != "a", stolen && ok:
		t.Fatalf("got %q, %v, and %q is left", item, err, rest)
	}
}
