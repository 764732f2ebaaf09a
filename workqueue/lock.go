package workqueue

import "sync"

const (
	// attempts is how often a busy lock is tried before its mutex is left to
	// put the goroutine to sleep.
	attempts = 4

	// pause is how many turns of an empty loop are between two attempts:
	// about a microsecond, in which whoever has the lock can take it ten
	// times more.
	pause = 3000
)

// lock is a mutex for sections that take less time than it takes to move what
// they touch from one processor to another, and far less than it takes to wake
// a goroutine. Whoever finds it busy keeps away for a moment, so that the other
// side does several sections in a row with warm caches and has nobody to wake.
// See BenchmarkQueue/workers=8 and workers=64.
//
// The wait is bounded. After it the mutex decides, with its own order and its
// own bound on starvation.
type lock struct{ mu sync.Mutex }

// Lock takes the lock. Both methods are those of sync.Locker.
func (l *lock) Lock() {
	if !l.tryLock() {
		l.insist()
	}
}

// Unlock releases the lock.
func (l *lock) Unlock() { l.mu.Unlock() }

// tryLock takes the lock unless it is busy. Add, Get and Done call it and insist
// themselves: the two together are too much to be inlined, which shows in
// BenchmarkQueue/cycle.
func (l *lock) tryLock() bool { return l.mu.TryLock() }

// insist takes a lock that was found busy.
func (l *lock) insist() {
	for range attempts {
		for range pause {
		}
		if l.mu.TryLock() {
			return
		}
	}
	l.mu.Lock()
}
