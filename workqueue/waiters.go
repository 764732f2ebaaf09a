package workqueue

// waiter stands for a goroutine that waits in Get. A value in wake is its signal.
type waiter struct {
	wake chan struct{} // of capacity 1, so that waking never waits
	next *waiter
}

// waiters are the goroutines that wait for an item. The last to come is woken
// first, because the processor's caches still hold what it needs.
//
// At most one of them is being woken at any time. It wakes the next when it
// finds more than one item, so that a producer that is faster than a wake-up
// need not wake a goroutine for each item. The lock of the queue guards all
// fields.
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

// next returns the waiter that must be woken, once the lock is released, because
// there is an item. It is nil if nobody waits or if one is being woken already.
func (ws *waiters) next() *waiter {
	w := ws.parked
	if w == nil || ws.waking {
		return nil
	}
	ws.parked, w.next = w.next, nil
	ws.waking = true
	return w
}

// woken frees a waiter that has received its signal.
func (ws *waiters) woken(w *waiter) {
	ws.waking = false
	w.next, ws.free = ws.free, w
}

// gaveUp frees a waiter whose context has ended, and reports whether it could. It
// cannot if w is being woken: the caller must then receive the signal and call
// woken.
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

// all returns the list of all waiters, which a shutdown wakes.
func (ws *waiters) all() *waiter {
	w := ws.parked
	ws.parked = nil
	return w
}

// sleep waits for the signal, or until stop is closed; a nil stop never is. It
// reports whether the signal came.
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

// signal wakes w, which can be nil, and those in the list behind it.
func (w *waiter) signal() {
	for w != nil {
		next := w.next // w is its goroutine's once it is woken
		w.next = nil
		w.wake <- struct{}{}
		w = next
	}
}
