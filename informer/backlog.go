package informer

import "github.com/informant-go/informant/indexer"

// backlog is a snapshot that a handler is yet to be told of, before it reads on
// in the log: as Adds when it joins, as Updates when it resyncs. Its zero value
// is empty. It is the handler's goroutine's own once that runs.
type backlog[T any] struct {
	// snapshot is what is to be told, nil when it is rest that is.
	snapshot indexer.Snapshot[T]

	// rest is what a Stop left of a snapshot.
	rest []keyed[T]

	// reason is Initial or Resync.
	reason Reason
}

type keyed[T any] struct {
	key string
	obj T
}

func (b *backlog[T]) pending() bool { return b.snapshot != nil || len(b.rest) > 0 }

// drain calls deliver with each event until that returns false, and keeps the
// events for which it was not called.
func (b *backlog[T]) drain(deliver func(Event[T]) bool) {
	going := true
	var rest []keyed[T]
	take := func(k keyed[T]) {
		if going {
			going = deliver(b.event(k))
		} else {
			rest = append(rest, k)
		}
	}
	if snapshot := b.snapshot; snapshot != nil {
		for key, obj := range snapshot.All() {
			take(keyed[T]{key, obj})
		}
		b.snapshot = nil
		snapshot.Release()
	} else {
		for _, k := range b.rest {
			take(k)
		}
	}
	b.rest = rest
}

// drop forgets everything.
func (b *backlog[T]) drop() {
	if b.snapshot != nil {
		b.snapshot.Release()
	}
	*b = backlog[T]{}
}

func (b *backlog[T]) event(k keyed[T]) Event[T] {
	if b.reason == Resync {
		return Event[T]{Key: k.key, Old: k.obj, Object: k.obj, Type: Update, Reason: Resync}
	}
	return Event[T]{Key: k.key, Object: k.obj, Type: Add, Reason: Initial}
}
