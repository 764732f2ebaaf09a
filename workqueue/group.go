package workqueue

import (
	"cmp"
	"slices"
)

// emptyQueues is how many FIFO queues a group keeps before it drops empty ones.
const emptyQueues = 4

// group holds the waiting entries of one group of keys, in a FIFO queue for each
// priority. It exists for as long as an entry refers to it, waiting or not.
type group[T comparable] struct {
	name       string
	queues     []fifo[T] // by falling priority
	waiting    int       // the number of entries in queues
	processing int       // the number of entries that workers have
	refs       int       // the number of entries that refer to it
	turn       uint64    // when it was served last, or made
	place      int       // 1 + its index in ready.turns; 0 when it is not there
	young      int       // items handed out since the last one that was chosen by age
}

// queue returns the FIFO queue of a priority, which it makes if there is none.
func (g *group[T]) queue(priority int32) *fifo[T] {
	if len(g.queues) == 1 && g.queues[0].priority == priority {
		return &g.queues[0]
	}
	i, found := slices.BinarySearchFunc(g.queues, priority, func(l fifo[T], p int32) int {
		return cmp.Compare(p, l.priority) // a difference can overflow
	})
	if !found {
		g.queues = slices.Insert(g.queues, i, fifo[T]{priority: priority})
	}
	return &g.queues[i]
}

func (g *group[T]) push(in *slabs[T], e entry[T]) {
	g.queue(e.priority()).push(in, e)
	g.waiting++
}

// pop removes the entry that goes out next, which there must be. aging is
// Options.Aging.
func (g *group[T]) pop(in *slabs[T], aging int) entry[T] {
	g.waiting--
	if len(g.queues) == 1 {
		return g.queues[0].pop(in)
	}
	if aging == 0 {
		aging = DefaultAging
	}
	i := g.first()
	if oldest := g.oldest(in, i); oldest >= 0 {
		if g.young++; aging > 0 && g.young >= aging {
			i, g.young = oldest, 0
		}
	}
	e := g.queues[i].pop(in)
	g.trim(i)
	return e
}

// first is the index of the queue with the highest priority that has an entry.
func (g *group[T]) first() int {
	i := 0
	for g.queues[i].empty() {
		i++
	}
	return i
}

// oldest is the index of the queue whose head has waited longest, or -1 when the
// first queue is the only one with entries. No entry has waited longer than the
// head of its queue, so that this head has waited longest in the group.
func (g *group[T]) oldest(in *slabs[T], first int) int {
	best, several := first, false
	age := in.at(g.queues[first].head).rank().age
	for i := first + 1; i < len(g.queues); i++ {
		if g.queues[i].empty() {
			continue
		}
		several = true
		// The difference is right even after age has wrapped around.
		if a := in.at(g.queues[i].head).rank().age; int32(a-age) < 0 {
			best, age = i, a
		}
	}
	if !several {
		return -1
	}
	return best
}

// remove takes e out of the group. Entries must have ranks.
func (g *group[T]) remove(in *slabs[T], e entry[T]) {
	priority := e.priority()
	g.queue(priority).remove(in, e)
	g.waiting--
	if len(g.queues) > 1 {
		g.trim(slices.IndexFunc(g.queues, func(l fifo[T]) bool { return l.priority == priority }))
	}
}

// trim drops queue i if it is empty and there are many queues.
func (g *group[T]) trim(i int) {
	if g.queues[i].empty() && len(g.queues) > emptyQueues {
		g.queues = slices.Delete(g.queues, i, i+1)
	}
}
