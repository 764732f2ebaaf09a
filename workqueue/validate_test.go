package workqueue

import "fmt"

// validate checks that the parts of a queue agree with one another.
func (q *Queue[T]) validate() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	waits, held, delayed, promises := 0, 0, 0, 0
	var entries []entry[T]
	q.table.each(func(e entry[T]) { entries = append(entries, e) })
	for _, e := range entries {
		item := e.item()
		switch e.phase() {
		case waiting:
			waits++
		case processing, dirty:
			held++
		case idle:
			if !e.delayed() && !e.is(cached) && e.failures() == 0 {
				return fmt.Errorf("idle entry of %v is not kept", item)
			}
			if !e.delayed() && e.group() != nil {
				return fmt.Errorf("idle entry of %v is in a group", item)
			}
		}
		if e.is(promised) {
			promises++
		}
		if e.delayed() {
			delayed++
			if q.delays.heap.at(e.link().slot).id != e.id {
				return fmt.Errorf("delay of %v is not in its place", item)
			}
		}
		if !q.table.ranked && (e.priority() != 0 || e.later() != 0) {
			return fmt.Errorf("entry of %v has a priority in a queue that is not ranked", item)
		}
	}
	if held != q.processing || delayed != q.delays.len() || waits != q.len() {
		return fmt.Errorf("%d, %d, %d entries wait, are being processed, are delayed; counted are %d, %d, %d",
			waits, held, delayed, q.len(), q.processing, q.delays.len())
	}
	if promises != q.delays.promised {
		return fmt.Errorf("%d entries wait for a token, counted are %d", promises, q.delays.promised)
	}
	for _, validate := range []func() error{
		q.table.validate, q.delays.heap.validate, q.validateFailed,
	} {
		if err := validate(); err != nil {
			return err
		}
	}
	if q.delays.len() > 0 && !q.delays.isSet {
		return fmt.Errorf("delays wait and no alarm is set")
	}
	return q.ready.validate(&q.table.slabs)
}

// validate checks the order of the heap and its memory.
func (h *heap[T]) validate() error {
	for i := uint32(root + 1); i < h.end; i++ {
		if h.at(i).before(h.at(parent(i))) {
			return fmt.Errorf("delay %d is before its parent", i)
		}
	}
	if spare := len(h.chunks)*chunkSize - int(h.end); spare >= 2*chunkSize {
		return fmt.Errorf("the heap has room for %d more", spare)
	}
	return nil
}

// validate checks that each entry is found and that nothing else is there.
func (t *table[T]) validate() (err error) {
	n, inCache := 0, 0
	t.each(func(e entry[T]) {
		n++
		if e.is(cached) {
			inCache++
		}
		if t.get(hashOf(e.item()), e.item()) != e {
			err = fmt.Errorf("entry of %v is not found", e.item())
		}
	})
	switch {
	case err != nil:
		return err
	case n != t.n:
		return fmt.Errorf("%d entries are in the table, counted are %d", n, t.n)
	case inCache != len(t.cache.ring) || inCache > max(t.cache.limit, 0):
		return fmt.Errorf("%d entries are cached, %d in the ring", inCache, len(t.cache.ring))
	}
	k := uint32(len(t.segments))
	if k > 0 && (t.mask&(t.mask+1) != 0 || k-1 > t.mask || k > 1 && k-1 <= t.mask>>1) {
		return fmt.Errorf("%d segments have the mask %x", k, t.mask)
	}
	for i := range t.segments {
		if err := t.segments[i].validate(); err != nil {
			return fmt.Errorf("segment %d: %w", i, err)
		}
	}
	return t.slabs.validate()
}

func (s *segment) validate() error {
	n, last := 0, mark(0)
	for i, at := range s.slots {
		if at == 0 {
			continue
		}
		n++
		home := s.home(at.hash())
		if at.hash() < last || home > i {
			return fmt.Errorf("slot %d is out of order", i)
		}
		for ; home < i; home++ {
			if s.slots[home] == 0 {
				return fmt.Errorf("slot %d is not found from its home", i)
			}
		}
		last = at.hash()
	}
	if n != s.n || n > 0 && s.slots[len(s.slots)-1] != 0 {
		return fmt.Errorf("%d slots are used, counted are %d", n, s.n)
	}
	return nil
}

func (s *slabs[T]) validate() error {
	n, gaps, room := 0, 0, 0
	for i, b := range s.all {
		if b == nil {
			gaps++
			if i < s.lowest {
				return fmt.Errorf("slab %d is missing below %d", i, s.lowest)
			}
			continue
		}
		n += int(b.used)
		if b.used < slabSize {
			room++
		}
		if int(b.number) != i || s.ranked != (b.ranks != nil) {
			return fmt.Errorf("slab %d is in the place of %d", b.number, i)
		}
	}
	if len(s.all) > 0 && n != s.n+1 || gaps != s.gaps {
		return fmt.Errorf("%d entries are used and %d slabs missing, counted are %d and %d", n, gaps, s.n+1, s.gaps)
	}
	var prev *slab[T]
	for b := s.room; b != nil; prev, b = b, b.next {
		if room--; b.prev != prev || b.used == slabSize {
			return fmt.Errorf("slab %d is in the wrong list", b.number)
		}
	}
	if room != 0 {
		return fmt.Errorf("%d slabs with room are in no list", room)
	}
	if s.spare() > freeEntries+s.n*slabSize+slabSize {
		return fmt.Errorf("%d entries are free of %d", s.spare(), s.size())
	}
	return nil
}

// validateFailed checks the list of failures.
func (q *Queue[T]) validateFailed() error {
	remember := 0
	q.table.each(func(e entry[T]) {
		if e.failures() > 0 {
			remember++
		}
	})
	older, last := uint32(0), int64(0)
	for id := q.failed.oldest; id != 0; {
		e := q.table.at(id)
		x := e.more()
		if x.older != older || older != 0 && last > x.failedAt || x.failures == 0 {
			return fmt.Errorf("failures of %v are in the wrong place", e.item())
		}
		if q.table.get(hashOf(e.item()), e.item()) != e {
			return fmt.Errorf("failures of %v are those of another entry", e.item())
		}
		remember--
		older, last, id = id, x.failedAt, x.newer
	}
	if remember != 0 || q.failed.newest != older {
		return fmt.Errorf("%d entries with failures are in no list", remember)
	}
	if q.failed.oldest != 0 && !q.down && !q.delays.isSet {
		return fmt.Errorf("failures are remembered and no alarm is set")
	}
	return nil
}

func (r *ready[T]) validate(in *slabs[T]) error {
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
		if err := g.validate(in); err != nil {
			return err
		}
	}
	if n != r.n {
		return fmt.Errorf("%d entries wait in groups, counted are %d", n, r.n)
	}
	return r.all.validate(in)
}

func (g *group[T]) validate(in *slabs[T]) (err error) {
	n := 0
	for i, l := range g.queues {
		if i > 0 && g.queues[i-1].priority <= l.priority {
			return fmt.Errorf("queues of group %q are out of order", g.name)
		}
		prev, age := uint32(0), uint32(0)
		l.each(in, func(e entry[T]) {
			if e.priority() != l.priority || e.phase() != waiting {
				err = fmt.Errorf("entry of %v is in the wrong queue", e.item())
			}
			if r := e.rank(); r != nil {
				if r.prev != prev || prev != 0 && int32(r.age-age) <= 0 {
					err = fmt.Errorf("entry of %v is in the wrong place", e.item())
				}
				age = r.age
			}
			prev = e.id
			n++
		})
		if l.tail != prev {
			return fmt.Errorf("queue %d of group %q has the wrong tail", l.priority, g.name)
		}
	}
	if n != g.waiting {
		return fmt.Errorf("%d entries wait in group %q, counted are %d", n, g.name, g.waiting)
	}
	return err
}
