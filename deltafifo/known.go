package deltafifo

import (
	"context"
	"slices"
)

// KnownObjects reads the store that the consumer keeps: an indexer.Store of the
// same T is one. Only the consumer, inside the process function of Pop, may write
// that store: so the queue knows which keys have changed while it read. It
// corresponds to client-go's KeyListerGetter, which with T = any it is.
//
// Both methods are called by producers, in any goroutine, under no lock of the
// queue.
type KnownObjects[T any] interface {
	// ListKeys returns the keys of all known objects, each once.
	ListKeys() []string
	// GetByKey returns the object under key. An object that cannot be read,
	// for an error, counts as one that does not exist; the error is logged.
	GetByKey(key string) (obj T, exists bool, err error)
}

// exists reports whether the consumer holds key, or will once it has processed
// what is queued now, and waits for room as admit does. mu is held on entry and
// return, but not while the known objects are read: their answer counts only if
// nothing was handed out meanwhile.
func (q *DeltaFIFO[T]) exists(ctx context.Context, key string) (bool, error) {
	var known, asked bool
	var pops uint64
	for {
		if err := q.admit(ctx); err != nil {
			return false, err
		}
		switch {
		case q.core.in.known == nil || q.entries.waiting(key) != nil:
			return true, nil
		case q.processing.keyed && q.processing.key == key:
			return !q.processing.last.gone, nil
		case asked && pops == q.pops:
			return known, nil
		}
		asked, pops = true, q.pops
		q.core.mu.Unlock()
		_, known = q.core.in.lookUp(key)
		q.core.mu.Lock()
	}
}

// lookup makes a delta of the known object of each key, with NoObject where there
// is none any more. It calls user code: mu is not held.
func (q *DeltaFIFO[T]) lookup(keys []string, t DeltaType) []Delta[T] {
	deltas := make([]Delta[T], len(keys))
	for i, key := range keys {
		obj, exists := q.core.in.lookUp(key)
		deltas[i] = Delta[T]{Key: key, Object: obj, Type: t, NoObject: !exists}
	}
	return deltas
}

// trace begins a trace with what is being processed.
func (q *DeltaFIFO[T]) trace() *trace[T] {
	tr := &trace[T]{}
	q.core.mu.Lock()
	defer q.core.mu.Unlock()
	if q.processing.keyed {
		tr.record(q.processing.key, q.processing.last)
	}
	q.traces = append(q.traces, tr)
	return tr
}

func (q *DeltaFIFO[T]) untrace(tr *trace[T]) {
	q.core.mu.Lock()
	defer q.core.mu.Unlock()
	q.traces = slices.DeleteFunc(q.traces, func(t *trace[T]) bool { return t == tr })
}

// last is what the consumer was handed last of a key.
type last[T any] struct {
	obj  T
	gone bool
}

func lastOf[T any](d *Delta[T]) last[T] {
	return last[T]{obj: d.Object, gone: d.Type == DeltaDeleted}
}

// trace records what the consumer is handed while a producer reads the known
// objects, which it does outside the lock. A key that is not in the trace has not
// changed since the trace began, so what was read of it is right; of a key that
// is, the trace has the newer state. Together they are the known objects as of
// the moment when the producer takes the lock again (F2, F5).
type trace[T any] struct {
	keys []string // in the order in which they were handed out first
	last map[string]last[T]
}

func (t *trace[T]) record(key string, l last[T]) {
	if t.last == nil {
		t.last = make(map[string]last[T])
	}
	if _, ok := t.last[key]; !ok {
		t.keys = append(t.keys, key)
	}
	t.last[key] = l
}

func (t *trace[T]) has(key string) bool {
	_, ok := t.last[key]
	return ok
}
