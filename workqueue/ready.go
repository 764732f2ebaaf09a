package workqueue

// ready holds the entries that wait, in the order in which they go out. The first
// is of the group of which workers have the fewest items, among equals of the
// group that was served longest ago. Within a group they go out by priority, with
// aging, and within a priority in the order in which they became ready.
type ready[T comparable] struct {
	n     int
	age   uint32
	aging int

	// all is the group of every entry in a queue without a group function.
	all group[T]

	// named holds the groups to which an entry refers. turns is a heap of those
	// of them that have waiting entries, the one to be served next first.
	named map[string]*group[T]
	turns []*group[T]
	turn  uint64
}

// of is the group of e.
func (r *ready[T]) of(e entry[T]) *group[T] {
	if g := e.group(); g != nil {
		return g
	}
	return &r.all
}

// push adds an entry, behind those of its group and priority.
func (r *ready[T]) push(in *slabs[T], e entry[T]) {
	r.n++
	r.stamp(e)
	g := r.of(e)
	g.push(in, e)
	if g.place == 0 && g != &r.all {
		r.enter(g)
	}
}

// append is push in a queue without groups and ranks. It is there for
// BenchmarkQueue/cycle.
func (r *ready[T]) append(in *slabs[T], e entry[T]) {
	r.n++
	r.all.waiting++
	if len(r.all.queues) == 0 {
		r.all.queue(0)
	}
	r.all.queues[0].append(in, e)
}

// stamp records in e the order in which entries become ready.
func (r *ready[T]) stamp(e entry[T]) {
	if k := e.rank(); k != nil {
		r.age++
		k.age = r.age
	}
}

// pop removes the entry that goes out next, or returns none.
func (r *ready[T]) pop(in *slabs[T]) entry[T] {
	if r.n == 0 {
		return entry[T]{}
	}
	r.n--
	switch {
	case len(r.turns) > 0:
		return r.popTurn(in)
	case len(r.all.queues) == 1:
		r.all.waiting--
		return r.all.queues[0].pop(in)
	default:
		return r.all.pop(in, r.aging)
	}
}

func (r *ready[T]) popTurn(in *slabs[T]) entry[T] {
	g := r.turns[0]
	e := g.pop(in, r.aging)
	g.processing++
	r.turn++
	g.turn = r.turn
	if g.waiting == 0 {
		r.leave(g)
	} else {
		r.down(0)
	}
	return e
}

// rank makes the queue ranked, when a priority is used for the first time. All
// entries that wait in a group are in one FIFO queue then.
func (r *ready[T]) rank(in *slabs[T]) {
	if in.ranked {
		return
	}
	in.rank()
	r.rankGroup(in, &r.all)
	for _, g := range r.named {
		r.rankGroup(in, g)
	}
}

func (r *ready[T]) rankGroup(in *slabs[T], g *group[T]) {
	for i := range g.queues {
		prev := uint32(0)
		g.queues[i].each(in, func(e entry[T]) {
			e.rank().prev, prev = prev, e.id
			r.stamp(e)
		})
	}
}

// rise gives a waiting entry a higher priority.
func (r *ready[T]) rise(in *slabs[T], e entry[T], priority int32) {
	r.rank(in)
	g := r.of(e)
	g.remove(in, e)
	e.rank().priority = priority
	r.stamp(e)
	g.push(in, e)
}

// took records that a worker has e, which was in a Storage.
func (r *ready[T]) took(e entry[T]) {
	if g := r.of(e); g != &r.all {
		g.processing++
	}
}

// put records that a worker is done with e.
func (r *ready[T]) put(e entry[T]) {
	g := r.of(e)
	if g == &r.all {
		return
	}
	g.processing--
	if g.place != 0 {
		r.up(g.place - 1)
	}
}

// join makes e refer to the group of that name.
func (r *ready[T]) join(e entry[T], name string) {
	g := r.named[name]
	if g == nil {
		if r.named == nil {
			r.named = map[string]*group[T]{}
		}
		// A group begins as if it had just been served: one that comes and
		// goes must not overtake those that stay.
		r.turn++
		g = &group[T]{name: name, turn: r.turn}
		r.named[name] = g
	}
	g.refs++
	e.extra().group = g
}

// part ends the reference of e to its group, which is dropped after the last.
func (r *ready[T]) part(e entry[T]) {
	g := e.group()
	if g == nil {
		return
	}
	e.more().group = nil
	if g.refs--; g.refs == 0 {
		delete(r.named, g.name)
	}
}

// before reports whether group a is served before b.
func (r *ready[T]) before(a, b *group[T]) bool {
	if a.processing != b.processing {
		return a.processing < b.processing
	}
	return a.turn < b.turn
}

// enter puts a group into turns.
func (r *ready[T]) enter(g *group[T]) {
	r.turns = append(r.turns, g)
	g.place = len(r.turns)
	r.up(len(r.turns) - 1)
}

// leave takes a group out of turns.
func (r *ready[T]) leave(g *group[T]) {
	i, last := g.place-1, len(r.turns)-1
	g.place = 0
	moved := r.turns[last]
	r.turns[last] = nil
	r.turns = r.turns[:last]
	if i < last {
		r.turns[i] = moved
		moved.place = i + 1
		r.up(i)
		r.down(moved.place - 1)
	}
}

func (r *ready[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !r.before(r.turns[i], r.turns[parent]) {
			return
		}
		r.swap(i, parent)
		i = parent
	}
}

func (r *ready[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(r.turns) {
			return
		}
		if right := child + 1; right < len(r.turns) && r.before(r.turns[right], r.turns[child]) {
			child = right
		}
		if !r.before(r.turns[child], r.turns[i]) {
			return
		}
		r.swap(i, child)
		i = child
	}
}

func (r *ready[T]) swap(i, j int) {
	r.turns[i], r.turns[j] = r.turns[j], r.turns[i]
	r.turns[i].place, r.turns[j].place = i+1, j+1
}
