package indexer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// The errors about the names of indexes, for errors.Is.
var (
	// ErrNoIndex says that there is no index of the name that was asked for.
	ErrNoIndex = errors.New("indexer: there is no such index")
	// ErrIndexExists says that an index was to be added under a name that has
	// one.
	ErrIndexExists = errors.New("indexer: there is such an index already")
)

// IndexError says that an index function failed for an object, which is stored
// but not in that index (S4).
type IndexError struct {
	// Cache is the name of the cache, Index that of the index.
	Cache, Index string
	// Key is the key of the object, Type its Go type.
	Key, Type string
	// Err is what the index function returned, or a *PanicError.
	Err error
}

// Error names key, index, reason, type and cache. It begins with the text with
// which client-go panics, which programs match, and not with a prefix.
func (e *IndexError) Error() string {
	return fmt.Sprintf("unable to calculate an index entry for key %q on index %q: %v (the object, a %s, is stored in %s without that entry)",
		e.Key, e.Index, e.Err, e.Type, e.Cache)
}

// Unwrap returns the reason.
func (e *IndexError) Unwrap() error { return e.Err }

// PanicError is the reason of an IndexError whose index function panicked.
type PanicError struct {
	// Value is what the function panicked with.
	Value any
	// Stack is the stack of the panic, as runtime/debug prints it.
	Stack []byte
}

// Error gives the value.
func (e *PanicError) Error() string { return fmt.Sprintf("the function panicked: %v", e.Value) }

// Unwrap returns the value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// errorBook lists the objects that an index has no place for at present. Its
// size is bounded by the objects times the indexes.
type errorBook struct {
	// count is the number of keys. A writer reads it to see without the lock
	// that there is nothing to strike out.
	count atomic.Int64

	mu    sync.Mutex
	byKey map[string][]*IndexError
}

// placedError is an IndexError of object number at of a write.
type placedError struct {
	at  int
	err *IndexError
	// again calls the index function once more, unguarded. It is there with
	// Options.PanicOnIndexError only.
	again func()
}

// crash panics. An index function that has panicked is called again, so that the
// panic is its own, and a crash shows its stack. If it does not panic again, the
// panic has the error and the stack of the first time.
func (p placedError) crash() {
	panicked, ok := p.err.Err.(*PanicError)
	if !ok {
		panic(p.err)
	}
	p.again()
	panic(fmt.Errorf("%w\n%s", p.err, panicked.Stack))
}

// replay puts errs in place of what was known of the n keys of a write, in the
// order of the write: only the last change of a key counts. key gives key i, and
// reports whether it was written; if not, there are no errs for it.
func (b *errorBook) replay(n int, key func(i int) (key string, written bool), errs []placedError) {
	if len(errs) == 0 && b.count.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range n {
		if key, written := key(i); written {
			delete(b.byKey, key)
		}
		for ; len(errs) > 0 && errs[0].at == i; errs = errs[1:] {
			b.append(errs[0].err)
		}
	}
	b.count.Store(int64(len(b.byKey)))
}

// add notes the errors of a new index, whose objects are as they were when it
// failed.
func (b *errorBook) add(errs []*IndexError) {
	if len(errs) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range errs {
		b.append(e)
	}
	b.count.Store(int64(len(b.byKey)))
}

// keep forgets all keys but those for which exists reports true.
func (b *errorBook) keep(exists func(key string) bool) {
	if b.count.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for key := range b.byKey {
		if !exists(key) {
			delete(b.byKey, key)
		}
	}
	b.count.Store(int64(len(b.byKey)))
}

func (b *errorBook) append(e *IndexError) {
	if b.byKey == nil {
		b.byKey = make(map[string][]*IndexError)
	}
	b.byKey[e.Key] = append(b.byKey[e.Key], e)
}

// list copies the book and sorts the copy, which a writer does not wait for.
func (b *errorBook) list() []*IndexError {
	all := b.copy()
	slices.SortFunc(all, func(a, b *IndexError) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Key, b.Key))
	})
	return all
}

func (b *errorBook) copy() (all []*IndexError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, errs := range b.byKey {
		all = append(all, errs...)
	}
	return all
}
