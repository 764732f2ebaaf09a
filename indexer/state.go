package indexer

import (
	"strconv"
	"sync/atomic"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/hints"
	"github.com/informant-go/informant/internal/postings"
)

const (
	chunkSize = postings.ChunkSize
	fullChunk = 1<<chunkSize - 1
)

// chunk is chunkSize neighbouring slots, the content of one cell.
type chunk[T any] struct {
	used uint32 // bit i says that there is an object in objs[i]
	objs [chunkSize]T
}

// whichObjects is the number of the array of objects in an Undo; that of index n
// has number n+1.
const whichObjects = 0

// state is what one full commit showed, and the light commits on it since. States
// have arrays in common, which are edited in place until one that has them is
// sealed. What is not atomic never changes.
type state[T any] struct {
	version uint64
	keys    *hints.Table
	objects *cells.Array[chunk[T]]
	indexes *indexList[T]
	sets    []*postings.Index // by number in indexes.all
	len     int
	// resourceVersion is that of the full commit, see light.numbers.
	resourceVersion string

	// sealed says that somebody relies on the state: commits after the next one
	// copy what they change. It is never taken back.
	sealed atomic.Bool
	undo   cells.Undo
	light  light[T]
}

// seal returns the newest state, which nothing changes from now on but the one
// commit after it, full or light, and what that changes the view takes back.
func (e *engine[T]) seal() view[T] {
	for {
		st := e.head.Load()
		e.step()
		if !st.sealed.Load() {
			st.sealed.Store(true)
		}
		e.step()
		if e.head.Load() == st {
			return view[T]{state: st, engine: e, after: st.light.count(), sealed: true}
		}
	}
}

// resourceVersion is that of the newest state.
func (e *engine[T]) resourceVersion() string {
	for range 4 {
		st := e.head.Load()
		count := st.light.count()
		e.step()
		version := st.versionAt(count)
		e.step()
		if st.light.count() == count && e.head.Load() == st {
			return version
		}
	}
	v := e.seal()
	return v.versionAt(v.after)
}

// versionAt returns the resource version after a number of light commits: the newest
// number, or the one before it.
func (st *state[T]) versionAt(count uint64) string {
	if number := st.light.numbers[count&1].Load(); number != 0 {
		return strconv.FormatUint(number, 10)
	}
	return st.resourceVersion
}

// get looks a key up in the newest state. It takes no lock, and writes nothing
// unless a commit of the object, or a full one of its chunk, is under way.
//
// What it finds in the state that was the newest when it began counts, since that
// is within the call. A leaf that a later commit made, and an object that a light
// commit is about to store, are not of that state: then the state is sealed and
// asked. So it is where the state is not the newest any more, for then an object
// may be of a light commit on a later state; but first it is tried again.
func (e *engine[T]) get(key string) (obj T, exists bool) {
	hash := e.hash(key)
	for range 4 {
		st := e.head.Load()
		e.step()
		slot, ok := st.keys.Find(hash, key)
		if !ok {
			return obj, false
		}
		l := st.objects.Load(slot / chunkSize)
		switch {
		case l == nil:
			return obj, false
		case l.Version > st.version:
			continue
		case l.Val.used&(1<<(slot%chunkSize)) == 0:
			return obj, false
		}
		e.step()
		found := e.load(&l.Val.objs[slot%chunkSize])
		e.step()
		if !st.light.touches(slot) && e.head.Load() == st {
			return found, true
		}
	}
	v := e.seal()
	return v.get(hash, key)
}
