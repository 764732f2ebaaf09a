package indexer

import (
	"fmt"
	"runtime/debug"

	"github.com/informant-go/informant/object"
	"k8s.io/klog/v2"
)

// batch holds what user code said of the objects of one write. It is made before
// the writer's turn, so that no user code runs in it.
type batch[T any] struct {
	// indexes are the indexes that values was made for.
	indexes *[]*index[T]
	// values has the values of the objects that were indexed, one after the
	// other, each object in the order of indexes.
	values [][]string
	errs   []placedError
	// newest is the newest resource version of the objects.
	newest string
}

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
	b.errs, b.indexes, b.newest = nil, nil, ""
	e.scratch.Put(b)
}

func (b *batch[T]) restart(e *engine[T]) {
	b.indexes = e.running.Load()
	b.values = b.values[:0]
	b.errs = b.errs[:0]
	b.newest = ""
}

// current reports whether the values are those of all indexes that run. It is
// asked in the writer's turn.
func (b *batch[T]) current(e *engine[T]) bool { return b.indexes == e.running.Load() }

// index adds the values of obj, object number at of the write, and returns
// where of finds them.
func (b *batch[T]) index(e *engine[T], at int, key string, obj T) (from int) {
	from = len(b.values)
	for _, ix := range *b.indexes {
		values, err := ix.values(obj)
		if err != nil {
			b.errs = append(b.errs, e.indexError(at, ix, key, obj, err))
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
func (b *batch[T]) of(from int) [][]string { return b.values[from : from+len(*b.indexes)] }

// drop takes back what index added at from.
func (b *batch[T]) drop(from int) {
	clear(b.values[from:])
	b.values = b.values[:from]
}

// raise notes the version of an object. A T that has no version to read, such
// as a nil pointer that stands for a deletion, counts for nothing.
func (b *batch[T]) raise(e *engine[T], obj T) {
	if v := e.versionOf(obj); v != "" && supersedes(v, b.newest) {
		b.newest = v
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
