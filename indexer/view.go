package indexer

import (
	"fmt"
	"math/bits"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/postings"
	"github.com/informant-go/informant/internal/word"
)

// view reads one state, after the light commits that after counts. A sealed view may
// be read at any time and by any goroutine: nothing changes it. One that is not is for
// one reading and one goroutine, which then asks whether it holds.
type view[T any] struct {
	*state[T]
	engine *engine[T]
	after  uint64
	sealed bool
	// torn says that a view that is not sealed has met what is not of its state.
	torn bool
}

// glance returns the newest state to be read once, without a seal if no commit is
// under way: who reads it asks then whether it holds, and if not seals and reads
// again. So a reading during which nothing is written costs the next writer no copy.
// No user code may run in it.
func (e *engine[T]) glance() view[T] {
	st := e.head.Load()
	if count, idle := st.light.idle(); idle && !st.sealed.Load() {
		return view[T]{state: st, engine: e, after: count}
	}
	return e.seal()
}

// maxTry is how many objects are read without a seal. A longer reading beside a
// writer would be in vain most times, and twice the work.
const maxTry = 4096

// holds reports whether all that was read is of the view's state.
func (v *view[T]) holds() bool {
	v.engine.step()
	return v.sealed || !v.torn && v.engine.head.Load() == v.state
}

// moved reports whether there was a light commit since, or one is under way.
func (v *view[T]) moved() bool { return v.light.marks.Load() != v.after<<32 }

// chunk returns the chunk of a cell, nil for none.
func (v *view[T]) chunk(cell uint32) *chunk[T] {
	l := v.state.objects.Load(cell)
	if l != nil && l.Version > v.version {
		if !v.sealed {
			v.torn = true
			return nil
		}
		l = cells.At(&v.undo, v.version, whichObjects, cell, l)
	}
	if l == nil {
		return nil
	}
	return &l.Val
}

// stored is what a state has in a slot.
type stored[T any] struct {
	slot uint32
	key  string
	obj  T
}

// at returns what is in a slot, which may be one that never was.
func (v *view[T]) at(slot uint32) (s stored[T], ok bool) {
	c := v.chunk(slot / chunkSize)
	if c == nil || c.used&(1<<(slot%chunkSize)) == 0 {
		return s, false
	}
	return stored[T]{slot, v.keys.Name(slot), v.object(c, slot)}, true
}

func (v *view[T]) object(c *chunk[T], slot uint32) T {
	obj := []T{v.engine.load(&c.objs[slot%chunkSize])}
	if v.moved() {
		v.takeBack(obj, []postings.Run{{Chunk: slot / chunkSize, Mask: 1 << (slot % chunkSize)}})
	}
	return obj[0]
}

// takeBack puts what was there before into the objects of runs, where a light
// commit since the view has changed them.
func (v *view[T]) takeBack(objs []T, runs []postings.Run) {
	if !v.sealed {
		v.torn = true
		return
	}
	i := 0
	for _, run := range runs {
		for mask := run.Mask; mask != 0; mask &= mask - 1 {
			if old, ok := v.light.before(run.Chunk*chunkSize + uint32(bits.TrailingZeros32(mask))); ok {
				objs[i] = old
			}
			i++
		}
	}
}

func (v *view[T]) get(hash uint32, key string) (obj T, exists bool) {
	if slot, ok := v.keys.Find(hash, key); ok {
		if s, ok := v.at(slot); ok {
			return s.obj, true
		}
	}
	return obj, false
}

// appendObjects appends the objects of runs. The loop is short, so that the loads
// of many chunks are under way at a time.
func (v *view[T]) appendObjects(to []T, runs []postings.Run) []T {
	n, kind, hook := len(to), v.engine.kind, v.engine.hook
	for _, run := range runs {
		if hook != nil {
			hook()
		}
		c := v.chunk(run.Chunk)
		if c == nil {
			continue // the view is torn
		}
		if i := len(to); run.Mask == fullChunk && cap(to)-i >= chunkSize {
			to = to[:i+chunkSize]
			word.LoadAll(kind, to[i:], c.objs[:])
			continue
		}
		for mask := run.Mask; mask != 0; mask &= mask - 1 {
			to = append(to, word.Load(kind, &c.objs[bits.TrailingZeros32(mask)]))
		}
	}
	if v.moved() {
		v.takeBack(to[n:], runs)
	}
	return to
}

func (v *view[T]) appendKeys(to []string, cell, mask uint32) []string {
	for ; mask != 0; mask &= mask - 1 {
		to = append(to, v.keys.Name(cell*chunkSize+uint32(bits.TrailingZeros32(mask))))
	}
	return to
}

// slots are what a reading is about: all that have an object, those of a set, or
// those of several sets, each once.
type slots struct {
	all  bool
	set  postings.Set
	some []postings.Run
}

var everything = slots{all: true}

// allPart is the number of chunks in a part of everything.
const allPart = postings.MaxRuns

// count returns the number of slots.
func (v *view[T]) count(s *slots) (n int) {
	switch {
	case s.all:
		return v.len
	case s.some == nil:
		n, ok := s.set.Len()
		if !ok {
			v.torn = true
		}
		return n
	}
	for _, run := range s.some {
		n += bits.OnesCount32(run.Mask)
	}
	return n
}

// parts is the number of parts of s, of which each is at most postings.MaxRuns
// runs: some slots of one chunk.
func (v *view[T]) parts(s *slots) int {
	switch {
	case s.all:
		return (int(v.state.objects.Len()) + allPart - 1) / allPart
	case s.some == nil:
		return s.set.Parts()
	}
	return (len(s.some) + allPart - 1) / allPart
}

func (v *view[T]) part(s *slots, i int, buf []postings.Run) []postings.Run {
	switch {
	case !s.all && s.some == nil:
		runs, ok := s.set.Part(i, buf)
		if !ok {
			v.torn = true
		}
		return runs
	case !s.all:
		return append(buf, s.some[i*allPart:min((i+1)*allPart, len(s.some))]...)
	}
	for cell := uint32(i * allPart); cell < min(uint32(i+1)*allPart, v.state.objects.Len()); cell++ {
		if c := v.chunk(cell); c != nil && c.used != 0 {
			buf = append(buf, postings.Run{Chunk: cell, Mask: c.used})
		}
	}
	return buf
}

// union are the slots of several sets.
func (v *view[T]) union(sets []postings.Set) slots {
	var buf [postings.MaxRuns]postings.Run
	all := []postings.Run{}
	at := make(map[uint32]int)
	for _, set := range sets {
		for i := range set.Parts() {
			runs, ok := set.Part(i, buf[:0])
			if !ok {
				v.torn = true
			}
			for _, run := range runs {
				if n, there := at[run.Chunk]; there {
					all[n].Mask |= run.Mask
					continue
				}
				at[run.Chunk] = len(all)
				all = append(all, run)
			}
		}
	}
	return slots{some: all}
}

// long reports whether a reading of n objects should not be done without a seal;
// then this view is given up.
func (v *view[T]) long(n int) bool {
	if v.sealed {
		return false
	}
	v.torn = v.torn || n > maxTry
	return v.torn
}

// list returns the objects in the slots of s, never nil.
func (v *view[T]) list(s slots) []T {
	n := v.count(&s)
	if v.long(n) {
		return []T{}
	}
	all := make([]T, 0, n)
	var buf [postings.MaxRuns]postings.Run
	for i := range v.parts(&s) {
		all = v.appendObjects(all, v.part(&s, i, buf[:0]))
	}
	return all
}

// listKeys returns the keys of the slots of s, never nil.
func (v *view[T]) listKeys(s slots) []string {
	n := v.count(&s)
	if v.long(n) {
		return []string{}
	}
	all := make([]string, 0, n)
	var buf [postings.MaxRuns]postings.Run
	for i := range v.parts(&s) {
		for _, run := range v.part(&s, i, buf[:0]) {
			all = v.appendKeys(all, run.Chunk, run.Mask)
		}
	}
	return all
}

// each yields the objects in the slots of s and their keys. v is sealed, since
// yield may be the user's.
func (v *view[T]) each(s slots, yield func(string, T) bool) {
	var buf [postings.MaxRuns]postings.Run
	var objs [chunkSize]T
	for i := range v.parts(&s) {
		runs := v.part(&s, i, buf[:0])
		for r, run := range runs {
			all := v.appendObjects(objs[:0], runs[r:r+1])
			for mask, n := run.Mask, 0; mask != 0; mask, n = mask&(mask-1), n+1 {
				slot := run.Chunk*chunkSize + uint32(bits.TrailingZeros32(mask))
				if !yield(v.keys.Name(slot), all[n]) {
					return
				}
			}
		}
	}
}

// number returns the number of an index that is shown, or an error that says which
// there are.
func (e *engine[T]) number(list *indexList[T], name string) (int, error) {
	if n, ok := list.shown[name]; ok {
		return n, nil
	}
	return 0, fmt.Errorf("%w: %q in %s, which has %q: add it with AddIndexers",
		ErrNoIndex, name, e.options.Name, sortedKeys(list.shown))
}

// postings returns an index of the state.
func (v *view[T]) postings(n int) postings.View {
	index := postings.View{Index: v.sets[n], Which: n + 1, Version: v.version}
	if v.sealed {
		index.Undo = &v.undo
	}
	return index
}

// set returns the set of an index value.
func (v *view[T]) set(n int, value string) postings.Set {
	return v.postings(n).Find(v.engine.hash(value), value)
}

// find is set for the name of an index.
func (v *view[T]) find(indexName, value string) (postings.Set, error) {
	n, err := v.engine.number(v.indexes, indexName)
	if err != nil {
		return postings.Set{}, err
	}
	return v.set(n, value), nil
}

func (v *view[T]) byIndex(indexName, value string) ([]T, error) {
	set, err := v.find(indexName, value)
	if err != nil {
		return nil, err
	}
	return v.list(slots{set: set}), nil
}

func (v *view[T]) indexKeys(indexName, value string) ([]string, error) {
	set, err := v.find(indexName, value)
	if err != nil {
		return nil, err
	}
	return v.listKeys(slots{set: set}), nil
}

// byAny returns the objects that have one of the values, each once.
func (v *view[T]) byAny(n int, values []string) []T {
	if len(values) == 1 {
		return v.list(slots{set: v.set(n, values[0])})
	}
	sets := make([]postings.Set, 0, len(values))
	for _, value := range values {
		sets = append(sets, v.set(n, value))
	}
	return v.list(v.union(sets))
}

func (v *view[T]) indexValues(indexName string) []string {
	if n, ok := v.indexes.shown[indexName]; ok {
		values, ok := v.postings(n).Values()
		if !ok {
			v.torn = true
		}
		return values
	}
	return []string{}
}

func (v *view[T]) eachByIndex(indexName, value string, yield func(string, T) bool) {
	if set, err := v.find(indexName, value); err == nil {
		v.each(slots{set: set}, yield)
	}
}
