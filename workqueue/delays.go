package workqueue

import (
	"math"

	"github.com/informant-go/informant/internal/alarm"
	"github.com/informant-go/informant/internal/heap"
)

// delays are the entries with a pending delay, and one alarm for the delay that
// ends first. The lock of the queue guards them.
type delays struct {
	heap  heap.Heap[delay]
	order uint32
	alarm alarm.Alarm // nil until it is needed

	// forgetAt is another time at which the alarm must ring: to forget failures,
	// or to go on where sink has panicked; 0 is none.
	forgetAt int64

	// armed is the time for which the alarm is set, if it is. It is never
	// later than the first of the heap, nor than forgetAt.
	armed int64
	isSet bool

	promises int   // how many delays wait for a token
	seen     int64 // the last reading of the real clock by postpone; 0 is none
}

// delay is the number of an entry and the time at which its delay ends. The time
// stands here, so that a search through the heap reads no entry.
type delay struct {
	at    int64
	id    uint32
	order uint32 // breaks ties: the delay that was asked for first ends first
}

func before(a, b delay) bool {
	return a.at < b.at || a.at == b.at && int32(a.order-b.order) < 0
}

// delayOf is the pending delay of e, which must have one.
func (q *Queue[T]) delayOf(e *entry[T]) delay { return q.delays.heap.At(int(e.Place) - 1) }

// later is the priority of the pending delay of e.
func (q *Queue[T]) later(e *entry[T]) int32 {
	if x := q.table.Extra(e); x != nil {
		return x.later
	}
	return 0
}

// delay gives e a delay that ends at a time, or joins it with the one that e has. It
// reports whether the delay of e is now the new one.
func (q *Queue[T]) delay(e *entry[T], at int64, how Pending) bool {
	d := &q.delays
	if e.Place == 0 {
		if d.heap.Less == nil {
			d.heap.Less, d.heap.Moved = before, q.moved
		}
		d.order++
		d.heap.Push(delay{at: at, id: e.ID(), order: d.order})
		return true
	}
	now := q.delayOf(e)
	if how == PendingEarliest && at >= now.at || how == PendingLatest && at <= now.at {
		return false
	}
	q.unpromise(e)
	d.order++
	now.at, now.order = at, d.order
	d.heap.Set(int(e.Place)-1, now)
	return true
}

// moved notes the place of a delay in its entry.
func (q *Queue[T]) moved(d delay, at int) { q.table.At(d.id).Place = uint32(at + 1) }

// endDelay ends the delay of e, which must have one.
func (q *Queue[T]) endDelay(e *entry[T]) {
	q.delays.heap.Remove(int(e.Place) - 1)
	q.ended(e)
}

// ended removes what e records of its delay.
func (q *Queue[T]) ended(e *entry[T]) {
	q.unpromise(e)
	e.Place, e.Data.cause = 0, asked
	if x := q.table.Extra(e); x != nil {
		x.later = 0
	}
}

// unpromise records that the delay of e is not one for a token any more.
func (q *Queue[T]) unpromise(e *entry[T]) {
	if e.Data.cause == promised {
		e.Data.cause = failed
		q.delays.promises--
	}
}

// dropDelays ends and counts all delays (Q5).
func (q *Queue[T]) dropDelays() {
	q.dropped += q.delays.heap.Len() + len(q.ripe)
	q.ripe = nil
	q.delays.forgetAt = 0
	q.delays.heap.Clear(func(d delay) {
		e := q.table.At(d.id)
		q.ended(e)
		q.settle(e)
	})
}

// arm sets the alarm if it would ring too late, and clears it when nothing is
// delayed. An alarm that rings too early is left as it is: it will ring for
// nothing once.
func (q *Queue[T]) arm(now int64) {
	d := &q.delays
	if q.down {
		return
	}
	if d.alarm == nil {
		d.alarm = alarm.New(&q.mu, q.clock, q.base, q.fire)
	}
	at, wanted := d.forgetAt, d.forgetAt != 0
	if d.heap.Len() > 0 {
		if first := d.heap.First().at; !wanted || first < at {
			at, wanted = first, true
		}
	}
	switch {
	case !wanted:
		if d.isSet {
			d.isSet = false
			d.alarm.Clear()
		}
	case !d.isSet || at < d.armed:
		d.armed, d.isSet = at, true
		d.alarm.Set(at, now)
	}
}

// firingAtOnce is how many delays end before the lock is released for others.
const firingAtOnce = 1024

// fire makes the items whose delay has ended wait for a worker. The alarm calls it,
// and whoever asked for a delay that has ended already.
func (q *Queue[T]) fire() {
	now, returned := q.now(), false
	defer func() {
		if !returned {
			q.goOn(now)
		}
	}()
	for q.fireSome(now) {
		now = q.now()
	}
	if q.sink != nil {
		q.give()
	}
	returned = true
}

// goOn makes the alarm go on where user code has panicked.
func (q *Queue[T]) goOn(now int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ripe) > 0 {
		q.forgetAt(now)
	}
	q.arm(now)
}

// give gives the ripe items to sink. If somebody does so already, it is left to him:
// he may be the caller, since sink may call the queue. Items that are left when
// sink panics are given when the alarm rings next.
func (q *Queue[T]) give() {
	q.mu.Lock()
	if q.giving {
		q.mu.Unlock()
		return
	}
	q.giving = true
	returned := false
	defer func() {
		if !returned {
			q.mu.Lock()
		}
		q.giving = false
		q.mu.Unlock()
	}()
	for len(q.ripe) > 0 {
		item := q.ripe[0]
		clear(q.ripe[:1])
		if q.ripe = q.ripe[1:]; len(q.ripe) == 0 {
			q.ripe = nil
		}
		q.mu.Unlock()
		q.sink(item)
		q.mu.Lock()
	}
	returned = true
}

// fireSome is fire for so many delays that it holds the lock for a short time only,
// and reports whether there may be more.
func (q *Queue[T]) fireSome(now int64) (more bool) {
	var r outcome
	defer q.conclude(&r)
	q.mu.Lock()
	q.delays.isSet = false
	q.forgetOld(now)
	more = q.ripen(now, &r)
	q.mu.Unlock()
	return more
}

// outcome is what fire has to do without the lock.
type outcome struct {
	wake   bool
	afters []after
}

// conclude does it, the waking first: the rest is user code. It is called also when
// a Storage has panicked.
func (q *Queue[T]) conclude(r *outcome) {
	if r.wake {
		q.waiters.wake <- struct{}{}
	}
	for i := range r.afters {
		q.finish(&r.afters[i])
	}
}

// ripen is the part of fire under the lock. It reports whether there may be more to
// do.
func (q *Queue[T]) ripen(now int64, r *outcome) (more bool) {
	for range firingAtOnce {
		if q.delays.heap.Len() == 0 || q.delays.heap.First().at > now {
			q.arm(now)
			return false
		}
		e := q.table.At(q.delays.heap.First().id)
		if e.Data.cause != asked && !q.spend(e, now) {
			continue
		}
		priority := q.later(e)
		q.endDelay(e)
		if q.sink != nil {
			q.ripe = append(q.ripe, e.Key)
			q.settle(e)
			continue
		}
		var a after
		q.admit(e, priority, now, &a)
		r.wake, a.wake = r.wake || a.wake, false
		if q.meter != nil {
			r.afters = append(r.afters, a)
		}
	}
	return true
}

// sum is now plus a delay that is not negative, or the last time that there is.
func sum(now, delay int64) int64 {
	if at := now + delay; at >= now {
		return at
	}
	return math.MaxInt64
}
