package indexer

import (
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/informant-go/informant/internal/postings"
)

// indexList are the indexes of a state; it is replaced, never changed.
type indexList[T any] struct {
	// all has those that writers keep, shown the numbers of those that readers
	// know by name: AddIndexers fills the others yet.
	all   []*index[T]
	shown map[string]int
}

// number returns the number of an index by name, shown or not.
func (l *indexList[T]) number(name string) int {
	return slices.IndexFunc(l.all, func(ix *index[T]) bool { return ix.name == name })
}

// index is one index. Its sets are in the states, by the number of the index.
type index[T any] struct {
	name string
	fn   IndexFunc[T]

	// book and several are the writer's: what the sets are made of, and the ids
	// of slots that have several.
	book    postings.Book
	several map[uint32][]uint32
}

func newIndex[T any](name string, fn IndexFunc[T]) *index[T] { return &index[T]{name: name, fn: fn} }

// values calls the index function and makes an error of a panic (S4).
func (ix *index[T]) values(obj T) (values []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			values, err = nil, &PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	values, err = ix.fn(obj)
	if err != nil {
		return nil, err
	}
	return values, nil
}

// rows remember for each slot what its index values are, in a word for each
// index, so that an update calls each index function once. Only the writer changes
// them; slots beyond the words have no values.
type rows struct {
	stride int
	words  []atomic.Uint32
}

// What a word says: no value, the id of the one value plus one, or these.
const (
	// severalValues are in the index's map of that name.
	severalValues = 1<<32 - 1
	// unknown is for an object that AddIndexers has not come to yet. It is in no
	// set of that index.
	unknown = 1<<32 - 2
)

// of returns the words of a slot, nil for none.
func (r *rows) of(slot uint32) []atomic.Uint32 {
	if at := int(slot) * r.stride; at+r.stride <= len(r.words) {
		return r.words[at : at+r.stride]
	}
	return nil
}

// resize returns a copy of r for slots and stride words for each, of which new ones
// are 0.
func (r *rows) resize(slots uint32, stride int) *rows {
	grown := &rows{stride: stride, words: make([]atomic.Uint32, int(slots)*stride)}
	for slot := range min(slots, r.slots()) {
		to := grown.of(slot)
		for n, from := 0, r.of(slot); n < len(from); n++ {
			if word := from[n].Load(); word != 0 {
				to[n].Store(word)
			}
		}
	}
	return grown
}

func (r *rows) slots() uint32 { return uint32(len(r.words) / max(r.stride, 1)) }

// sameValues reports whether slot has exactly these values, by index. Any goroutine
// may ask; if it is not the writer, the answer counts only if a later turn finds
// that the chunk of the slot is the one of st, and false may mean that it is not
// known.
func (e *engine[T]) sameValues(st *state[T], slot uint32, values [][]string) bool {
	words := e.rows.Load().of(slot)
	if len(words) != len(values) {
		return false
	}
	for n := range words {
		switch word := words[n].Load(); {
		case word == 0 && len(values[n]) == 0:
		case word == 0, word >= unknown, len(values[n]) != 1, !st.sets[n].Has(word-1, values[n][0]):
			return false
		}
	}
	return true
}

// takeNotes notes that slot changed, which has the values that it had.
func (e *engine[T]) takeNotes(notes *notes, st *state[T], slot uint32) {
	if !notes.taking {
		return
	}
	notes.key(st.keys.Name(slot))
	for n, ix := range st.indexes.all {
		for _, id := range ix.ids(slot, e.rows.Load().of(slot)[n].Load()) {
			notes.value(ix.name, st.sets[n].Value(id))
		}
	}
}

// ids returns the ids that a word stands for.
func (ix *index[T]) ids(slot, word uint32) []uint32 {
	switch word {
	case 0, unknown:
		return nil
	case severalValues:
		return ix.several[slot]
	default:
		return []uint32{word - 1}
	}
}

// index makes values those of slot in index n.
func (t *turn[T]) index(n int, slot uint32, values []string) {
	ix := t.st.indexes.all[n]
	word := &t.rows.Load().of(slot)[n]
	was := word.Load()
	switch {
	case was == 0 && len(values) == 0:
		return
	case was != 0 && was < unknown && len(values) == 1 && t.st.sets[n].Has(was-1, values[0]):
		t.noteValues(n, values)
		return
	}
	c := t.change(n)
	if t.notes.taking {
		for _, id := range ix.ids(slot, was) {
			t.notes.value(ix.name, c.Index.Value(id))
		}
		t.noteValues(n, values)
	}
	if was == severalValues || len(values) > 1 {
		word.Store(t.moveSeveral(&c, ix, slot, was, values))
	} else {
		word.Store(t.move(&c, slot, was, values))
	}
	t.changed(n, c)
}

func (t *turn[T]) noteValues(n int, values []string) {
	if t.notes.taking {
		for _, value := range values {
			t.notes.value(t.st.indexes.all[n].name, value)
		}
	}
}

// move changes the value of slot where it has at most one before and after, and
// returns the word for it.
func (t *turn[T]) move(c *postings.Change, slot, was uint32, values []string) (word uint32) {
	if len(values) == 1 {
		id := c.ID(t.hash(values[0]), values[0])
		c.Add(id, slot)
		word = id + 1
	}
	if was != 0 && was != unknown {
		c.Remove(was-1, slot)
	}
	return word
}

// moveSeveral is move where slot has several values before or after.
func (t *turn[T]) moveSeveral(c *postings.Change, ix *index[T], slot, was uint32, values []string) (word uint32) {
	before := ix.ids(slot, was)
	after := make([]uint32, 0, len(values))
	for _, value := range values {
		id := c.ID(t.hash(value), value)
		if !slices.Contains(before, id) && !slices.Contains(after, id) {
			c.Add(id, slot)
		}
		after = append(after, id)
	}
	slices.Sort(after)
	after = slices.Clip(slices.Compact(after))
	for _, id := range before {
		if !slices.Contains(after, id) {
			c.Remove(id, slot)
		}
	}
	delete(ix.several, slot)
	switch len(after) {
	case 0:
		return 0
	case 1:
		return after[0] + 1
	}
	if ix.several == nil {
		ix.several = make(map[uint32][]uint32)
	}
	ix.several[slot] = after
	return severalValues
}

// isNil reports whether there is no object: nil, or a nil pointer.
func isNil(obj any) bool {
	v := reflect.ValueOf(obj)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func typeName[T any]() string { return reflect.TypeFor[T]().String() }
