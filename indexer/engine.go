package indexer

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/internal/cells"
	"github.com/informant-go/informant/internal/hints"
	"github.com/informant-go/informant/internal/postings"
	"github.com/informant-go/informant/internal/word"
)

// engine is the structure behind a Cache; doc.go draws it. Readers begin at head;
// everything below mu is the writers'.
type engine[T any] struct {
	options Options[T]
	version func(T) string
	kind    word.Kind
	seed    maphash.Seed
	// hook, if not nil, is called before each store and load that decides what a
	// reader sees. It is for tests, which write or seal there.
	hook func()
	head atomic.Pointer[state[T]]

	// rows has what writers remember of index values; others may look, see
	// remembers.
	rows atomic.Pointer[rows]

	// unreadable sees to it that a version function that panics is reported once.
	unreadable sync.Once

	errors   errorBook
	notifier notifier
	scratch  sync.Pool // of *batch[T]

	// mu is the writers' turn; no user code runs under it.
	mu     sync.Mutex
	editor cells.Editor
	keys   hints.Keeper
	// latest is the resource version of the newest state.
	latest string
	// most is how many objects there were at most since keys was made smaller.
	most int
	turn turn[T]
}

func newEngine[T any](options Options[T], version func(T) string) *engine[T] {
	e := &engine[T]{options: options, version: version, kind: word.KindOf[T](), seed: maphash.MakeSeed()}
	e.options.Name = options.name()
	e.scratch.New = func() any { return new(batch[T]) }

	list := &indexList[T]{shown: make(map[string]int, len(options.Indexers))}
	st := &state[T]{keys: e.keys.Table(), objects: new(cells.Array[chunk[T]])}
	for n, name := range sortedKeys(options.Indexers) {
		list.all = append(list.all, newIndex(name, options.Indexers[name]))
		list.shown[name] = n
		st.sets = append(st.sets, postings.New())
	}
	st.indexes = list
	e.rows.Store(&rows{stride: len(list.all)})
	e.head.Store(st)
	return e
}

func (e *engine[T]) hash(name string) uint32 { return uint32(maphash.String(e.seed, name) >> 32) }

// load reads an object that a light commit may exchange meanwhile.
func (e *engine[T]) load(from *T) T { return word.Load(e.kind, from) }

func (e *engine[T]) step() {
	if e.hook != nil {
		e.hook()
	}
}
