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
	n     int
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
	place      int    // in order.turns, -1 when it is not there
	young      int    // items handed out since the last one that was chosen by age
}

// lane is the queue of one priority of a group.
type lane struct {
	priority int32
	keytable.List
}

// push puts e, which is in no list, among those that wait.
func (q *Queue[T]) push(e *entry[T]) {
	o, priority := &q.order, int32(0)
	o.n++
	g := &o.all
	if x := q.table.Extra(e); x != nil {
		o.age++
		x.age, priority = o.age, x.priority
		if x.group != nil {
			g = x.group
		}
	}
	g.waiting++
	q.table.Push(&g.lane(priority).List, e)
	if g.place < 0 {
		o.turns.Push(g)
	}
}

// pop takes out the entry that goes out next; nil if none waits.
func (q *Queue[T]) pop() *entry[T] {
	o := &q.order
	if o.n == 0 {
		return nil
	}
	o.n--
	if o.named == nil {
		return q.popOf(&o.all)
	}
	g := o.turns.First()
	e := q.popOf(g)
	g.processing++
	o.turn++
	g.turn = o.turn
	if g.waiting == 0 {
		o.turns.Pop()
	} else {
		o.turns.Fix(0)
	}
	return e
}

// popOf takes out the entry of a group that goes out next; there must be one.
func (q *Queue[T]) popOf(g *group) *entry[T] {
	g.waiting--
	if len(g.lanes) == 1 {
		return q.table.Pop(&g.lanes[0].List)
	}
	aging := q.order.aging
	if aging == 0 {
		aging = DefaultAging
	}
	l, oldest := q.choose(g)
	if oldest != nil {
		if g.young++; aging > 0 && g.young >= aging {
			l, g.young = oldest, 0
		}
	}
	e := q.table.Pop(&l.List)
	g.trim(l)
	return e
}

// choose returns the lane of the highest priority that has an entry and, if others
// have some too, the lane of the entry that has waited longest: that is the first
// of its lane.
func (q *Queue[T]) choose(g *group) (highest, oldest *lane) {
	several, age := false, uint32(0)
	for i := range g.lanes {
		l := &g.lanes[i]
		if l.Empty() {
			continue
		}
		first := q.table.Extra(q.table.First(&l.List)).age
		several = highest != nil
		if !several {
			highest = l
		}
		// The difference is right even after age has wrapped around.
		if oldest == nil || int32(first-age) < 0 {
			oldest, age = l, first
		}
	}
	if !several {
		return highest, nil
	}
	return highest, oldest
}

// rise gives a waiting entry a higher priority.
func (q *Queue[T]) rise(e *entry[T], priority int32) {
	q.rank()
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

// join makes e refer to the group of that name.
func (q *Queue[T]) join(e *entry[T], name string) {
	o := &q.order
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
	q.table.Extra(e).group = g
}

// part ends the reference of e to its group, which is dropped after the last.
func (q *Queue[T]) part(e *entry[T]) {
	x := q.table.Extra(e)
	if x == nil || x.group == nil {
		return
	}
	if x.group.refs--; x.group.refs == 0 {
		delete(q.order.named, x.group.name)
	}
	x.group = nil
}

// back records that a worker has given back e.
func (q *Queue[T]) back(e *entry[T]) {
	if x := q.table.Extra(e); x != nil && x.group != nil {
		x.group.processing--
		if x.group.place >= 0 {
			q.order.turns.Fix(x.group.place)
		}
	}
}

// lane returns the lane of a priority, which it makes if there is none.
func (g *group) lane(priority int32) *lane {
	if len(g.lanes) == 1 && g.lanes[0].priority == priority {
		return &g.lanes[0]
	}
	i, found := slices.BinarySearchFunc(g.lanes, priority, func(l lane, p int32) int {
		return cmp.Compare(p, l.priority) // a difference can overflow
	})
	if !found {
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
