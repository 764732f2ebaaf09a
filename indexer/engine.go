package indexer

import (
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/informant-go/informant/internal/hints"
	"github.com/informant-go/informant/internal/mvcc"
	"github.com/informant-go/informant/internal/postings"
	"github.com/informant-go/informant/internal/vector"
)

const chunkSize = postings.ChunkSize

const fullChunk = 1<<chunkSize - 1

// chunk is one state of chunkSize neighbouring slots.
type chunk[T any] struct {
	// keys[i] is the key of objs[i] where bit i of used is set, and a key of
	// the past elsewhere. An array that has been committed never changes; a
	// state without one is never committed.
	keys    *[chunkSize]string
	used    uint32
	ownKeys bool // keys was copied by the commit that made this state
	objs    [chunkSize]T
}

// chunkCell is a chunk in all states that somebody can see.
type chunkCell[T any] struct {
	mvcc.Cell[chunk[T]]
	// names foretells the keys of the newest state, for has. It may be those
	// of a pending state, which only the writer may look into.
	names atomic.Pointer[[chunkSize]string]
}

// has reports whether key is in place i of c, a state of the cell.
//
// That names is c.keys nearly always, and the processor bets on it: it loads
// the key while c is still on its way from memory, which takes about a
// tenth off a Get and an update of 100,000 objects (Store/update). The two branches keep
// the compiler from a conditional move, which would wait for c.
func (cell *chunkCell[T]) has(c *chunk[T], i uint32, key string) bool {
	if names := cell.names.Load(); names == c.keys {
		return names[i] == key && c.used&(1<<i) != 0
	}
	return c.keys[i] == key && c.used&(1<<i) != 0
}

// Collect drops old states, and an empty chunk altogether.
func (c *chunkCell[T]) Collect(col *mvcc.Collector) {
	c.Trim(col, c)
	if head := c.Head(); head != nil && head.used == 0 && c.Single() {
		c.Clear()
		c.names.Store(nil)
	}
}

// summary is what a state holds besides its objects.
type summary[T any] struct {
	resourceVersion string
	len             int
	indexes         map[string]*index[T]
}

type summaryCell[T any] struct{ mvcc.Recycled[summary[T]] }

func (c *summaryCell[T]) Collect(col *mvcc.Collector) { c.Trim(col, c) }

// engine is the structure behind a Cache; doc.go draws it.
//
// Readers use clock, chunks, hints and summary, which the writer changes in
// ways that a reader without a lock can bear: chunks and summary in versions,
// hints so that a place that stays valid stays found. A key never changes its
// slot within one commit; together with that, a Get that finds nothing needs
// no second look (see get).
type engine[T any] struct {
	options Options[T]
	version func(T) string
	seed    maphash.Seed
	clock   mvcc.Clock
	chunks  vector.Vector[chunkCell[T]]
	hints   hints.Table
	summary summaryCell[T]

	// running are the indexes that a writer must compute values for,
	// including those that AddIndexers is still filling. The slice is
	// replaced under mu, never changed.
	running atomic.Pointer[[]*index[T]]

	// unreadable sees to it that a version function that panics is reported once.
	unreadable sync.Once

	errors   errorBook
	notifier notifier
	scratch  sync.Pool // of *batch[T]

	// self does not keep the engine alive.
	self weak.Pointer[engine[T]]
	// shared is the anchor for the snapshots of the present state, nil for
	// none yet.
	shared atomic.Pointer[anchor[T]]

	// cleanUp is what is left to do when a version was given up.
	cleanUp cleanUp
	// arriving counts the writers that wait for mu.
	arriving atomic.Int32

	// mu is the writers' turn; no user code runs under it.
	mu sync.Mutex
	// next is the first slot that was never used, free the slots below it
	// that are not used.
	next uint32
	free []uint32
	// freed are the slots that the pending commit gave up. They become free
	// with it; until then only their own key may come back to them.
	freed []uint32
	col   mvcc.Collector
	turn  txn[T]
}

func newEngine[T any](options Options[T], version func(T) string) *engine[T] {
	e := &engine[T]{options: options, version: version, seed: maphash.MakeSeed()}
	e.options.Indexers = maps.Clone(options.Indexers)
	e.options.Name = options.name()
	e.self = weak.Make(e)
	e.col.Init(&e.clock)
	e.scratch.New = func() any { return new(batch[T]) }

	state, _ := e.summary.Edit(e.clock.Now())
	state.indexes = make(map[string]*index[T], len(options.Indexers))
	running := make([]*index[T], 0, len(options.Indexers))
	for name, fn := range options.Indexers {
		ix := newIndex(name, fn, &e.col)
		running = append(running, ix)
		state.indexes[name] = ix
	}
	e.running.Store(&running)
	return e
}

func (e *engine[T]) hash(key string) uint32 { return uint32(maphash.String(e.seed, key) >> 32) }

func (e *engine[T]) chunk(slot uint32) *chunkCell[T] { return e.chunks.At(slot / chunkSize) }

// get looks a key up in the newest state, without a lock and without writing.
//
// Found: the chunk says so, and its Latest is linearizable. Not found: had the
// key been there all the time, it would have had one slot all the time, since
// it cannot change slots within a commit; its hint would have been in the
// table all the time, and the probe would have led to that slot.
func (e *engine[T]) get(key string) (obj T, exists bool) {
	for probe := e.hints.Probe(e.hash(key)); ; {
		slot, ok := probe.Next()
		if !ok {
			return obj, false
		}
		cell := e.chunk(slot)
		c := cell.Latest(&e.clock)
		if i := slot % chunkSize; c != nil && cell.has(c, i, key) {
			return c.objs[i], true
		}
	}
}

// read returns the newest state, which stays readable until the caller releases
// the pin.
func (e *engine[T]) read() (view[T], mvcc.Pin) {
	pin := e.clock.Pin()
	return view[T]{engine: e, version: pin.Version()}, pin
}

// resourceVersion is that of the newest state.
func (e *engine[T]) resourceVersion() string {
	v, pin := e.read()
	defer e.release(pin)
	return v.summary().resourceVersion
}
