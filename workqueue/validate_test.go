package workqueue

import (
	"fmt"

	"github.com/informant-go/informant/internal/keytable"
)

// validate checks that the parts of a queue agree with one another.
func (q *Queue[T]) validate() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	states, delayed, promises, failing := map[state]int{}, 0, 0, 0
	entries, unused := 0, 0
	var err error
	q.table.All(func(e *entry[T]) {
		states[e.Data.state]++
		entries++
		if !e.InUse() {
			unused++
		}
		if q.table.Find(keytable.Sum(e.Key), e.Key) != e || q.table.At(e.ID()) != e {
			err = fmt.Errorf("entry of %v is not found", e.Key)
		}
		if e.Data.state == idle && e.Place == 0 && q.groupOf(e) != &q.order.all {
			err = fmt.Errorf("idle entry of %v is in a group", e.Key)
		}
		if e.Data.failing {
			failing++
		}
		if e.Data.cause == promised {
			promises++
		}
		if e.Place != 0 {
			if delayed++; q.delayOf(e).id != e.ID() {
				err = fmt.Errorf("delay of %v is not in its place", e.Key)
			}
		} else if e.Data.cause != asked || q.later(e) != 0 {
			err = fmt.Errorf("entry of %v remembers a delay", e.Key)
		}
	})
	if err != nil {
		return err
	}
	held := states[processing] + states[dirty]
	if held != q.processing || delayed != q.delays.heap.Len() || states[waiting] != q.len() || promises != q.delays.promises {
		return fmt.Errorf("%d, %d, %d, %d entries wait, are being processed, are delayed, wait for a token; counted are %d, %d, %d, %d",
			states[waiting], held, delayed, promises, q.len(), q.processing, q.delays.heap.Len(), q.delays.promises)
	}
	if entries != q.table.Len() || unused > q.table.Limit() {
		return fmt.Errorf("%d entries are in the table, of which %d have nothing to do; counted are %d, remembered are %d at most",
			entries, unused, q.table.Len(), q.table.Limit())
	}
	if q.last != nil && q.last.Data.state < processing {
		return fmt.Errorf("the last one handed out, %v, is not being processed", q.last.Key)
	}
	if q.delays.heap.Len() > 0 && (!q.delays.isSet || q.delays.armed > q.delays.heap.First().at) {
		return fmt.Errorf("delays are pending and no alarm is set in time")
	}
	if err := q.validateFailures(failing); err != nil {
		return err
	}
	if q.order.n != states[waiting] {
		return fmt.Errorf("%d entries wait, counted are %d", states[waiting], q.order.n)
	}
	return q.validateOrder()
}

// validateFailures checks the list of failures.
func (q *Queue[T]) validateFailures(failing int) error {
	older, last := uint32(0), int64(0)
	for id := q.failures.oldest; id != 0; {
		e := q.table.At(id)
		x := q.table.Extra(e)
		if x.older != older || older != 0 && last > x.failedAt || x.failures == 0 || !e.Data.failing {
			return fmt.Errorf("failures of %v are in the wrong place", e.Key)
		}
		failing--
		older, last, id = id, x.failedAt, x.newer
	}
	if failing != 0 || q.failures.newest != older {
		return fmt.Errorf("%d entries with failures are in no list", failing)
	}
	if q.failures.oldest != 0 && !q.down && !q.delays.isSet {
		return fmt.Errorf("failures are remembered and no alarm is set")
	}
	return nil
}

func (q *Queue[T]) validateOrder() error {
	n, turns := q.order.all.waiting, 0
	for name, g := range q.order.named {
		if g.name != name || g.refs == 0 || (g.waiting > 0) != (g.place >= 0) {
			return fmt.Errorf("group %q: %d refer to it, %d wait, place %d", name, g.refs, g.waiting, g.place)
		}
		if g.place >= 0 {
			if turns++; q.order.turns.At(g.place) != g || q.order.turns.Less(g, q.order.turns.First()) {
				return fmt.Errorf("group %q is in the wrong place", name)
			}
		}
		n += g.waiting
		if err := q.validateGroup(g); err != nil {
			return err
		}
	}
	if q.storage == nil && n != q.order.n || turns != q.order.turns.Len() {
		return fmt.Errorf("%d entries and %d groups wait, counted are %d and %d", n, turns, q.order.n, q.order.turns.Len())
	}
	return q.validateGroup(&q.order.all)
}

func (q *Queue[T]) validateGroup(g *group) (err error) {
	n := 0
	for i := range g.lanes {
		l := &g.lanes[i]
		if i > 0 && g.lanes[i-1].priority <= l.priority {
			return fmt.Errorf("lanes of group %q are out of order", g.name)
		}
		age := uint32(0)
		q.table.Each(&l.List, func(e *entry[T]) {
			x := q.table.Extra(e)
			if x != nil && x.priority != l.priority || x == nil && l.priority != 0 || e.Data.state != waiting || q.groupOf(e) != g {
				err = fmt.Errorf("entry of %v is in the wrong lane", e.Key)
			}
			if x != nil {
				if age != 0 && int32(x.age-age) <= 0 {
					err = fmt.Errorf("entry of %v is in the wrong place", e.Key)
				}
				age = x.age
			}
			n++
		})
	}
	if n != g.waiting {
		return fmt.Errorf("%d entries wait in group %q, counted are %d", n, g.name, g.waiting)
	}
	return err
}
