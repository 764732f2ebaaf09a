package indexer

import (
	"strconv"
	"sync/atomic"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/word"
)

// A light commit stores objects of keys that are there, with the index values that
// are there. It makes no new state: each object is exchanged by one store in the
// chunk where it is. That is most of what an informer writes.
//
// Its order is: what the slots have now, for whoever seals the state meanwhile or
// has; the mark; the objects; the resource version; the number of light commits,
// which ends the mark and shows everything at once. A state that is sealed gets no
// further one, so that only one can be under way when a reader seals, and what it
// noted stays for that reader.

// light is what a state has of its light commits.
type light[T any] struct {
	// marks has the number of light commits in its upper half; in the lower one
	// while one is under way the slot that it changes plus one, or severalSlots.
	marks atomic.Uint64
	// numbers has the resource version after an even and an odd number of light
	// commits, 0 for that of the state.
	numbers [2]atomic.Uint64

	// slot and old are what the newest light commit changed if it is of one
	// object, several if it is of more and somebody may still need it. Who has
	// sealed the state may read them where marks is beyond its own count.
	slot    uint32
	old     T
	several atomic.Pointer[several[T]]
}

const (
	severalSlots = 1<<32 - 1
	// maxLight is how many objects a light commit may have: who seals meanwhile
	// searches them.
	maxLight = 256
	// maxCount is how many light commits a state may have.
	maxCount = 1 << 31
)

// several is what the slots of a light commit had before. It never changes.
type several[T any] struct {
	slots  []uint32
	olds   []T
	filter [16]uint64 // a bit for each chunk, to spare the search
}

func filterBit(slot uint32) (word int, bit uint64) {
	at := slot / chunkSize % 1024
	return int(at / 64), 1 << (at % 64)
}

func (s *several[T]) find(slot uint32) (old T, ok bool) {
	if w, bit := filterBit(slot); s.filter[w]&bit != 0 {
		for i, at := range s.slots {
			if at == slot {
				return s.olds[i], true
			}
		}
	}
	return old, false
}

func (l *light[T]) count() uint64 { return l.marks.Load() >> 32 }

// idle returns the number of light commits, and reports whether none is under
// way.
func (l *light[T]) idle() (count uint64, ok bool) {
	m := l.marks.Load()
	return m >> 32, uint32(m) == 0
}

// touches reports whether a light commit that is under way changes slot.
func (l *light[T]) touches(slot uint32) bool {
	switch uint32(l.marks.Load()) {
	case slot + 1:
		return true
	case severalSlots:
		if s := l.several.Load(); s != nil {
			_, yes := s.find(slot)
			return yes
		}
	}
	return false
}

// before returns what slot had before the newest light commit, if that changed it.
// The state is sealed, and marks is beyond the caller's count.
func (l *light[T]) before(slot uint32) (old T, ok bool) {
	if s := l.several.Load(); s != nil {
		return s.find(slot)
	}
	return l.old, l.slot == slot
}

// lightly makes the changes of a batch a light commit, if it can be one. mu is
// held.
func (e *engine[T]) lightly(b *batch[T], changes []Change[T], resourceVersion string) bool {
	st := e.head.Load()
	count := st.light.count()
	if e.kind == word.None || len(changes) > maxLight || count >= maxCount || st.sealed.Load() {
		return false
	}
	latest := newest(newest(e.latest, resourceVersion), b.newest)
	number, ok := numberOf(latest, st.resourceVersion)
	if !ok {
		return false
	}
	for i := range changes {
		if !e.isLight(st, b, i, &changes[i]) {
			return false
		}
	}
	notes := e.notifier.begin()
	st.light.begin(e, st, count, b.slots[:len(changes)])
	for i := range changes {
		c := &changes[i]
		c.Old, c.Existed, c.Done = e.exchange(st, b.slots[i], &c.Object), true, true
		e.takeNotes(&notes, st, b.slots[i])
	}
	e.latest = latest
	st.light.numbers[(count+1)&1].Store(number)
	e.step()
	st.light.marks.Store((count + 1) << 32)
	e.step()
	st.light.end(st.sealed.Load())
	e.notifier.publish(notes, latest)
	return true
}

// numberOf returns the number of a resource version, 0 where it is that of the
// state.
func numberOf(version, ofState string) (number uint64, ok bool) {
	if version == ofState {
		return 0, true
	}
	number, err := strconv.ParseUint(version, 10, 64)
	return number, err == nil && number > 0 && version[0] != '0'
}

// isLight reports whether change i can be in a light commit: the object is there,
// the index has at most one value for it, which stays, and its chunk can be changed
// or replaced in its cell, since no sealed state has the chunk, or else the cell.
func (e *engine[T]) isLight(st *state[T], b *batch[T], i int, c *Change[T]) bool {
	if c.Type != ChangePut || b.slots[i] == noSlot {
		return false
	}
	slot := b.slots[i]
	cell, at := slot/chunkSize, slot%chunkSize
	l := st.objects.Load(cell)
	return l != nil && l.Val.used&(1<<at) != 0 &&
		(e.editor.Private(l.Version) || cells.Owns(&e.editor, st.objects, cell)) &&
		word.Swaps(e.kind, &l.Val.objs[at], &c.Object) &&
		e.sameValues(st, slot, b.of(i*len(b.indexes.all)))
}

// begin notes what the slots have now, and then that a light commit is under way.
func (l *light[T]) begin(e *engine[T], st *state[T], count uint64, slots []uint32) {
	mark := uint64(severalSlots)
	switch len(slots) {
	case 0: // it only raises the resource version
		l.slot, mark = noSlot, 0
	case 1:
		l.slot, l.old = slots[0], *st.place(slots[0])
		mark = uint64(slots[0]) + 1
	default:
		s := &several[T]{slots: make([]uint32, len(slots)), olds: make([]T, len(slots))}
		for i, slot := range slots {
			s.slots[i], s.olds[i] = slot, *st.place(slot)
			w, bit := filterBit(slot)
			s.filter[w] |= bit
		}
		e.step()
		l.several.Store(s)
	}
	e.step()
	l.marks.Store(count<<32 | mark)
}

// end forgets what nobody needs, since nobody had sealed the state when the light
// commit was shown.
func (l *light[T]) end(sealed bool) {
	if sealed {
		return
	}
	var none T
	l.old = none
	if l.several.Load() != nil {
		l.several.Store(nil)
	}
}

// used reports whether there is an object in a slot, for the writer.
func (st *state[T]) used(slot uint32) bool {
	l := st.objects.Load(slot / chunkSize)
	return l != nil && l.Val.used&(1<<(slot%chunkSize)) != 0
}

// place is where the newest object of a used slot is, for the writer.
func (st *state[T]) place(slot uint32) *T {
	return &st.objects.Load(slot / chunkSize).Val.objs[slot%chunkSize]
}

// exchange stores obj in a used slot and returns what was there, in a copy of the
// chunk where somebody has sealed that.
func (e *engine[T]) exchange(st *state[T], slot uint32, obj *T) (old T) {
	cell, at := slot/chunkSize, slot%chunkSize
	l := st.objects.Load(cell)
	old = l.Val.objs[at]
	if e.editor.Private(l.Version) {
		e.step()
		word.Swap(e.kind, &l.Val.objs[at], obj)
		return old
	}
	own := &cells.Leaf[chunk[T]]{Version: st.version, Val: l.Val}
	own.Val.objs[at] = *obj
	cells.Exchange(&e.editor, st.objects, whichObjects, cell, own)
	return old
}
