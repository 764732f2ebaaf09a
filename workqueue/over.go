package workqueue

import "time"

// Delayer is the delaying layer over a queue of another make, such as one of
// client-go's. It keeps the delays, and adds an item to the queue below when its
// delay ends. It is made by NewDelayingOver; all methods may be called by any
// goroutine.
type Delayer[T comparable] struct {
	Interface[T]
	over    DelayingQueue[T] // has the delays, and never an item that waits
	retries CounterMetric    // nil without metrics
}

// NewDelayingOver puts the delaying layer on a queue. It panics if below is nil.
// ShutDown must be called on the result, not on the queue below. It corresponds
// to the Queue of client-go's TypedDelayingQueueConfig.
func NewDelayingOver[T comparable](below Interface[T], o Options[T]) *Delayer[T] {
	if below == nil {
		panic("workqueue: NewDelayingOver needs a queue to work over: use NewDelaying for one of its own")
	}
	q := &Delayer[T]{Interface: below}
	q.over.setup(&Options[T]{
		Name: o.Name, Clock: o.Clock, Logger: o.Logger, OnMisuse: o.OnMisuse,
		IdleEntries: o.IdleEntries, Tolerant: o.Tolerant,
	})
	q.over.sink = below.Add
	if o.Name != "" && o.Metrics != nil {
		q.retries = o.Metrics.NewRetriesMetric(o.Name)
	}
	q.over.misuses.options("NewDelayingOver", o.unused(0))
	return q
}

// AddAfter adds item to the queue below once delay has passed, or at once if it
// is not positive. It merges and drops delays as that of DelayingQueue does.
func (q *Delayer[T]) AddAfter(item T, delay time.Duration) {
	if delay < 0 {
		q.over.negative("AddAfter", item)
	}
	switch {
	case q.ShuttingDown():
		q.over.misuses.call("AddAfter", item, ErrShutDown)
		return
	case delay <= 0:
		q.Add(item)
	case !q.over.addAfter("AddAfter", item, delay, AddOptions{}, asked):
		return
	}
	if q.retries != nil {
		q.retries.Inc()
	}
}

// Cancel ends the pending delay of item without adding it, and reports whether
// there was one.
func (q *Delayer[T]) Cancel(item T) bool { return q.over.Cancel(item) }

// Reschedule moves the pending delay of item so that it ends after delay from
// now, as far as how allows, and reports whether there was one to move. A delay
// that is not positive ends at once.
func (q *Delayer[T]) Reschedule(item T, delay time.Duration, how Pending) bool {
	return q.over.Reschedule(item, delay, how)
}

// WhenReady returns when the pending delay of item ends; ok is false when it has
// none.
func (q *Delayer[T]) WhenReady(item T) (at time.Time, ok bool) { return q.over.WhenReady(item) }

// DelayerStats are the numbers of items of a Delayer at one moment. How many are
// being processed only the queue below knows.
type DelayerStats struct {
	Waiting int // for a worker, in the queue below
	Delayed int // with a delay that has not ended
	Dropped int // delays that were dropped by a shutdown (Q5)
}

// Stats counts the items of the queue below that wait, and the delays.
func (q *Delayer[T]) Stats() DelayerStats {
	s := q.over.Stats()
	return DelayerStats{Waiting: q.Len(), Delayed: s.Delayed, Dropped: s.Dropped}
}

// ShutDown drops and counts the delays, and shuts down the queue below.
func (q *Delayer[T]) ShutDown() {
	q.over.ShutDown()
	q.Interface.ShutDown()
}

// ShutDownWithDrain drops and counts the delays, and drains the queue below.
func (q *Delayer[T]) ShutDownWithDrain() {
	q.over.ShutDown()
	q.Interface.ShutDownWithDrain()
}

// Limited is the rate-limiting layer over a delaying queue of another make. It is
// made by NewRateLimitingOver; all methods may be called by any goroutine.
type Limited[T comparable] struct {
	DelayingInterface[T]
	limiter RateLimiter[T]
}

// NewRateLimitingOver puts the rate-limiting layer on a delaying queue. It panics
// if below is nil. A nil limiter is DefaultLimiter. It corresponds to the
// DelayingQueue of client-go's TypedRateLimitingQueueConfig. There are no options:
// what Options has for a layer above needs a queue of ours below.
func NewRateLimitingOver[T comparable](below DelayingInterface[T], limiter RateLimiter[T]) *Limited[T] {
	if below == nil {
		panic("workqueue: NewRateLimitingOver needs a queue to work over: use NewRateLimiting for one of its own")
	}
	if limiter == nil {
		limiter = DefaultLimiter[T]()
	}
	return &Limited[T]{DelayingInterface: below, limiter: limiter}
}

// AddRateLimited counts a failure of item, and adds it to the queue below once the
// delay that the limiter gives it has passed.
func (q *Limited[T]) AddRateLimited(item T) { q.AddAfter(item, q.limiter.When(item)) }

// Forget drops the failures of item. Done must still be called.
func (q *Limited[T]) Forget(item T) { q.limiter.Forget(item) }

// NumRequeues is the number of failures of item that the limiter remembers.
func (q *Limited[T]) NumRequeues(item T) int { return q.limiter.NumRequeues(item) }

var (
	_ Interface[int]             = (*Queue[int])(nil)
	_ DelayingInterface[int]     = (*DelayingQueue[int])(nil)
	_ DelayingInterface[int]     = (*Delayer[int])(nil)
	_ RateLimitingInterface[int] = (*RateLimitingQueue[int])(nil)
	_ RateLimitingInterface[int] = (*Limited[int])(nil)
)
