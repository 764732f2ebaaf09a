package workqueue

import (
	"math"
	"time"
)

// delays holds the entries with a pending delay: a heap of four children to a
// node, which is half as deep as one of two, and one alarm for the first. The
// owner's lock guards it.
type delays[T comparable] struct {
	heap  []slot[T]
	order uint32
	alarm alarm

	// also is another time at which the alarm must ring; 0 is none.
	also int64

	// armed is the time for which the alarm is set, if it is. It is never
	// later than the first of the heap, nor than also.
	armed int64
	isSet bool
}

// slot keeps the time beside the pointer, so that moving through the heap
// touches no entry but those that move.
type slot[T comparable] struct {
	at int64
	e  *entry[T]
}

const children = 4

func (d *delays[T]) len() int { return len(d.heap) }

// at is when the delay of e ends; it must have one.
func (d *delays[T]) at(e *entry[T]) int64 { return d.heap[e.slot-1].at }

// put gives e a delay that ends at a time, or joins it with the one it has. It
// tells whether the delay of e is now the new one.
func (d *delays[T]) put(e *entry[T], at int64, how Pending) bool {
	if e.slot == 0 {
		d.order++
		e.order = d.order
		d.heap = append(d.heap, slot[T]{at: at, e: e})
		e.slot = int32(len(d.heap))
		d.up(len(d.heap) - 1)
		return true
	}
	now := d.at(e)
	if how == Earliest && at >= now || how == Latest && at <= now {
		return false
	}
	d.heap[e.slot-1].at = at
	d.up(int(e.slot) - 1)
	d.down(int(e.slot) - 1)
	return true
}

// remove ends the delay of e, which must have one.
func (d *delays[T]) remove(e *entry[T]) {
	i, last := int(e.slot)-1, len(d.heap)-1
	e.slot, e.later, e.limited = 0, 0, false
	moved := d.heap[last]
	d.heap[last] = slot[T]{}
	d.heap = d.heap[:last]
	if i < last {
		d.heap[i] = moved
		moved.e.slot = int32(i + 1)
		d.up(i)
		d.down(int(moved.e.slot) - 1)
	}
	if cap(d.heap) > shrinkAbove && last < cap(d.heap)/shrinkPart {
		d.heap = append(make([]slot[T], 0, 2*last), d.heap...)
	}
}

// due returns the entry whose delay ended first; nil if none has ended.
func (d *delays[T]) due(now int64) *entry[T] {
	if len(d.heap) == 0 || d.heap[0].at > now {
		return nil
	}
	return d.heap[0].e
}

// drop ends all delays, calls settle for each entry and returns their number.
func (d *delays[T]) drop(settle func(*entry[T])) int {
	heap := d.heap
	d.heap = nil
	for _, s := range heap {
		s.e.slot, s.e.later, s.e.limited = 0, 0, false
	}
	for _, s := range heap {
		settle(s.e)
	}
	return len(heap)
}

// ringAlso sets also, where 0 stands for none.
func (d *delays[T]) ringAlso(at int64) {
	if at == 0 {
		at = 1
	}
	d.also = at
}

// arm sets the alarm if it would ring too late, and clears it when nothing is
// delayed. An alarm that rings too early is left alone.
func (d *delays[T]) arm(now int64) {
	at, wanted := d.also, d.also != 0
	if len(d.heap) > 0 && (!wanted || d.heap[0].at < at) {
		at, wanted = d.heap[0].at, true
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

func (d *delays[T]) before(a, b slot[T]) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return int32(a.e.order-b.e.order) < 0
}

func (d *delays[T]) up(i int) {
	s := d.heap[i]
	for i > 0 {
		parent := (i - 1) / children
		if !d.before(s, d.heap[parent]) {
			break
		}
		d.move(i, d.heap[parent])
		i = parent
	}
	d.move(i, s)
}

func (d *delays[T]) down(i int) {
	s := d.heap[i]
	for {
		best := d.leastChild(i)
		if best == 0 || !d.before(d.heap[best], s) {
			break
		}
		d.move(i, d.heap[best])
		i = best
	}
	d.move(i, s)
}

// leastChild is the index of the child of i that comes first, 0 without one.
func (d *delays[T]) leastChild(i int) int {
	first := i*children + 1
	if first >= len(d.heap) {
		return 0
	}
	best := first
	for c := first + 1; c < min(first+children, len(d.heap)); c++ {
		if d.before(d.heap[c], d.heap[best]) {
			best = c
		}
	}
	return best
}

func (d *delays[T]) move(i int, s slot[T]) {
	d.heap[i] = s
	s.e.slot = int32(i + 1)
}

// later is now plus a delay, which is not negative, short of overflow.
func later(now, delay int64) int64 {
	if at := now + delay; at >= now {
		return at
	}
	return math.MaxInt64
}

// until is the time from now to at, short of overflow: readings can be
// negative.
func until(at, now int64) time.Duration {
	d := at - now
	if at > now && d < 0 {
		return math.MaxInt64
	}
	return time.Duration(d)
}
