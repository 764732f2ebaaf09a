package workqueue

// Done says that the work on item, which Get or one of its kin gave to the
// caller, is over. An item that was added meanwhile goes back into the queue.
// Done with an item that is not in hand changes nothing, and is a misuse
// (ErrNotInHand) unless Options.Tolerant is set.
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
			q.misuse("Done", item, ErrNotInHand)
		}
	} else if q.meter != nil {
		q.meter.done(r.worked)
	}
}

// doneFast is Done for the item that was handed out last, if nothing of it is
// left but an idle entry.
func (q *Queue[T]) doneFast(item T) bool {
	if !q.mu.tryLock() {
		q.mu.insist()
	}
	e := q.last
	if e.none() || e.item() != item || e.phase() != inHand || e.delayed() || e.failures() > 0 || q.drain != nil {
		q.mu.Unlock()
		return false
	}
	q.last = entry[T]{}
	q.inHand--
	e.enter(idle)
	if !e.is(cached) {
		q.table.retire(e)
	}
	q.mu.Unlock()
	return true
}

// release tells what Done must do after the lock is released.
type release struct {
	ok     bool
	wake   *waiter
	worked int64
}

func (q *Queue[T]) giveBack(item T, now int64) release {
	hash := hashOf(item)
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.table.get(hash, item)
	if e.none() || e.phase() < inHand {
		return release{}
	}
	r := release{ok: true}
	if e == q.last {
		q.last = entry[T]{}
	}
	q.inHand--
	q.ready.put(e)
	if q.meter != nil {
		q.hands.remove(&q.table.slabs, e)
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

// settle lets go of what nothing is left of.
func (q *Queue[T]) settle(e entry[T]) {
	if e.active() {
		return
	}
	q.ready.part(e)
	if e.failures() == 0 {
		q.table.retire(e)
	}
}
