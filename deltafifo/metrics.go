package deltafifo

import (
	"time"

	"k8s.io/utils/clock"
)

// Metrics is told by Pop of each batch. It is called by the consumer's
// goroutine, under no lock, twice a batch; what a producer does costs no call.
// Between batches, Len and Age tell how a queue is.
type Metrics interface {
	// Taken is called before a batch is processed: it has n deltas, left
	// more wait, and the oldest of the batch has waited for age at most.
	Taken(n, left int, age time.Duration)

	// Processed is called after it: process took that long.
	Processed(n int, took time.Duration)
}

// stopwatch reads the clock for Metrics and Age, or not at all.
type stopwatch struct {
	metrics Metrics
	clock   clock.PassiveClock // nil when nobody asked for the time
}

func newStopwatch(metrics Metrics, c clock.PassiveClock) stopwatch {
	if c == nil && metrics != nil {
		c = clock.RealClock{}
	}
	return stopwatch{metrics: metrics, clock: c}
}

// now is the zero time when nobody asked for it.
func (w *stopwatch) now() time.Time {
	if w.clock == nil {
		return time.Time{}
	}
	return w.clock.Now()
}

// since is 0 for the zero time.
func (w *stopwatch) since(t time.Time) time.Duration {
	if w.clock == nil || t.IsZero() {
		return 0
	}
	return w.clock.Since(t)
}

// process tells metrics, which is set, of a batch of n deltas that waited since
// then, and of the time that f takes.
func (w *stopwatch) process(n, left int, since time.Time, f func() error) error {
	w.metrics.Taken(n, left, w.since(since))
	start := w.now()
	err := f()
	w.metrics.Processed(n, w.since(start))
	return err
}
