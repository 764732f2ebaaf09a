package indexer

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/informant-go/informant/internal/hints"
	"github.com/informant-go/informant/internal/word"
	"github.com/informant-go/informant/object"
	"k8s.io/klog/v2"
)

// batch holds what was found out about the changes of one write before the
// writer's turn, so that no user code runs in it.
type batch[T any] struct {
	// indexes are those that values was made for, keys the table that slots is of.
	indexes *indexList[T]
	keys    *hints.Table
	// slots has where each change's key is, or noSlot.
	slots []uint32
	// values has the values of the objects that were indexed, one after the
	// other, each object in the order of indexes.all.
	values [][]string
	errs   []placedError
	// newest is the newest resource version of the objects.
	newest string
	// one is for a write of one object.
	one [1]Change[T]
	// sum keeps the compiler from leaving out the loads of touch.
	sum uint64
}

const noSlot = 1<<32 - 1

func (e *engine[T]) newBatch() *batch[T] {
	b := e.scratch.Get().(*batch[T])
	b.restart(e)
	return b
}

// recycle gives the batch's memory to a later one, unless it is big.
func (e *engine[T]) recycle(b *batch[T]) {
	if cap(b.values) > 4096 {
		return
	}
	clear(b.values)
	*b = batch[T]{slots: b.slots[:0], values: b.values[:0]}
	e.scratch.Put(b)
}

func (b *batch[T]) restart(e *engine[T]) {
	b.indexes = e.head.Load().indexes
	b.values, b.errs, b.newest = b.values[:0], b.errs[:0], ""
}

// current reports whether the values are those of all indexes that writers keep.
// It is asked in the writer's turn.
func (b *batch[T]) current(e *engine[T]) bool { return b.indexes == e.head.Load().indexes }

// locate finds the slots of changes. Of several it first reads all hints, then all
// keys and chunks, in loops whose loads do not wait for one another.
func (b *batch[T]) locate(e *engine[T], changes []Change[T]) {
	st := e.head.Load()
	b.keys = st.keys
	b.slots = slices.Grow(b.slots[:0], len(changes))[:len(changes)]
	for i := range changes {
		b.slots[i] = e.hash(changes[i].Key)
	}
	if len(changes) > 1 {
		for _, hash := range b.slots {
			b.sum += b.keys.Touch(hash)
		}
	}
	for i := range changes {
		slot, ok := b.keys.Find(b.slots[i], changes[i].Key)
		if b.slots[i] = noSlot; ok {
			b.slots[i] = slot
		}
	}
	if len(changes) > 1 {
		b.touch(e, st)
	}
}

// touch reads what the writer's turn will need of the slots.
func (b *batch[T]) touch(e *engine[T], st *state[T]) {
	rows := e.rows.Load()
	for _, slot := range b.slots {
		if l := st.objects.Load(slot / chunkSize); l != nil && slot != noSlot {
			b.sum += l.Version
			if words := rows.of(slot); len(words) > 0 {
				b.sum += uint64(words[0].Load())
			}
		}
	}
}

// index adds the values of obj, object number at of the write, and returns where
// of finds them. A nil object has no values, and no function is called for it, as
// in client-go.
func (b *batch[T]) index(e *engine[T], at int, key string, obj T) (from int) {
	from = len(b.values)
	absent := e.kind != word.None && isNil(obj)
	for _, ix := range b.indexes.all {
		var values []string
		if !absent {
			var err error
			if values, err = ix.values(obj); err != nil {
				b.errs = append(b.errs, e.indexError(at, ix, key, obj, err))
			}
		}
		b.values = append(b.values, values)
	}
	return from
}

// indexError makes the report of a failure over object number at of a write.
func (e *engine[T]) indexError(at int, ix *index[T], key string, obj T, err error) placedError {
	failure := placedError{at: at, err: &IndexError{Cache: e.options.Name, Index: ix.name, Key: key, Type: fmt.Sprintf("%T", obj), Err: err}}
	if e.options.PanicOnIndexError {
		failure.again = func() { _, _ = ix.fn(obj) }
	}
	return failure
}

// of returns the values that index added at from, in the order of indexes.
func (b *batch[T]) of(from int) [][]string { return b.values[from : from+len(b.indexes.all)] }

// drop takes back what index added at from.
func (b *batch[T]) drop(from int) {
	clear(b.values[from:])
	b.values = b.values[:from]
}

// raise notes the version of an object. A T that has no version to read, such
// as a nil pointer that stands for a deletion, counts for nothing.
func (b *batch[T]) raise(e *engine[T], obj T) {
	if !e.options.VersionsByBookmark {
		b.newest = newest(b.newest, e.versionOf(obj))
	}
}

// versionOf returns the version of obj, "" where it cannot be read. It says so
// once, unless there is no object.
func (e *engine[T]) versionOf(obj T) (version string) {
	defer func() {
		if r := recover(); r != nil {
			version = ""
			if !isNil(obj) {
				e.unreadable.Do(func() {
					e.logger().Error(&PanicError{Value: r, Stack: debug.Stack()},
						"Reading a resource version panicked, such objects count as having none", "cache", e.options.Name)
				})
			}
		}
	}()
	return e.version(obj)
}

// newest returns the newer one of two resource versions. "" is older than any.
func newest(version, other string) string {
	if other != "" && other != version && supersedes(other, version) {
		return other
	}
	return version
}

// supersedes reports whether version takes the place of before as the newest one
// known. Versions without an order are taken as they come.
func supersedes(version, before string) bool {
	if before == "" {
		return true
	}
	if c, err := object.CompareVersions(version, before); err == nil {
		return c > 0
	}
	return object.NewerVersion(version, before) || !object.NewerVersion(before, version)
}

// tell reports index errors. A write calls it last, since it calls the user's
// code and may panic.
func (e *engine[T]) tell(errs []placedError) {
	if len(errs) == 0 {
		return
	}
	if e.options.PanicOnIndexError {
		errs[0].crash()
	}
	if told := e.options.OnIndexError; told != nil {
		for _, failure := range errs {
			told(failure.err)
		}
		return
	}
	first := errs[0].err
	about := []any{"cache", first.Cache, "index", first.Index, "key", first.Key, "failures", len(errs)}
	if panicked, ok := first.Err.(*PanicError); ok {
		about = append(about, "stack", string(panicked.Stack))
	}
	e.logger().Error(first.Err, "Index function failed, the object is stored and not in the index", about...)
}

func (e *engine[T]) logger() klog.Logger {
	if e.options.Logger.GetSink() == nil {
		return klog.Background()
	}
	return e.options.Logger
}
