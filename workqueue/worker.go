package workqueue

import "context"

// taken is the outcome of an attempt to take an item: the item, and what must be
// done after the lock is released.
type taken[T comparable] struct {
	item     T
	priority int32
	waited   int64
	wake     *waiter
	err      error   // ErrShutDown
	parked   *waiter // set when there was no item
}

// Get waits for an item and hands it to the caller, who must call Done with it.
// shutdown is true, and item the zero T, once the queue is shut down and nothing
// waits.
func (q *Queue[T]) Get() (item T, shutdown bool) {
	if item, ok := q.getFast(); ok {
		return item, false
	}
	t := q.take(nil)
	return t.item, t.err != nil
}

// getFast is Get for the most frequent case: an item waits, and the queue is not
// special. It makes no taken, whose copies would show in BenchmarkQueue/cycle.
func (q *Queue[T]) getFast() (item T, ok bool) {
	if q.special {
		return item, false
	}
	if !q.mu.tryLock() {
		q.mu.insist()
	}
	e := q.ready.pop(&q.table.slabs)
	if e.none() {
		q.mu.Unlock()
		return item, false
	}
	q.handOut(e)
	item = e.item()
	wake := q.others()
	q.mu.Unlock()
	if wake != nil {
		wake.signal()
	}
	return item, true
}

// handOut records that a worker has e.
func (q *Queue[T]) handOut(e entry[T]) {
	e.enter(processing)
	q.processing++
	q.last = e
}

// others returns a waiter to wake, after an item was taken, if more items wait.
func (q *Queue[T]) others() *waiter {
	if q.waiters.parked == nil || q.len() == 0 {
		return nil
	}
	return q.waiters.next()
}

// GetPriority is Get, and returns the priority with which the item waited.
func (q *Queue[T]) GetPriority() (item T, priority int, shutdown bool) {
	t := q.take(nil)
	return t.item, int(t.priority), t.err != nil
}

// GetContext is Get with a context. The error is ErrShutDown when Get would return
// shutdown, or ctx.Err() when ctx ends first. An item that waits is handed out
// even if ctx has ended.
func (q *Queue[T]) GetContext(ctx context.Context) (item T, err error) {
	if item, ok := q.getFast(); ok {
		return item, nil
	}
	t := q.take(ctx.Done())
	if t.err == errStopped {
		t.err = ctx.Err()
	}
	return t.item, t.err
}

// TryGet is Get without waiting: ok is false when nothing waits.
func (q *Queue[T]) TryGet() (item T, ok bool) {
	t := q.try(q.clockForMeter(), false)
	t.wake.signal()
	if t.err != nil {
		return item, false
	}
	q.meter.got(t.priority, t.waited)
	return t.item, true
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
	return 1 + q.fill(dst[1:]), nil
}

// fill takes what waits, up to len(dst).
func (q *Queue[T]) fill(dst []T) int {
	if q.meter == nil {
		return q.fillQuietly(dst)
	}
	for n := range dst {
		item, ok := q.TryGet()
		if !ok {
			return n
		}
		dst[n] = item
	}
	return len(dst)
}

// fillQuietly is fill without a meter. It takes the whole batch under one lock.
func (q *Queue[T]) fillQuietly(dst []T) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for n := range dst {
		e := q.pop(0)
		if e.none() {
			return n
		}
		dst[n] = e.item()
	}
	return len(dst)
}

// take waits for an item until stop is closed; a nil stop never is.
func (q *Queue[T]) take(stop <-chan struct{}) taken[T] {
	t := q.try(q.clockForMeter(), true)
	if t.parked != nil {
		t = q.wait(t.parked, stop)
	}
	t.wake.signal()
	if q.meter != nil && t.err == nil {
		q.meter.got(t.priority, t.waited)
	}
	return t
}

// wait is the part of take that may have to wait more than once.
func (q *Queue[T]) wait(w *waiter, stop <-chan struct{}) taken[T] {
	for {
		if !w.sleep(stop) {
			return q.stopWaiting(w)
		}
		t := q.retry(w)
		if t.parked == nil {
			return t
		}
		w = t.parked
	}
}

// retry tries again after w was woken.
func (q *Queue[T]) retry(w *waiter) taken[T] {
	now := q.clockForMeter()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiters.woken(w)
	return q.tryLocked(now, true)
}

// stopWaiting ends a wait whose context has ended. If w is being woken already it
// takes an item, if there is one, as if the context had ended later; tryLocked
// wakes another waiter if there are more.
func (q *Queue[T]) stopWaiting(w *waiter) taken[T] {
	q.mu.Lock()
	gone := q.waiters.gaveUp(w)
	q.mu.Unlock()
	if gone {
		return taken[T]{err: errStopped}
	}
	<-w.wake
	t := q.retry(w)
	if t.parked == nil {
		return t
	}
	return q.stopWaiting(t.parked)
}

// try takes an item if one waits. If none does and park is set, the caller becomes
// a waiter. now is for the meter.
func (q *Queue[T]) try(now int64, park bool) taken[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tryLocked(now, park)
}

// tryLocked is try under the lock.
func (q *Queue[T]) tryLocked(now int64, park bool) taken[T] {
	e := q.pop(now)
	switch {
	case !e.none():
		t := taken[T]{item: e.item(), priority: e.priority()}
		if q.meter != nil {
			t.waited = now - e.more().added
		}
		t.wake = q.others()
		return t
	case q.down:
		return taken[T]{err: ErrShutDown}
	case park:
		return taken[T]{parked: q.waiters.park()}
	default:
		return taken[T]{err: errStopped}
	}
}

// pop hands out the next entry, or returns none.
func (q *Queue[T]) pop(now int64) entry[T] {
	e := q.ready.pop(&q.table.slabs)
	if e.none() && q.storage != nil {
		e = q.popStorage()
	}
	if e.none() {
		return e
	}
	q.handOut(e)
	if q.meter != nil {
		e.extra().started = now
		q.busy.push(&q.table.slabs, e)
	}
	return e
}

// popStorage takes the next item of the Storage. An item that does not wait, which
// only a faulty Storage returns, is skipped, or Q1 would not hold.
func (q *Queue[T]) popStorage() entry[T] {
	for q.storage.Len() > 0 {
		item := q.storage.Pop()
		if e := q.table.get(hashOf(item), item); !e.none() && e.phase() == waiting {
			q.ready.took(e)
			return e
		}
	}
	return entry[T]{}
}

// clockForMeter reads the clock if there is a meter.
func (q *Queue[T]) clockForMeter() int64 {
	if q.meter == nil {
		return 0
	}
	return q.now()
}

// Done says that the work on item, which Get, GetPriority, GetContext, TryGet or
// GetBatch gave to the caller, is over. An item that was added meanwhile goes back
// into the queue. Done with an item that no worker is processing changes nothing,
// and is a misuse (ErrNotProcessing) unless Options.Tolerant is set.
func (q *Queue[T]) Done(item T) {
	if !q.special && q.doneFast(item) {
		return
	}
	now := int64(0)
	if q.meter != nil {
		now = q.now()
	}
	r := q.giveBack(item, now)
	if r.wake != nil {
		r.wake.signal()
	}
	if !r.ok {
		if !q.tolerant {
			q.misuses.call("Done", item, ErrNotProcessing)
		}
	} else if q.meter != nil {
		q.meter.done(r.worked)
	}
}

// doneFast is Done for the item that was handed out last, if it becomes idle and
// has neither a delay nor failures. It reports whether that was so.
func (q *Queue[T]) doneFast(item T) bool {
	if !q.mu.tryLock() {
		q.mu.insist()
	}
	e := q.last
	if e.none() || e.item() != item || e.phase() != processing || e.delayed() || e.failures() > 0 || q.drain != nil {
		q.mu.Unlock()
		return false
	}
	q.last = entry[T]{}
	q.processing--
	e.enter(idle)
	if !e.is(cached) {
		q.table.retire(e)
	}
	q.mu.Unlock()
	return true
}

// release says what Done must do after the lock is released.
type release struct {
	ok     bool
	wake   *waiter
	worked int64
}

// giveBack is the part of Done under the lock.
func (q *Queue[T]) giveBack(item T, now int64) release {
	hash := hashOf(item)
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || e.phase() < processing {
		return release{}
	}
	r := release{ok: true}
	if e == q.last {
		q.last = entry[T]{}
	}
	q.processing--
	q.ready.put(e)
	if q.meter != nil {
		q.busy.remove(&q.table.slabs, e)
		r.worked = now - e.more().started
	}
	again := e.phase() == dirty
	e.enter(idle)
	if again {
		r.wake = q.line(e)
	} else {
		q.settle(e)
	}
	if q.drain != nil && q.drained() {
		close(q.drain)
		q.drain = nil
	}
	return r
}

// settle drops e if its key has nothing pending: it neither waits, nor is being
// processed, nor has a delay. With failures its entry stays in the table.
func (q *Queue[T]) settle(e entry[T]) {
	if e.active() {
		return
	}
	q.ready.part(e)
	if e.failures() == 0 {
		q.table.retire(e)
	}
}
