package workqueue

// waiter is a goroutine that waits in Get. A signal is one value in wake.
type waiter struct {
	wake chan struct{} // of capacity 1, so that waking never waits
	next *waiter
}

// waiters are the goroutines that wait for an item, the last to come first:
// what it needs is still in the processor's caches.
//
// At most one of them is being woken at any time. It wakes the next when it
// finds more than one item, so that a producer that is faster than a wake-up
// does not pay for one per item. All fields are guarded by the queue's lock.
type waiters struct {
	parked *waiter
	waking bool // a waiter was woken and has not yet run
	free   *waiter
}

// park adds a waiter, whose wake the caller must then receive from.
func (ws *waiters) park() *waiter {
	w := ws.free
	if w == nil {
		w = &waiter{wake: make(chan struct{}, 1)}
	} else {
		ws.free = w.next
	}
	w.next = ws.parked
	ws.parked = w
	return w
}

// next returns a waiter that must be woken, once the lock is released, because
// there is an item; nil if there is none or if one is already on its way.
func (ws *waiters) next() *waiter {
	w := ws.parked
	if w == nil || ws.waking {
		return nil
	}
	ws.parked, w.next = w.next, nil
	ws.waking = true
	return w
}

// woken takes back a waiter that received its signal.
func (ws *waiters) woken(w *waiter) {
	ws.waking = false
	w.next, ws.free = ws.free, w
}

// gaveUp takes back a waiter whose context ended first. It fails if a signal
// is on its way to w: the caller must then receive it and call woken.
func (ws *waiters) gaveUp(w *waiter) bool {
	for at := &ws.parked; *at != nil; at = &(*at).next {
		if *at == w {
			*at = w.next
			w.next, ws.free = ws.free, w
			return true
		}
	}
	return false
}

// all returns the list of all waiters, to be woken because of a shutdown.
func (ws *waiters) all() *waiter {
	w := ws.parked
	ws.parked = nil
	return w
}

// sleep waits for the signal, or until stop is closed; a nil stop never is. It
// tells whether the signal came.
func (w *waiter) sleep(stop <-chan struct{}) bool {
	if stop == nil { // cheaper than a select
		<-w.wake
		return true
	}
	select {
	case <-w.wake:
		return true
	case <-stop:
		return false
	}
}

// signal wakes w and those that hang on it.
func (w *waiter) signal() {
	for w != nil {
		next := w.next // w is its goroutine's once it is woken
		w.next = nil
		w.wake <- struct{}{}
		w = next
	}
}
