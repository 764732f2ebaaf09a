package indexer

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// oldState fills a store, takes a snapshot and changes everything, so that the
// snapshot holds on to all chunks.
func oldState(t *testing.T) (*Cache[*thing], Snapshot[*thing]) {
	t.Helper()
	c := newThings(t, Options[*thing]{})
	fill := func(version string) {
		items := make([]*thing, 20_000)
		for i := range items {
			items[i] = &thing{key: fmt.Sprint("a/", i), version: version}
		}
		if err := c.Replace(items, version); err != nil {
			t.Fatal(err)
		}
	}
	fill("1")
	s := c.Snapshot()
	fill("2")
	if held := stillHeld(c); held < 4*stepSize {
		t.Fatalf("the snapshot holds %d things, too few for this test", held)
	}
	return c, s
}

// TestReleaseCleansUpAStoreThatNobodyWrites proves that what a snapshot held is
// freed without a further write, once there has been none for a while.
func TestReleaseCleansUpAStoreThatNobodyWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := oldState(t)
		s.Release()
		pass(writersPause)
		if held := stillHeld(c); held != 0 {
			t.Errorf("%d things are still held", held)
		}
	})
}

// pass lets time pass in a bubble, and what happens then happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// TestTheTimerLeavesTheCleanUpToWriters proves S2: while a store is written,
// nobody but a writer takes the writers' turn. Once it is not any more, what the
// writers left is cleaned up.
func TestTheTimerLeavesTheCleanUpToWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := oldState(t)
		e := c.engine
		s.Release()
		pass(writersPause / 2)
		e.clock.Commit(e.clock.Now() + 1) // a writer that is not through with its turn
		before := stillHeld(c)
		pass(writersPause)
		if held := stillHeld(c); held != before {
			t.Errorf("%d things were taken out, although there was a writer", before-held)
		}
		pass(writersPause)
		if held := stillHeld(c); held != 0 {
			t.Errorf("%d things are still held when nobody writes any more", held)
		}
	})
}

// TestAWriterDoesNotWaitForAReader proves S2: a reader that releases a version,
// and the timer that it sets, leave the clean-up to a writer that has arrived,
// who first has its turn.
func TestAWriterDoesNotWaitForAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := oldState(t)
		e := c.engine
		before := stillHeld(c)
		s.Release()
		if held := stillHeld(c); held != before {
			t.Errorf("the reader took out %d things", before-held)
		}
		e.arriving.Add(1) // a writer, as lock counts it
		pass(writersPause)
		if held := stillHeld(c); held != before {
			t.Errorf("the timer took out %d things in the writer's way", before-held)
		}
		if !e.mu.TryLock() {
			t.Fatal("somebody has the writers' turn")
		}
		e.arriving.Add(-1)
		tx := e.begin()
		tx.commit()
		// What was retired by the writer itself is all that it paid for.
		if held := e.col.Held(); held < before-2 {
			t.Errorf("a commit that changed nothing took out %d of %d things", before-held, before)
		}
		e.unlock()
		if held := stillHeld(c); held != 0 {
			t.Errorf("%d things are still held after the writer's turn", held)
		}
	})
}

// TestAWriterThatArrivesWaitsForOneStep proves S2: when the clean-up is under
// way already, it ends after a bounded step.
func TestAWriterThatArrivesWaitsForOneStep(t *testing.T) {
	c, s := oldState(t)
	e := c.engine
	before := e.col.Held()
	e.mu.Lock() // so that the release leaves everything to this test
	s.Release()
	if more := e.col.Step(stepSize); !more {
		t.Fatal("one step did it all")
	}
	if done := before - e.col.Held(); done == 0 || done > stepSize {
		t.Errorf("a step took out %d things, want 1 to %d", done, stepSize)
	}
	e.unlock()
	if held := e.col.Held(); held != 0 {
		t.Errorf("%d things are still held when nobody writes", held)
	}
}

// TestATimerThatIsLostIsSetAgain proves that a store which outlives a bubble with
// its timer cleans up by timer again, once it has been written.
func TestATimerThatIsLostIsSetAgain(t *testing.T) {
	c := newThings(t, Options[*thing]{})
	write := func(version string) {
		if err := c.Add(&thing{key: "a/x", version: version}); err != nil {
			t.Error(err)
		}
	}
	synctest.Test(t, func(*testing.T) { // ends before its timer
		write("1")
		s := c.Snapshot()
		write("2")
		s.Release()
	})
	synctest.Test(t, func(*testing.T) {
		pass(2 * overdue)
		write("3")
		s := c.Snapshot()
		write("4")
		s.Release()
		if held := stillHeld(c); held == 0 {
			t.Fatal("the snapshot held nothing")
		}
		pass(writersPause)
		if held := stillHeld(c); held != 0 {
			t.Errorf("%d things are still held", held)
		}
	})
}
