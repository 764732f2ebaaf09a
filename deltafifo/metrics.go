package deltafifo

import (
	"time"

	"k8s.io/utils/clock"
)

// Metrics is called by Pop, twice for each batch, on the consumer's goroutine and
// under no lock. Producers never call it. Between batches, ask Len and Age.
type Metrics interface {
	// Taken is called before a batch of n deltas is processed, while left
	// others wait. The oldest delta of the batch has waited for age at most.
	// If it panics, the batch is processed before the panic goes on.
	Taken(n, left int, age time.Duration)

	// Processed is called when a batch of n deltas has been processed, which
	// took the given time. It is not called if process panics.
	Processed(n int, took time.Duration)
}

// stopwatch reads the clock for Metrics and Age, if somebody asked for the time.
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

// now returns the zero time if nobody asked for the time.
func (w *stopwatch) now() time.Time {
	if w.clock == nil {
		return time.Time{}
	}
	return w.clock.Now()
}

// since returns 0 for the zero time.
func (w *stopwatch) since(t time.Time) time.Duration {
	if w.clock == nil || t.IsZero() {
		return 0
	}
	return w.clock.Since(t)
}

// process calls f and the two methods of metrics, which is set: a batch of n
// deltas is processed of which the oldest has waited since then, at most.
func (w *stopwatch) process(n, left int, since time.Time, f func() error) error {
	given := false
	defer func() {
		if !given { // a panic of the metrics, which goes on then, costs no delta
			_ = f()
		}
	}()
	w.metrics.Taken(n, left, w.since(since))
	start := w.now()
	given = true
	err := f()
	w.metrics.Processed(n, w.since(start))
	return err
}
