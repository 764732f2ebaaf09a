package workqueue

import "slices"

// emptyLanes is how many lanes a group keeps before it drops empty ones.
const emptyLanes = 4

// group holds the waiting entries of one group of keys. It outlives them for
// as long as an entry refers to it.
type group[T comparable] struct {
	name    string
	lanes   []lane[T] // by falling priority
	waiting int       // entries in lanes
	inHand  int       // entries with a worker
	refs    int       // entries that refer to it
	turn    uint64    // when it was last served, or made
	place   int       // 1 + index in the heap of turns; 0 when not there
	young   int       // items handed out since the last that was chosen by age
}

// lane returns the lane of a priority, which it makes if there is none.
func (g *group[T]) lane(priority int32) *lane[T] {
	if len(g.lanes) == 1 && g.lanes[0].priority == priority {
		return &g.lanes[0]
	}
	i, found := slices.BinarySearchFunc(g.lanes, priority, func(l lane[T], p int32) int {
		return int(p) - int(l.priority)
	})
	if !found {
		g.lanes = slices.Insert(g.lanes, i, lane[T]{priority: priority})
	}
	return &g.lanes[i]
}

func (g *group[T]) push(e *entry[T]) {
	g.lane(e.priority).push(e)
	g.waiting++
}

// pop removes the entry that goes out next; there must be one. aging is
// Options.Aging.
func (g *group[T]) pop(aging int) *entry[T] {
	g.waiting--
	if len(g.lanes) == 1 {
		return g.lanes[0].pop()
	}
	if aging == 0 {
		aging = DefaultAging
	}
	i := g.first()
	if oldest := g.oldest(i); oldest >= 0 {
		if g.young++; aging > 0 && g.young >= aging {
			i, g.young = oldest, 0
		}
	}
	e := g.lanes[i].pop()
	g.trim(i)
	return e
}

// first is the index of the highest priority that has an entry.
func (g *group[T]) first() int {
	i := 0
	for g.lanes[i].head == nil {
		i++
	}
	return i
}

// oldest is the index of the lane whose head has waited longest, or -1 when
// the first lane is the only one with entries. The head of a lane is the
// oldest of it, so that this one is the oldest of the group.
func (g *group[T]) oldest(first int) int {
	best, several := first, false
	for i := first + 1; i < len(g.lanes); i++ {
		h := g.lanes[i].head
		if h == nil {
			continue
		}
		several = true
		// The difference is right even after age has wrapped around.
		if int32(h.age-g.lanes[best].head.age) < 0 {
			best = i
		}
	}
	if !several {
		return -1
	}
	return best
}

func (g *group[T]) remove(e *entry[T]) {
	l := g.lane(e.priority)
	l.remove(e)
	g.waiting--
	if len(g.lanes) > 1 {
		g.trim(slices.IndexFunc(g.lanes, func(l lane[T]) bool { return l.priority == e.priority }))
	}
}

// trim drops lane i if it is empty and there are many.
func (g *group[T]) trim(i int) {
	if g.lanes[i].head == nil && len(g.lanes) > emptyLanes {
		g.lanes = slices.Delete(g.lanes, i, i+1)
	}
}
