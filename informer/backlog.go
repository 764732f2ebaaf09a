package informer

import (
	"iter"

	"github.com/informant-go/informant/indexer"
)

// backlog is a snapshot that a handler is yet to be told of, before it reads on
// in the log: as Adds when it joins, as Updates when it resyncs. It is the handler's
// goroutine's own once that runs.
type backlog[T any] struct {
	// snapshot is what is to be told, nil when it is rest that is.
	snapshot indexer.Snapshot[T]

	// rest is what a Stop left of a snapshot.
	rest []keyed[T]

	// reason is ReasonInitial or ReasonResync.
	reason Reason

	// at is when the snapshot was taken.
	at int64
}

type keyed[T any] struct {
	key string
	obj T
}

// drain calls deliver with each event of what s looks at until that returns false,
// and returns the events for which it was not called, nil for none; unless forget then
// says not to.
func (b *backlog[T]) drain(s *selection[T], deliver func(Event[T]) bool, forget func() bool) (left *backlog[T]) {
	var rest []keyed[T]
	going := true
	for key, obj := range b.all(s) {
		switch {
		case !going:
			rest = append(rest, keyed[T]{key, obj})
		case !deliver(b.event(key, obj)):
			if forget() {
				return nil
			}
			going = false
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return &backlog[T]{rest: rest, reason: b.reason, at: b.at}
}

// all yields what is to be told, with no need to look at what s does not.
func (b *backlog[T]) all(s *selection[T]) iter.Seq2[string, T] {
	if b.snapshot != nil {
		return s.all(b.snapshot)
	}
	return func(yield func(string, T) bool) {
		for _, k := range b.rest {
			if !yield(k.key, k.obj) {
				return
			}
		}
	}
}

func (b *backlog[T]) event(key string, obj T) Event[T] {
	if b.reason == ReasonResync {
		return Event[T]{Key: key, Old: obj, Object: obj, Type: EventUpdate, Reason: ReasonResync}
	}
	return Event[T]{Key: key, Object: obj, Type: EventAdd, Reason: ReasonInitial}
}
