package workqueue

import (
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// RateLimitingOptions are the options of NewRateLimiting. Those of Options and
// DelayingOptions mean what they mean there.
type RateLimitingOptions[T comparable] struct {
	Name          string
	Metrics       MetricsProvider
	PriorityDepth PriorityGauge
	Clock         clock.WithTicker
	Logger        *klog.Logger
	OnMisuse      func(*MisuseError)
	Storage       Storage[T]
	Group         func(item T) string
	Aging         int
	IdleEntries   int
	Tolerant      bool
	AddTakesDelay bool

	// Limiter decides how long failed items wait. It may be shared by
	// several queues. nil is DefaultLimiter.
	Limiter RateLimiter[T]
}

func (o RateLimitingOptions[T]) delaying() DelayingOptions[T] {
	return DelayingOptions[T]{
		Name: o.Name, Metrics: o.Metrics, PriorityDepth: o.PriorityDepth, Clock: o.Clock,
		Logger: o.Logger, OnMisuse: o.OnMisuse, Storage: o.Storage, Group: o.Group,
		Aging: o.Aging, IdleEntries: o.IdleEntries, Tolerant: o.Tolerant,
		AddTakesDelay: o.AddTakesDelay,
	}
}

// RateLimitingQueue is a DelayingQueue that asks a RateLimiter how long a
// failed item should wait. It satisfies client-go's
// TypedRateLimitingInterface. Unlike the layers below it, it must be made by
// NewRateLimiting.
type RateLimitingQueue[T comparable] struct {
	DelayingQueue[T]
	limiter RateLimiter[T]
}

// NewRateLimiting returns a rate-limiting queue. It corresponds to client-go's
// NewTypedRateLimitingQueueWithConfig. NewRateLimitingOver puts the same layer
// on a queue of another make.
func NewRateLimiting[T comparable](o RateLimitingOptions[T]) *RateLimitingQueue[T] {
	q := &RateLimitingQueue[T]{limiter: o.Limiter}
	if q.limiter == nil {
		q.limiter = DefaultLimiter[T]()
	}
	q.DelayingQueue.setup(o.delaying())
	return q
}

// AddRateLimited counts a failure of item and adds it once the limiter lets
// it.
func (q *RateLimitingQueue[T]) AddRateLimited(item T) {
	q.AddAfter(item, q.limiter.When(item))
}

// AddWith adds items with a delay, the limiter's delay, a priority, or any of
// these. With a delay of its own and the limiter's, the shorter counts.
func (q *RateLimitingQueue[T]) AddWith(o AddOptions, items ...T) {
	for _, item := range items {
		each := o
		if o.RateLimited {
			each.After = q.limiter.When(item)
			if o.After > 0 {
				each.After = min(each.After, o.After)
			}
		}
		q.addWith(item, each)
	}
}

// Forget drops the failures of item, once it has succeeded or is given up.
// Done must still be called.
func (q *RateLimitingQueue[T]) Forget(item T) { q.limiter.Forget(item) }

// NumRequeues is the number of failures that the limiter remembers of item.
func (q *RateLimitingQueue[T]) NumRequeues(item T) int { return q.limiter.NumRequeues(item) }

// Limited is the rate-limiting layer over a delaying queue of another make.
type Limited[T comparable] struct {
	DelayingInterface[T]
	limiter RateLimiter[T]
}

// NewRateLimitingOver puts the rate-limiting layer on a delaying queue, which
// must not be nil. A nil limiter is DefaultLimiter.
func NewRateLimitingOver[T comparable](below DelayingInterface[T], limiter RateLimiter[T]) *Limited[T] {
	if below == nil {
		panic("workqueue: NewRateLimitingOver needs a queue to work over: use NewRateLimiting for one of its own")
	}
	if limiter == nil {
		limiter = DefaultLimiter[T]()
	}
	return &Limited[T]{DelayingInterface: below, limiter: limiter}
}

// AddRateLimited is that of RateLimitingQueue.
func (q *Limited[T]) AddRateLimited(item T) { q.AddAfter(item, q.limiter.When(item)) }

// Forget is that of RateLimitingQueue.
func (q *Limited[T]) Forget(item T) { q.limiter.Forget(item) }

// NumRequeues is that of RateLimitingQueue.
func (q *Limited[T]) NumRequeues(item T) int { return q.limiter.NumRequeues(item) }

var (
	_ Interface[int]             = (*Queue[int])(nil)
	_ DelayingInterface[int]     = (*DelayingQueue[int])(nil)
	_ DelayingInterface[int]     = (*Delayer[int])(nil)
	_ RateLimitingInterface[int] = (*RateLimitingQueue[int])(nil)
	_ RateLimitingInterface[int] = (*Limited[int])(nil)
)
