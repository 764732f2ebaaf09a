package workqueue

import "sync"

const (
	// attempts is how often the lock is tried before its mutex puts the
	// goroutine to sleep.
	attempts = 4

	// pause is how many turns of an empty loop are between two attempts. They
	// take about a microsecond, in which the holder of the lock can take it
	// ten times more.
	pause = 3000
)

// lock is a mutex for critical sections that are very short: shorter than the
// time in which a cache line moves to another processor, and far shorter than
// the time in which a goroutine is woken. A goroutine that finds it locked spins
// for a moment before it tries again, so that the other one passes several
// sections in a row with warm caches and has nobody to wake. See
// BenchmarkQueue/workers=8 and workers=64.
//
// The spinning is bounded. After it the mutex decides, with its own order and its
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

// tryLock takes the lock if nobody has it, and reports whether it did. Add, Get
// and Done call it and insist instead of Lock, which is too long to be inlined:
// that shows in BenchmarkQueue/cycle.
func (l *lock) tryLock() bool { return l.mu.TryLock() }

// insist takes a lock that tryLock has not taken.
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
