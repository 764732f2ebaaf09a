package informer

import (
	"sync/atomic"
	"time"
)

// latencyBounds are the upper bounds of the buckets of a Latency but the last.
var latencyBounds = [...]time.Duration{
	100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
	time.Second, 10 * time.Second, 100 * time.Second,
}

// LatencyBuckets is the number of buckets of a Latency.
const LatencyBuckets = len(latencyBounds) + 1

// LatencyBounds returns the upper bounds of the buckets of a Latency, 100 µs to
// 100 s, each ten times the one before. The last bucket has none.
func LatencyBounds() [LatencyBuckets - 1]time.Duration { return latencyBounds }

// Latency says how long events waited for a handler: from when the informer took
// them from its queue, or the handler joined, to the call. The clock is read at
// each event that follows a wait or a callback of a millisecond, and in between at
// every sixteenth, which stands for those after it.
type Latency struct {
	// Buckets has the number of events by how long they waited: Buckets[0] those
	// within LatencyBounds()[0], Buckets[1] those within LatencyBounds()[1] and not
	// before, the last one all others. Together they are the calls of the handler,
	// but for the last fifteen.
	Buckets [LatencyBuckets]uint64

	// Sum is how long all of them waited together.
	Sum time.Duration
}

// Events is the number of events that are counted.
func (l Latency) Events() (n uint64) {
	for _, b := range l.Buckets {
		n += b
	}
	return n
}

const (
	// sampled is how many events of a fast handler one look at the clock is for.
	sampled = 16
	// slowSample is how long it takes a handler that is not fast from one look
	// to the next.
	slowSample = time.Millisecond
)

// meter measures a Latency. The handler's goroutine writes it.
type meter struct {
	// counts is nil before the first event.
	counts atomic.Pointer[counts]

	// oldest is when the event was stored that the handler is called with, or
	// one of the fifteen before it; 0 when the handler waits for events.
	oldest atomic.Int64

	// waited is what the last look at the clock, at looked, found for the event
	// there, and events the number of events since that are not counted yet.
	// left is the number of events until the next look.
	waited, looked int64
	events, left   uint32
}

// counts is the state of a Latency.
type counts struct {
	buckets [LatencyBuckets]atomic.Uint64
	sum     atomic.Int64
}

// due reports whether the clock is to be read before the next event, which is
// counted here if not.
func (m *meter) due() bool {
	if m.left == 0 {
		return true
	}
	m.left--
	m.events++
	return false
}

// look notes that an event that was stored at the time of that name is about to
// be told.
func (m *meter) look(stored, now int64) {
	m.flush()
	m.oldest.Store(stored)
	if m.looked > 0 && now-m.looked < int64(slowSample) {
		m.left = sampled - 1
	}
	m.waited, m.looked, m.events = max(0, now-stored), now, 1
}

// idle notes that the handler has been told of everything.
func (m *meter) idle() {
	m.flush()
	m.oldest.Store(0)
	m.left = 0
}

// flush counts the events since the last look.
func (m *meter) flush() {
	if m.events == 0 {
		return
	}
	c := m.counts.Load()
	if c == nil {
		c = new(counts)
		m.counts.Store(c)
	}
	bucket := 0
	for bucket < len(latencyBounds) && m.waited > int64(latencyBounds[bucket]) {
		bucket++
	}
	c.buckets[bucket].Add(uint64(m.events))
	c.sum.Add(m.waited * int64(m.events))
	m.events = 0
}

func (m *meter) latency() (l Latency) {
	c := m.counts.Load()
	if c == nil {
		return l
	}
	for i := range c.buckets {
		l.Buckets[i] = c.buckets[i].Load()
	}
	l.Sum = time.Duration(c.sum.Load())
	return l
}
