package workqueue

import (
	"cmp"
	"slices"

	"github.com/informant-go/informant/internal/heap"
	"github.com/informant-go/informant/internal/keytable"
)

// order is the order in which the entries that wait go out, unless there is a
// Storage. The first is of the group of which workers have the fewest items, among
// equals of the group that was served longest ago. Within a group they go out by
// priority, with aging, and within a priority in the order in which they became
// ready.
type order struct {
	n     int // how many wait, those in a Storage included
	age   uint32
	aging int // Options.Aging

	// all is the group of every entry in a queue without groups.
	all group

	// named holds the groups to which an entry refers, and turns those of them
	// that have waiting entries, the one to be served next first.
	named map[string]*group
	turns heap.Heap[*group]
	turn  uint64
}

// group holds the waiting entries of one group of keys. It exists for as long as an
// entry refers to it, waiting or not.
type group struct {
	name       string
	lanes      []lane // by falling priority
	waiting    int    // the number of entries in lanes
	processing int    // the number of entries that workers have
	refs       int    // the number of entries that refer to it
	turn       uint64 // when it was served last, or made
	place      int    // in order.turns, -1 when it is not there; that of order.all is always 0
	young      int    // items handed out since the last one that was chosen by age
}

// lane is the queue of one priority of a group.
type lane struct {
	priority int32
	keytable.List
}

// wait makes e, which is idle, wait for a worker.
func (q *Queue[T]) wait(e *entry[T], a *after) {
	if q.storage != nil {
		q.store(e)
	} else {
		o, g, priority := &q.order, &q.order.all, int32(0)
		if x := q.table.Extra(e); x != nil {
			o.age++
			x.age, priority = o.age, x.priority
			if x.group != nil {
				g = x.group
			}
		}
		q.table.Push(&g.lane(priority).List, e)
		if g.waiting++; g.place < 0 {
			o.turns.Push(g)
		}
	}
	q.order.n++
	e.Data.state = waiting
	a.wake = q.waiters.next()
}

// store puts e into the Storage. If that panics, e is idle still.
func (q *Queue[T]) store(e *entry[T]) {
	q.user(e, func() { q.storage.Push(e.Key) })
}

// next takes out the entry that goes out next; nil if none waits.
func (q *Queue[T]) next() *entry[T] {
	if q.storage != nil {
		return q.pop()
	}
	o, g := &q.order, &q.order.all
	if o.n == 0 {
		return nil
	}
	if o.named != nil {
		g = q.order.turns.First()
	}
	l := &g.lanes[0]
	if len(g.lanes) > 1 {
		l = q.choose(g)
	}
	e := q.table.Pop(&l.List)
	o.n--
	g.waiting--
	if len(g.lanes) > emptyLanes {
		g.trim(l)
	}
	if o.named != nil {
		o.serve(g)
	}
	return e
}

// pop takes out the next item of the Storage. One that does not wait, which only a
// faulty Storage returns, is skipped, or Q1 would not hold. Once the Storage is
// empty nothing waits, whatever it has made of what it was given.
func (q *Queue[T]) pop() *entry[T] {
	for q.len() > 0 {
		var item T
		q.user(nil, func() { item = q.storage.Pop() })
		if e := q.find(item); e != nil && e.Data.state == waiting {
			q.order.n = max(q.order.n-1, 0)
			return e
		}
	}
	q.order.n = 0
	q.checkDrain()
	return nil
}

// serve records that an item of a group, the first of turns, goes out.
func (o *order) serve(g *group) {
	g.processing++
	o.turn++
	g.turn = o.turn
	if g.waiting == 0 {
		o.turns.Pop()
	} else {
		o.turns.Fix(0)
	}
}

// choose returns the lane of which the first entry goes out next: that of the
// highest priority that has an entry or, at times, that of the entry that has waited
// longest, which is the first of its lane. One of them has an entry.
func (q *Queue[T]) choose(g *group) *lane {
	several, age := false, uint32(0)
	var highest, oldest *lane
	for i := range g.lanes {
		l := &g.lanes[i]
		if l.Empty() {
			continue
		}
		first := q.table.Extra(q.table.First(&l.List)).age
		if several = highest != nil; !several {
			highest = l
		}
		// The difference is right even after age has wrapped around.
		if oldest == nil || int32(first-age) < 0 {
			oldest, age = l, first
		}
	}
	if !several {
		return highest
	}
	aging := cmp.Or(q.order.aging, DefaultAging)
	if g.young++; aging > 0 && g.young >= aging {
		g.young = 0
		return oldest
	}
	return highest
}

// rise gives a waiting entry a higher priority. The entries have room for one.
func (q *Queue[T]) rise(e *entry[T], priority int32) {
	g, x := q.groupOf(e), q.table.Extra(e)
	l := g.lane(x.priority)
	q.table.Remove(&l.List, e)
	g.trim(l)
	q.order.age++
	x.age, x.priority = q.order.age, priority
	q.table.Push(&g.lane(priority).List, e)
}

// rank makes the table wide, when a priority is used for the first time. All
// entries that wait are in one lane then: a queue with groups is wide from the
// beginning.
func (q *Queue[T]) rank() {
	if q.table.Wide() {
		return
	}
	l := &q.order.all.lane(0).List
	q.table.Widen(l)
	q.table.Each(l, func(e *entry[T]) {
		q.order.age++
		q.table.Extra(e).age = q.order.age
	})
}

// join makes e refer to the group of that name, unless it refers to it already.
func (q *Queue[T]) join(e *entry[T], name string) {
	o, x := &q.order, q.table.Extra(e)
	if x.group != nil {
		return
	}
	if o.named == nil {
		o.named = map[string]*group{}
		o.turns.Less = func(a, b *group) bool {
			return a.processing < b.processing || a.processing == b.processing && a.turn < b.turn
		}
		o.turns.Moved = func(g *group, at int) { g.place = at }
	}
	g := o.named[name]
	if g == nil {
		// A group begins as if it had just been served: one that comes and
		// goes must not overtake those that stay.
		o.turn++
		g = &group{name: name, turn: o.turn, place: -1}
		o.named[name] = g
	}
	g.refs++
	x.group = g
}

// part ends the reference of e to its group, which is dropped after the last.
func (q *Queue[T]) part(e *entry[T]) {
	x := q.table.Extra(e)
	if x.group == nil {
		return
	}
	if x.group.refs--; x.group.refs == 0 {
		delete(q.order.named, x.group.name)
	}
	x.group = nil
}

// back records for groups and metrics that a worker has given back e.
func (q *Queue[T]) back(e *entry[T], now int64, a *after) {
	x := q.table.Extra(e)
	if g := x.group; g != nil {
		g.processing--
		if g.place >= 0 {
			q.order.turns.Fix(g.place)
		}
	}
	if q.meter != nil {
		q.table.Remove(&q.busy, e)
		a.event, a.took = done, max(now-x.started, 0)
	}
}

// lane returns the lane of a priority, which it makes if there is none.
func (g *group) lane(priority int32) *lane {
	i := 0
	for i < len(g.lanes) && g.lanes[i].priority > priority {
		i++
	}
	if i == len(g.lanes) || g.lanes[i].priority != priority {
		g.lanes = slices.Insert(g.lanes, i, lane{priority: priority})
	}
	return &g.lanes[i]
}

// emptyLanes is how many lanes a group keeps before it drops empty ones.
const emptyLanes = 4

// trim drops a lane if it is empty and there are many.
func (g *group) trim(l *lane) {
	if len(g.lanes) > emptyLanes && l.Empty() {
		priority := l.priority
		g.lanes = slices.DeleteFunc(g.lanes, func(l lane) bool { return l.priority == priority })
	}
}
