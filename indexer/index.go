package indexer

import (
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/informant-go/informant/internal/mvcc"
	"github.com/informant-go/informant/internal/postings"
)

// How a column holds the values of a slot: 0 for none, the id of the one value
// plus one, or several for a list in the map of the same name.
const several = 1<<32 - 1

// index is one index: which slots each value has, in versions, and which
// values each slot has, for the writer.
type index[T any] struct {
	name     string
	fn       IndexFunc[T]
	nilable  bool // a T can be nil
	postings *postings.Index

	// column and several remember what fn gave for the stored objects, so
	// that an update calls it once. Only the writer changes them; a slot
	// beyond the column has no values. The column is replaced when it grows,
	// and may be read without the writer's turn, see remembers.
	column  atomic.Pointer[[]uint32]
	several map[uint32][]uint32

	// written has the slots that were written since the index began to run,
	// while AddIndexers fills it, and is nil before and after.
	written map[uint32]struct{}
}

func newIndex[T any](name string, fn IndexFunc[T], col *mvcc.Collector) *index[T] {
	kind := reflect.TypeFor[T]().Kind()
	return &index[T]{
		name: name, fn: fn, postings: postings.New(col),
		nilable: kind == reflect.Pointer || kind == reflect.Interface,
	}
}

// values calls the index function for an object to store. A nil object has no
// values, and the function is not called for it, as in client-go.
func (ix *index[T]) values(obj T) (values []string, err error) {
	if ix.nilable && isNil(obj) {
		return nil, nil
	}
	return ix.call(obj)
}

// call calls the index function and makes an error of a panic (S4).
func (ix *index[T]) call(obj T) (values []string, err error) {
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

// set makes values those of slot in the pending version.
func (ix *index[T]) set(version uint64, slot uint32, values []string) {
	ix.touch(slot)
	old := ix.remembered(slot)
	switch {
	case old == 0 && len(values) == 0:
		return
	case old != 0 && old != several && len(values) == 1 && ix.postings.Value(old-1) == values[0]:
		return
	case old != several && len(values) <= 1:
		ix.move(version, slot, old, values)
	default:
		ix.setSeveral(version, slot, values)
	}
}

// remembers reports whether slot has exactly these values. Any goroutine may ask;
// the answer counts only if a later turn finds that the chunk of the slot is of a
// version that was committed before. False may also mean that it is not known.
func (ix *index[T]) remembers(slot uint32, values []string) bool {
	switch what := ix.remembered(slot); what {
	case 0:
		return len(values) == 0
	case several:
		return false
	default:
		return len(values) == 1 && ix.postings.Has(what-1, values[0])
	}
}

func (ix *index[T]) remembered(slot uint32) uint32 {
	if column := ix.slots(); int(slot) < len(column) {
		return atomic.LoadUint32(&column[slot])
	}
	return 0
}

func (ix *index[T]) slots() []uint32 {
	if column := ix.column.Load(); column != nil {
		return *column
	}
	return nil
}

func (ix *index[T]) remember(slot, what uint32) {
	column := ix.slots()
	if int(slot) >= len(column) {
		ix.reserve(max(int(slot)+1, len(column)+len(column)/4))
		column = ix.slots()
	}
	atomic.StoreUint32(&column[slot], what)
}

// reserve makes room for n slots.
func (ix *index[T]) reserve(n int) {
	if column := ix.slots(); n > len(column) {
		grown := make([]uint32, n)
		copy(grown, column)
		ix.column.Store(&grown)
	}
}

// touch notes that slot was written, for AddIndexers.
func (ix *index[T]) touch(slot uint32) {
	if ix.written != nil {
		ix.written[slot] = struct{}{}
	}
}

// move changes the value of slot where it has at most one before and after.
func (ix *index[T]) move(version uint64, slot, old uint32, values []string) {
	if old != 0 {
		ix.postings.Remove(version, old-1, slot)
	}
	if len(values) == 0 {
		ix.remember(slot, 0)
		return
	}
	id := ix.postings.ID(values[0])
	ix.postings.Add(version, id, slot)
	ix.remember(slot, id+1)
}

// setSeveral changes the values of slot where it has several before or after.
func (ix *index[T]) setSeveral(version uint64, slot uint32, values []string) {
	before := ix.ids(slot)
	after := make([]uint32, 0, len(values))
	for _, value := range values {
		after = append(after, ix.postings.ID(value))
	}
	slices.Sort(after)
	after = slices.Clip(slices.Compact(after))
	for _, id := range before {
		if _, stays := slices.BinarySearch(after, id); !stays {
			ix.postings.Remove(version, id, slot)
		}
	}
	for _, id := range after {
		if _, was := slices.BinarySearch(before, id); !was {
			ix.postings.Add(version, id, slot)
		}
	}
	delete(ix.several, slot)
	switch len(after) {
	case 0:
		ix.remember(slot, 0)
	case 1:
		ix.remember(slot, after[0]+1)
	default:
		if ix.several == nil {
			ix.several = make(map[uint32][]uint32)
		}
		ix.several[slot] = after
		ix.remember(slot, several)
	}
}

// ids returns the ids of the values of slot, ascending.
func (ix *index[T]) ids(slot uint32) []uint32 {
	switch what := ix.remembered(slot); what {
	case 0:
		return nil
	case several:
		return ix.several[slot]
	default:
		return []uint32{what - 1}
	}
}

// isNil reports whether there is no object: nil, or a nil pointer.
func isNil(obj any) bool {
	v := reflect.ValueOf(obj)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func typeName[T any]() string { return reflect.TypeFor[T]().String() }
