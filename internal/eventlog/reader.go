package eventlog

import (
	"sync/atomic"
	"time"
)

// Reader is a cursor in a Log. One goroutine at a time reads with it;
// Interrupt and Position may be called by any.
type Reader[E any] struct {
	log *Log[E]

	// wake holds a token when a parked reader has to look again. One is
	// enough: whoever takes it looks at everything.
	wake chan struct{}

	// position counts the entries of the log up to this reader's next one.
	position atomic.Uint64

	// parked is true while the reader is in log.parked, at place at, from a
	// Next that found nothing to the Append that ends that. Then
	// chunk is nil, and chunk, pos, at and parked are written under the
	// log's lock; parked is stored last, so that a reader that sees it false
	// sees its place. Otherwise they are the reading goroutine's own.
	parked atomic.Bool
	at     int
	chunk  *chunk[E]
	pos    int

	// left is true after Leave. It is guarded by the log's lock.
	left bool
}

// Next returns the next entries, some but not always all that there are. It
// waits for the first one, and returns nil when Interrupt was called
// meanwhile or before; nil may also come without a cause. The entries are
// valid until Next is called again and must not be changed; those that were
// dealt with are to be told with Advance.
func (r *Reader[E]) Next() []E { return r.NextUntil(nil) }

// NextUntil is Next, but also returns nil once something comes from alarm, if that is
// not nil.
func (r *Reader[E]) NextUntil(alarm <-chan time.Time) []E {
	if !r.parked.Load() {
		if entries := r.ready(); entries != nil {
			return entries
		}
		if !r.log.park(r) {
			return r.ready()
		}
	}
	select {
	case <-r.wake:
	case <-alarm:
	}
	return r.Unread()
}

// Unread returns what Next does if there is something to read, and nil at once if
// there is not.
func (r *Reader[E]) Unread() []E {
	if r.parked.Load() {
		return nil
	}
	return r.ready()
}

// Parked reports whether the reader has read everything and asked for more, or has
// joined and there was nothing yet. It may be called by any goroutine, and be past
// when it returns.
func (r *Reader[E]) Parked() bool { return r.parked.Load() }

// ready returns the next entries, nil if there are none.
func (r *Reader[E]) ready() []E {
	for {
		if n := int(r.chunk.n.Load()); r.pos < n {
			return r.chunk.entries[r.pos:n]
		}
		next := r.chunk.next.Load()
		if r.pos < chunkSize || next == nil {
			return nil
		}
		r.chunk, r.pos = next, 0
	}
}

// Advance moves the cursor over n entries that Next returned.
func (r *Reader[E]) Advance(n int) {
	if n == 0 {
		return // it may be parked
	}
	r.pos += n
	r.position.Store(r.position.Load() + uint64(n))
}

// Interrupt makes Next, or the next Next that would wait, return. It never
// waits.
func (r *Reader[E]) Interrupt() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Pause waits for d, or less when Interrupt is called. Only the reading
// goroutine may call it.
func (r *Reader[E]) Pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.wake:
	}
}

// Position is the number of entries of the log that are behind the cursor,
// those from before Join included.
func (r *Reader[E]) Position() uint64 { return r.position.Load() }

// Leave ends the reading: the log keeps nothing for this reader any more. No
// other method but Interrupt and Position may be called after it, nor at the
// same time. It may be called again.
func (r *Reader[E]) Leave() { r.log.leave(r) }

// place puts a reader that is not in log.parked at an entry. The caller holds
// the log's lock.
func (r *Reader[E]) place(c *chunk[E], pos int) {
	r.chunk, r.pos = c, pos
	r.parked.Store(false)
}
