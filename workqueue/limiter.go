package workqueue

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/informant-go/informant/internal/keycount"
)

// ExponentialLimiter doubles the delay of an item with each failure: base, 2
// base, 4 base, up to max. It corresponds to client-go's
// TypedItemExponentialFailureRateLimiter and gives the same delays.
type ExponentialLimiter[T comparable] struct {
	failed    keycount.Counts[T]
	base, max time.Duration
}

// NewExponentialLimiter returns a limiter that begins with base.
func NewExponentialLimiter[T comparable](base, max time.Duration) *ExponentialLimiter[T] {
	return &ExponentialLimiter[T]{base: base, max: max}
}

// When counts a failure and returns the delay.
func (l *ExponentialLimiter[T]) When(item T) time.Duration {
	return exponential(l.base, l.max, l.failed.Add(item))
}

// Forget drops the failures of item.
func (l *ExponentialLimiter[T]) Forget(item T) { l.failed.Forget(item) }

// NumRequeues is the number of failures of item since it was forgotten.
func (l *ExponentialLimiter[T]) NumRequeues(item T) int { return l.failed.Of(item) }

// exactFloat is the number up to which a float64 is exact for every integer.
const exactFloat = 1 << 53

// exponential is base·2ⁿ, at most max. It agrees to the nanosecond with
// client-go, which calculates in floating point. So does exponential where a
// float64 rounds; elsewhere it shifts, which is quicker. They differ for a delay
// of exactly 2⁶³ ns alone: what client-go's conversion gives for it depends on the
// processor, and is a negative delay on amd64.
func exponential(base, max time.Duration, n int) time.Duration {
	if 0 <= base && base <= exactFloat && n < 63 {
		if base > math.MaxInt64>>n {
			return max
		}
		return min(base<<n, max)
	}
	delay := math.Ldexp(float64(base.Nanoseconds()), n)
	if delay >= math.MaxInt64 {
		return max
	}
	return min(time.Duration(delay), max)
}

// FastSlowLimiter gives an item a number of fast attempts, then slow ones. It
// corresponds to client-go's TypedItemFastSlowRateLimiter.
type FastSlowLimiter[T comparable] struct {
	failed     keycount.Counts[T]
	fast, slow time.Duration
	attempts   int
}

// NewFastSlowLimiter returns a limiter whose delay is fast for the first
// attempts failures of an item, and slow from then on.
func NewFastSlowLimiter[T comparable](fast, slow time.Duration, attempts int) *FastSlowLimiter[T] {
	return &FastSlowLimiter[T]{fast: fast, slow: slow, attempts: attempts}
}

// When counts a failure and returns the delay.
func (l *FastSlowLimiter[T]) When(item T) time.Duration {
	if l.failed.Add(item) < l.attempts {
		return l.fast
	}
	return l.slow
}

// Forget drops the failures of item.
func (l *FastSlowLimiter[T]) Forget(item T) { l.failed.Forget(item) }

// NumRequeues is the number of failures of item since it was forgotten.
func (l *FastSlowLimiter[T]) NumRequeues(item T) int { return l.failed.Of(item) }

// DefaultLimiter returns the limiter of a controller, client-go's
// DefaultTypedControllerRateLimiter: an item waits from 5 ms to 1000 s, and
// all items together run 10 times a second, with a burst of 100.
func DefaultLimiter[T comparable]() RateLimiter[T] {
	return NewMaxOfLimiter[T](
		NewExponentialLimiter[T](5*time.Millisecond, 1000*time.Second),
		NewBucketLimiter[T](10, 100),
	)
}

// DefaultItemLimiter returns a limiter that limits each item alone, from 1 ms to
// 1000 s, as client-go's DefaultTypedItemBasedRateLimiter does.
func DefaultItemLimiter[T comparable]() RateLimiter[T] {
	return NewExponentialLimiter[T](time.Millisecond, 1000*time.Second)
}

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

// Forget does nothing: a token that was taken stays taken.
func (l *BucketLimiter[T]) Forget(T) {}

// NumRequeues is 0: a bucket counts no failures.
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

// Forget makes all limiters forget item.
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

// Forget makes the limiter forget item.
func (l *MaxWaitLimiter[T]) Forget(item T) { l.limiter.Forget(item) }

// NumRequeues is the number that the limiter gives.
func (l *MaxWaitLimiter[T]) NumRequeues(item T) int { return l.limiter.NumRequeues(item) }
