package workqueue

import (
	"math"
	"time"
)

// delays holds the entries with a pending delay, and one alarm for the delay that
// ends first. The owner's lock guards it.
type delays[T comparable] struct {
	heap  heap[T]
	order uint32
	alarm alarm

	// also is another time at which the alarm must ring; 0 is none.
	also int64

	// armed is the time for which the alarm is set, if it is. It is never
	// later than the first of the heap, nor than also.
	armed int64
	isSet bool

	promised int // how many delays wait for a token
}

func (d *delays[T]) len() int { return d.heap.len() }

// at is when the delay of e ends; it must have one.
func (d *delays[T]) at(e entry[T]) int64 { return d.heap.at(e.link().slot).at }

// put gives e a delay that ends at a time, or joins it with the one that e has. It
// reports whether the delay of e is now the new one.
func (d *delays[T]) put(in *slabs[T], e entry[T], at int64, how Pending) bool {
	slot := e.link().slot
	if slot == 0 {
		d.order++
		d.heap.add(in, delay{at: at, id: e.id, order: d.order})
		return true
	}
	now := *d.heap.at(slot)
	if how == PendingEarliest && at >= now.at || how == PendingLatest && at <= now.at {
		return false
	}
	d.unpromise(e)
	now.at = at
	d.heap.move(in, slot, now)
	return true
}

// promise marks the delay of e as one that waits for a token.
func (d *delays[T]) promise(e entry[T]) {
	e.mark(promised, true)
	d.promised++
}

// unpromise removes that mark.
func (d *delays[T]) unpromise(e entry[T]) {
	if e.is(promised) {
		e.mark(promised, false)
		d.promised--
	}
}

// remove ends the delay of e, which must have one.
func (d *delays[T]) remove(in *slabs[T], e entry[T]) {
	d.unpromise(e)
	d.heap.remove(in, e.link().slot)
	e.ended()
}

// ended removes what e records of its delay.
func (e entry[T]) ended() {
	e.link().slot = 0
	e.mark(limited, false)
	if r := e.rank(); r != nil {
		r.later = 0
	}
}

// due returns the entry whose delay ended first; none if none has ended.
func (d *delays[T]) due(in *slabs[T], now int64) entry[T] {
	if d.len() == 0 || d.heap.first().at > now {
		return entry[T]{}
	}
	return in.at(d.heap.first().id)
}

// drop ends all delays, calls settle for each entry and returns their number.
func (d *delays[T]) drop(in *slabs[T], settle func(entry[T])) int {
	heap := d.heap
	d.heap.chunks, d.heap.end = nil, 0
	for i := uint32(root); i < heap.end; i++ {
		// One after the other: settle can free the entry.
		e := in.at(heap.at(i).id)
		d.unpromise(e)
		e.ended()
		settle(e)
	}
	return heap.len()
}

// ringAlso sets also; as 0 stands for none there, it is moved to 1.
func (d *delays[T]) ringAlso(at int64) {
	if at == 0 {
		at = 1
	}
	d.also = at
}

// arm sets the alarm if it would ring too late, and clears it when nothing is
// delayed. An alarm that rings too early is left as it is: it will ring for
// nothing once.
func (d *delays[T]) arm(now int64) {
	at, wanted := d.also, d.also != 0
	if d.len() > 0 && (!wanted || d.heap.first().at < at) {
		at, wanted = d.heap.first().at, true
	}
	switch {
	case !wanted:
		if d.isSet {
			d.isSet = false
			d.alarm.clear()
		}
	case !d.isSet || at < d.armed:
		d.armed, d.isSet = at, true
		d.alarm.set(at, now)
	}
}

// later is now plus a delay that is not negative, or the last time that there is.
func later(now, delay int64) int64 {
	if at := now + delay; at >= now {
		return at
	}
	return math.MaxInt64
}

// until is the time from now to at, or the longest one that there is: readings
// can be negative, so that the difference can overflow.
func until(at, now int64) time.Duration {
	d := at - now
	if at > now && d < 0 {
		return math.MaxInt64
	}
	return time.Duration(d)
}
