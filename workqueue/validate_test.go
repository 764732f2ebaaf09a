package workqueue

import "fmt"

// validate checks that the parts of a queue agree with one another.
func (q *Queue[T]) validate() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	waits, held, delayed := 0, 0, 0
	var entries []*entry[T]
	q.table.all(func(e *entry[T]) { entries = append(entries, e) })
	for _, e := range entries {
		item := e.item
		if q.table.get(hashOf(item), item) != e {
			return fmt.Errorf("entry of %v is not found", item)
		}
		switch e.phase {
		case waiting:
			waits++
		case inHand, dirty:
			held++
		case idle:
			if e.slot == 0 && !e.cached && e.failures() == 0 {
				return fmt.Errorf("idle entry of %v is not kept", item)
			}
			if e.slot == 0 && e.more != nil && e.more.group != nil {
				return fmt.Errorf("idle entry of %v is in a group", item)
			}
		}
		if e.slot != 0 {
			delayed++
			if q.delays.heap[e.slot-1].e != e {
				return fmt.Errorf("delay of %v is not in its place", item)
			}
		}
	}
	if held != q.inHand || delayed != len(q.delays.heap) || waits != q.len() {
		return fmt.Errorf("%d, %d, %d entries wait, are in hand, are delayed; counted are %d, %d, %d",
			waits, held, delayed, q.len(), q.inHand, len(q.delays.heap))
	}
	for i := 1; i < len(q.delays.heap); i++ {
		if q.delays.before(q.delays.heap[i], q.delays.heap[(i-1)/children]) {
			return fmt.Errorf("delay %d is before its parent", i)
		}
	}
	if err := q.validateFailed(); err != nil {
		return err
	}
	if len(q.delays.heap) > 0 && !q.delays.isSet {
		return fmt.Errorf("delays wait and no alarm is set")
	}
	if len(q.table.idle) > max(q.table.limit, 0) || q.table.nfree > freeEntries {
		return fmt.Errorf("%d idle and %d free entries are kept", len(q.table.idle), q.table.nfree)
	}
	return q.ready.validate()
}

// validateFailed checks the list of failures.
func (q *Queue[T]) validateFailed() error {
	remember := 0
	q.table.all(func(e *entry[T]) {
		if e.failures() > 0 {
			remember++
		}
	})
	var older *entry[T]
	for e := q.failed.oldest; e != nil; older, e = e, e.more.newer {
		if e.more.older != older || older != nil && older.more.failedAt > e.more.failedAt || e.failures() == 0 {
			return fmt.Errorf("failures of %v are in the wrong place", e.item)
		}
		if q.table.get(hashOf(e.item), e.item) != e {
			return fmt.Errorf("failures of %v are those of another entry", e.item)
		}
		remember--
	}
	if remember != 0 || q.failed.newest != older {
		return fmt.Errorf("%d entries with failures are in no list", remember)
	}
	if q.failed.oldest != nil && !q.down && !q.delays.isSet {
		return fmt.Errorf("failures are remembered and no alarm is set")
	}
	return nil
}

func (r *ready[T]) validate() error {
	for i, g := range r.turns {
		if g.place != i+1 || g.waiting == 0 || r.named[g.name] != g {
			return fmt.Errorf("group %q is in the wrong place", g.name)
		}
		if i > 0 && r.before(g, r.turns[(i-1)/2]) {
			return fmt.Errorf("group %q is before its parent", g.name)
		}
	}
	n := r.all.waiting
	for name, g := range r.named {
		if g.name != name || g.refs == 0 || (g.waiting > 0) != (g.place > 0) {
			return fmt.Errorf("group %q: %d refer to it, %d wait, place %d", name, g.refs, g.waiting, g.place)
		}
		n += g.waiting
		if err := g.validate(); err != nil {
			return err
		}
	}
	if n != r.n {
		return fmt.Errorf("%d entries wait in groups, counted are %d", n, r.n)
	}
	return r.all.validate()
}

func (g *group[T]) validate() error {
	n := 0
	for i, l := range g.lanes {
		if i > 0 && g.lanes[i-1].priority <= l.priority {
			return fmt.Errorf("lanes of group %q are out of order", g.name)
		}
		var prev *entry[T]
		for e := l.head; e != nil; prev, e = e, e.next {
			if e.prev != prev || e.priority != l.priority || e.phase != waiting {
				return fmt.Errorf("entry of %v is in the wrong lane", e.item)
			}
			if prev != nil && int32(e.age-prev.age) <= 0 {
				return fmt.Errorf("entry of %v is older than the one before", e.item)
			}
			n++
		}
		if l.tail != prev {
			return fmt.Errorf("lane %d of group %q has the wrong tail", l.priority, g.name)
		}
	}
	if n != g.waiting {
		return fmt.Errorf("%d entries wait in group %q, counted are %d", n, g.name, g.waiting)
	}
	return nil
}
