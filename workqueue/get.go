package workqueue

import "context"

// Get waits for an item and hands it to the caller, who must call Done with it.
// shutdown is true, and item the zero T, once the queue is shut down and nothing
// waits.
func (q *Queue[T]) Get() (item T, shutdown bool) {
	item, _, err := q.get(true, nil)
	return item, err != nil
}

// GetPriority is Get, and returns the priority with which the item waited.
func (q *Queue[T]) GetPriority() (item T, priority int, shutdown bool) {
	item, p, err := q.get(true, nil)
	return item, int(p), err != nil
}

// GetContext is Get with a context. The error is ErrShutDown when Get would return
// shutdown, or ctx.Err() when ctx ends first. An item that waits is handed out
// even if ctx has ended.
func (q *Queue[T]) GetContext(ctx context.Context) (item T, err error) {
	item, _, err = q.get(true, ctx.Done())
	if err == errStopped {
		err = ctx.Err()
	}
	return item, err
}

// TryGet is Get without waiting: ok is false when nothing waits.
func (q *Queue[T]) TryGet() (item T, ok bool) {
	item, _, err := q.get(false, nil)
	return item, err == nil
}

// GetBatch waits for an item and then fills dst with what waits. Done must be
// called for each of the n items. The error is that of GetContext, and n is
// then 0. With an empty dst it returns at once.
func (q *Queue[T]) GetBatch(ctx context.Context, dst []T) (n int, err error) {
	if len(dst) == 0 {
		return 0, nil
	}
	if dst[0], err = q.GetContext(ctx); err != nil {
		return 0, err
	}
	whole := false
	defer func() {
		if !whole { // user code has panicked, so that nobody gets what was taken
			for _, item := range dst[:n] {
				q.giveBack(item)
			}
		}
	}()
	for n = 1; n < len(dst); n++ {
		item, ok := q.TryGet()
		if !ok {
			break
		}
		dst[n] = item
	}
	whole = true
	return n, nil
}

// get hands out the next item. If none waits it waits for one, until stop is
// closed; a nil stop never is. Without wait it is as if stop were closed. The error
// is ErrShutDown or errStopped.
func (q *Queue[T]) get(wait bool, stop <-chan struct{}) (item T, priority int32, err error) {
	now := q.nowForMeter()
	var a after
	q.mu.Lock()
	e := q.next()
	if e == nil {
		e, now, err = q.await(wait, stop)
	}
	if err == nil {
		e.Data.state = processing
		q.processing++
		q.last = e
		item = e.Key
		if q.table.Wide() {
			priority = q.handedOut(e, now, &a)
		}
	}
	a.wake = q.wakesNext()
	q.mu.Unlock()
	if a.event == got {
		q.tellGot(item, &a)
	} else {
		q.finish(&a)
	}
	return item, priority, err
}

// tellGot is finish for an item that is handed out. If a metric panics nobody gets
// the item, so it waits once more.
func (q *Queue[T]) tellGot(item T, a *after) {
	told := false
	defer func() {
		if !told {
			q.giveBack(item)
		}
	}()
	q.finish(a)
	told = true
}

// giveBack makes an item wait that was handed out and reached nobody. The metrics are
// not told: they are what panics.
func (q *Queue[T]) giveBack(item T) {
	var a after
	q.mu.Lock()
	e := q.find(item)
	if e == nil || e.Data.state < processing { // somebody has called Done with it
		q.mu.Unlock()
		return
	}
	if e == q.last {
		q.last = nil
	}
	q.processing--
	if q.table.Wide() {
		q.back(e, 0, &a)
	}
	e.Data.state = idle
	q.wait(e, &a)
	q.checkDrain() // which waits for no item that waits in a tolerant queue
	q.mu.Unlock()
	if a.wake {
		q.waiters.wake <- struct{}{}
	}
}

// wakesNext reports whether the caller, who may be the one who was woken last, must
// wake another one: more than one may be needed, while only one is woken at a time.
func (q *Queue[T]) wakesNext() bool {
	return q.waiters.n > 0 && (q.down || q.order.n > 0) && q.waiters.next()
}

// handedOut records for the metrics that a worker has e, and returns the priority
// with which it waited.
func (q *Queue[T]) handedOut(e *entry[T], now int64, a *after) int32 {
	x := q.table.Extra(e)
	if q.meter != nil {
		a.event, a.priority, a.took = got, x.priority, max(now-x.added, 0)
		x.started = now
		q.table.Push(&q.busy, e)
	}
	return x.priority
}

// await waits, without the lock, until there is an entry to hand out. now is for
// the meter.
func (q *Queue[T]) await(wait bool, stop <-chan struct{}) (e *entry[T], now int64, err error) {
	for stopped := !wait; e == nil; e = q.next() {
		switch {
		case q.down:
			return nil, 0, ErrShutDown
		case stopped:
			return nil, 0, errStopped
		}
		wake := q.waiters.join()
		q.mu.Unlock()
		select {
		case <-wake:
		case <-stop:
			stopped = true
		}
		q.mu.Lock()
		q.waiters.leave(!stopped)
		if q.meter != nil {
			now = q.nowUnlocked()
		}
	}
	return e, now, nil
}

// nowUnlocked reads the clock, which is user code, without the lock that the caller
// holds.
func (q *Queue[T]) nowUnlocked() (now int64) {
	q.mu.Unlock()
	read := false
	defer func() {
		q.mu.Lock()
		if !read {
			q.quit()
		}
	}()
	now, read = q.now(), true
	return now
}

// waiters are the goroutines that wait for an item. The lock of the queue guards
// them.
//
// At most one of them is being woken at any time. It wakes the next when it finds
// more than one item, so that a producer that is faster than a wake-up need not wake
// a goroutine for each item. So a Get may wait, for as long as it takes to wake
// another one, although an item is there.
type waiters struct {
	n      int  // how many there are
	waking bool // there is a signal in wake, or a waiter has received it and has yet to leave

	// wake holds the signal, one at most, so that sending it never waits. A waiter
	// that stops to wait leaves the signal for the next. It is nil until somebody
	// waits.
	wake chan struct{}
}

// join adds the caller, who must then wait for the signal without the lock.
func (w *waiters) join() <-chan struct{} {
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	w.n++
	return w.wake
}

// leave takes the caller out again. woken says that it has received the signal.
func (w *waiters) leave(woken bool) {
	w.n--
	if woken {
		w.waking = false
	}
}

// next reports whether the caller must send the signal, once the lock is released,
// because there is an item. It need not if nobody waits or one is being woken
// already.
func (w *waiters) next() bool {
	if w.n == 0 || w.waking {
		return false
	}
	w.waking = true
	return true
}
