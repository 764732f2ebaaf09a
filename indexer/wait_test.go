package indexer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWaitForNeitherPollsNorStarts proves S5: in virtual time a wait of an hour
// costs nothing, and no goroutine but the caller's is there.
func TestWaitForNeitherPollsNorStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newThings(t, Options[*thing]{})
		began := time.Now()
		const waiting = 100
		errs := make(chan error, waiting)
		before := runtime.NumGoroutine()
		for i := range waiting {
			go func() { errs <- c.WaitFor(t.Context(), fmt.Sprint(1000+i)) }()
		}
		synctest.Wait() // all of them are blocked
		if n := runtime.NumGoroutine(); n > before+waiting {
			t.Errorf("%d goroutines for %d waits", n-before, waiting)
		}
		<-time.After(time.Hour) // virtual: would spin here if a wait polled
		c.Bookmark("999")
		synctest.Wait()
		if len(errs) != 0 {
			t.Errorf("%d waits ended too early", len(errs))
		}
		c.Bookmark("1049")
		synctest.Wait()
		if len(errs) != 50 {
			t.Errorf("%d waits ended, want 50", len(errs))
		}
		c.Bookmark("1099")
		for range waiting {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != time.Hour {
			t.Errorf("took %v", took)
		}
		if n := c.engine.notifier.versions.Load(); n != 0 {
			t.Errorf("%d waiters are left", n)
		}
	})
}

// TestWaitForGivesUpItsPlace proves S5: a wait that ends with its context
// leaves nothing behind.
func TestWaitForGivesUpItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newThings(t, Options[*thing]{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.WaitFor(ctx, "5"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitFor: %v", err)
		}
		if n := c.engine.notifier.oldest.Len(); n != 0 {
			t.Errorf("%d waiters are left", n)
		}
	})
}

// TestWaitForRefusesAStateWithoutOrder proves S5 for a server whose versions
// are no numbers.
func TestWaitForRefusesAStateWithoutOrder(t *testing.T) {
	c := newThings(t, Options[*thing]{Name: "things"})
	c.Bookmark("opaque")
	err := c.WaitFor(t.Context(), "5")
	if err == nil || !strings.Contains(err.Error(), "opaque") || !strings.Contains(err.Error(), "things") {
		t.Errorf("WaitFor: %v", err)
	}
}

// TestVersionsByBookmark proves S5 where several watches fill a store: an object of
// one says nothing of the others, and WaitFor waits for the bookmark of all. WaitForKey
// is about the object alone.
func TestVersionsByBookmark(t *testing.T) {
	c := newThings(t, Options[*thing]{VersionsByBookmark: true})
	c.Apply([]Change[*thing]{{Key: "a", Object: &thing{key: "a", version: "7"}, Type: ChangePut}}, "")
	c.Apply([]Change[*thing]{{Key: "a", Object: &thing{key: "a", version: "8"}, Type: ChangePut}}, "")
	c.Apply([]Change[*thing]{{Key: "a", Object: &thing{key: "a", version: "9"}, Type: ChangeRemove}}, "")
	if v := c.LastStoreSyncResourceVersion(); v != "" {
		t.Errorf("objects brought the state to %q", v)
	}
	c.Bookmark("5")
	c.Apply([]Change[*thing]{{Key: "b", Object: &thing{key: "b", version: "9"}, Type: ChangePut}}, "6")
	if v := c.LastStoreSyncResourceVersion(); v != "6" {
		t.Errorf("the state is at %q, want 6", v)
	}
	if err := c.WaitForKey(t.Context(), "b", "9"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.WaitFor(ctx, "7"); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor: %v, want it to wait", err)
	}
	c.ReplaceAll(nil, nil, "20", nil)
	if err := c.WaitFor(t.Context(), "20"); err != nil {
		t.Error(err)
	}
}
