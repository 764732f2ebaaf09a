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
	left, waking, signals := q.waiters.n, q.waiters.waking, len(q.waiters.wake)
	q.mu.Unlock()
	if left != 0 {
		t.Fatal("a waiter is left that nobody is behind")
	}
	if waking != (signals == 1) {
		t.Fatalf("%d signals are left (one should be: %v)", signals, waking)
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
	// A signal that was left harms nobody: who waits next gets what comes next.
	got := make(chan string)
	for range 2 {
		go func() {
			item, _ := q.Get()
			got <- item
		}()
	}
	synctest.Wait()
	q.Add("b")
	q.Add("c")
	if x, y := <-got, <-got; x == y || x+y != "bc" && x+y != "cb" {
		t.Fatalf("waiters got %q and %q", x, y)
	}
}

// Q5: a shutdown ends the wait of everybody who waits, one after the other.
func TestQ5AShutDownWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options[string]{})
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 100)
		for i := range cap(errs) {
			go func() {
				if i%2 == 0 {
					_, err := q.GetContext(ctx)
					errs <- err
				} else if _, down := q.Get(); down {
					errs <- ErrShutDown
				}
			}()
		}
		synctest.Wait()
		go q.ShutDown()
		go cancel()
		synctest.Wait()
		if len(errs) != cap(errs) {
			t.Fatalf("%d of %d have returned", len(errs), cap(errs))
		}
		close(errs)
		for err := range errs {
			if !errors.Is(err, ErrShutDown) && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
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
