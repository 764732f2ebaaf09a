package workqueue

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// BucketLimiter delays all items together, by the tokens of a bucket. It
// corresponds to client-go's TypedBucketRateLimiter. The embedded Limiter may
// be shared by several queues; it must not be nil.
type BucketLimiter[T comparable] struct {
	*rate.Limiter
}

// NewBucketLimiter returns a limiter with perSecond tokens a second, of which
// at most burst are saved.
func NewBucketLimiter[T comparable](perSecond float64, burst int) *BucketLimiter[T] {
	return &BucketLimiter[T]{Limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// When takes a token and returns how long it takes to come.
func (l *BucketLimiter[T]) When(T) time.Duration {
	if l.Limiter == nil {
		panic("workqueue: a BucketLimiter without a bucket was asked: make it with NewBucketLimiter")
	}
	return l.Reserve().Delay()
}

// Forget does nothing: a token that was taken is spent.
func (l *BucketLimiter[T]) Forget(T) {}

// NumRequeues is 0.
func (l *BucketLimiter[T]) NumRequeues(T) int { return 0 }

// MaxOfLimiter asks several limiters and takes the longest delay. It
// corresponds to client-go's TypedMaxOfRateLimiter.
type MaxOfLimiter[T comparable] struct {
	limiters []RateLimiter[T]
}

// NewMaxOfLimiter returns a limiter that asks all of limiters, none of which
// may be nil. Without any it delays nothing.
func NewMaxOfLimiter[T comparable](limiters ...RateLimiter[T]) *MaxOfLimiter[T] {
	for i, l := range limiters {
		if l == nil {
			panic(fmt.Sprintf("workqueue: limiter %d given to NewMaxOfLimiter is nil: leave it out", i))
		}
	}
	return &MaxOfLimiter[T]{limiters: limiters}
}

// When asks all limiters, and returns the longest delay, at least 0.
func (l *MaxOfLimiter[T]) When(item T) (longest time.Duration) {
	for _, each := range l.limiters {
		longest = max(longest, each.When(item))
	}
	return longest
}

// NumRequeues is the greatest number that one of the limiters gives.
func (l *MaxOfLimiter[T]) NumRequeues(item T) (most int) {
	for _, each := range l.limiters {
		most = max(most, each.NumRequeues(item))
	}
	return most
}

// Forget lets all limiters forget.
func (l *MaxOfLimiter[T]) Forget(item T) {
	for _, each := range l.limiters {
		each.Forget(item)
	}
}

// MaxWaitLimiter cuts the delays of another limiter. It corresponds to
// client-go's TypedWithMaxWaitRateLimiter.
type MaxWaitLimiter[T comparable] struct {
	limiter RateLimiter[T]
	max     time.Duration
}

// NewMaxWaitLimiter returns limiter, which must not be nil, with delays of at
// most max.
func NewMaxWaitLimiter[T comparable](limiter RateLimiter[T], max time.Duration) *MaxWaitLimiter[T] {
	if limiter == nil {
		panic("workqueue: NewMaxWaitLimiter needs a limiter whose delays it cuts")
	}
	return &MaxWaitLimiter[T]{limiter: limiter, max: max}
}

// When asks the limiter and cuts the delay.
func (l *MaxWaitLimiter[T]) When(item T) time.Duration { return min(l.limiter.When(item), l.max) }

// Forget lets the limiter forget.
func (l *MaxWaitLimiter[T]) Forget(item T) { l.limiter.Forget(item) }

// NumRequeues asks the limiter.
func (l *MaxWaitLimiter[T]) NumRequeues(item T) int { return l.limiter.NumRequeues(item) }
