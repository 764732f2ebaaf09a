package workqueue

import (
	"time"

	informant "github.com/informant-go/informant/workqueue"
)

// DefaultControllerRateLimiter limits each item from 5 ms to 1000 s, and all
// together to 10 a second with a burst of 100.
func DefaultControllerRateLimiter() RateLimiter { return DefaultTypedControllerRateLimiter[any]() }

// DefaultTypedControllerRateLimiter limits each item from 5 ms to 1000 s, and
// all together to 10 a second with a burst of 100.
func DefaultTypedControllerRateLimiter[T comparable]() TypedRateLimiter[T] {
	return informant.DefaultLimiter[T]()
}

// DefaultItemBasedRateLimiter limits each item from 1 ms to 1000 s.
func DefaultItemBasedRateLimiter() RateLimiter { return DefaultTypedItemBasedRateLimiter[any]() }

// DefaultTypedItemBasedRateLimiter limits each item from 1 ms to 1000 s.
func DefaultTypedItemBasedRateLimiter[T comparable]() TypedRateLimiter[T] {
	return informant.DefaultItemLimiter[T]()
}

// NewItemExponentialFailureRateLimiter doubles the delay of an item with each
// failure.
func NewItemExponentialFailureRateLimiter(baseDelay time.Duration, maxDelay time.Duration) RateLimiter {
	return NewTypedItemExponentialFailureRateLimiter[any](baseDelay, maxDelay)
}

// NewTypedItemExponentialFailureRateLimiter doubles the delay of an item with
// each failure.
func NewTypedItemExponentialFailureRateLimiter[T comparable](baseDelay time.Duration, maxDelay time.Duration) TypedRateLimiter[T] {
	return informant.NewExponentialLimiter[T](baseDelay, maxDelay)
}

// NewItemFastSlowRateLimiter gives an item a number of fast attempts.
func NewItemFastSlowRateLimiter(fastDelay, slowDelay time.Duration, maxFastAttempts int) RateLimiter {
	return NewTypedItemFastSlowRateLimiter[any](fastDelay, slowDelay, maxFastAttempts)
}

// NewTypedItemFastSlowRateLimiter gives an item a number of fast attempts.
func NewTypedItemFastSlowRateLimiter[T comparable](fastDelay, slowDelay time.Duration, maxFastAttempts int) TypedRateLimiter[T] {
	return informant.NewFastSlowLimiter[T](fastDelay, slowDelay, maxFastAttempts)
}

// NewMaxOfRateLimiter takes the longest delay of several limiters.
func NewMaxOfRateLimiter(limiters ...TypedRateLimiter[any]) RateLimiter {
	return NewTypedMaxOfRateLimiter(limiters...)
}

// NewTypedMaxOfRateLimiter takes the longest delay of several limiters.
func NewTypedMaxOfRateLimiter[T comparable](limiters ...TypedRateLimiter[T]) TypedRateLimiter[T] {
	ours := make([]informant.RateLimiter[T], len(limiters))
	for i, l := range limiters {
		ours[i] = l
	}
	return informant.NewMaxOfLimiter(ours...)
}

// NewWithMaxWaitRateLimiter cuts the delays of a limiter.
func NewWithMaxWaitRateLimiter(limiter RateLimiter, maxDelay time.Duration) RateLimiter {
	return NewTypedWithMaxWaitRateLimiter[any](limiter, maxDelay)
}

// NewTypedWithMaxWaitRateLimiter cuts the delays of a limiter.
func NewTypedWithMaxWaitRateLimiter[T comparable](limiter TypedRateLimiter[T], maxDelay time.Duration) TypedRateLimiter[T] {
	return informant.NewMaxWaitLimiter[T](limiter, maxDelay)
}
