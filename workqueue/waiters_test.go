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
	for i := range 400 { // who runs first is left to chance
		synctest.Test(t, func(t *testing.T) { endWithSignal(t, i%2 == 0, i/2%2 == 0) })
	}
}

// endWithSignal lets an addition and the end of the context meet a waiter, in
// either order. With stolen, what was added is gone before the waiter runs.
func endWithSignal(t *testing.T, endFirst, stolen bool) {
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
	if endFirst {
		cancel()
	}
	q.Add("a")
	stole := false
	if stolen {
		_, stole = q.TryGet() // unless the waiter was quicker
	}
	cancel()
	<-done
	q.mu.Lock()
	left, waking, signals := q.waiters.parked, q.waiters.waking, 0
	for w := q.waiters.free; w != nil; w = w.next {
		signals += len(w.wake)
	}
	q.mu.Unlock()
	if signals > 0 {
		t.Fatal("a signal is left for the next who waits")
	}
	if left != nil || waking {
		t.Fatal("a waiter is left that nobody is behind")
	}
	rest, ok := q.TryGet()
	switch {
	case err == nil:
		if item != "a" || ok {
			t.Fatalf("got %q, and %q is left", item, rest)
		}
	case !errors.Is(err, context.Canceled):
		t.Fatal(err)
	case rest != "a" && !stole:
		t.Fatal("the item is lost")
	}
}

// Q7: GetBatch ends with its context, and with the queue.
func TestQ7GetBatchEndsWithItsContextAndTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options[string]{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		wait := func(ctx context.Context) {
			batch := make([]string, 4)
			n, err := q.GetBatch(ctx, batch)
			if n != 0 {
				t.Errorf("got %d items of an empty queue", n)
			}
			done <- err
		}
		go wait(ctx)
		synctest.Wait() // it waits for an item
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("GetBatch returned %v when its context ended", err)
		}
		go wait(t.Context())
		synctest.Wait()
		q.ShutDown()
		if err := <-done; !errors.Is(err, ErrShutDown) {
			t.Errorf("GetBatch returned %v when the queue was shut down", err)
		}
	})
}
