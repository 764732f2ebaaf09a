package cache

import "sync"

// firstList tells when a RealFIFO has synced. It is the engine's rule, applied
// to what the consumer was handed instead of what was taken from the engine.
type firstList struct {
	mu      sync.Mutex
	done    chan struct{} // closed once
	started bool          // an event or a list came
	open    bool          // a list came first and is not processed
	begun   bool          // it was unfolded
}

// event notes that an event was queued.
func (l *firstList) event() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.started = true
		close(l.done)
	}
}

// list notes that a list was queued; nothing of it will be handed out if so.
func (l *firstList) list(nothing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started {
		return
	}
	l.started, l.open = true, true
	if nothing {
		l.close()
	}
}

// unfolding notes that the consumer has got to a list. Producers note a list
// after they queued it: it may be the first to know.
func (l *firstList) unfolding() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.started, l.open = true, true
	}
	l.begun = true
}

// processed notes that everything that was unfolded has been processed.
func (l *firstList) processed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun {
		l.close()
	}
}

func (l *firstList) close() {
	if l.open {
		l.open = false
		close(l.done)
	}
}
