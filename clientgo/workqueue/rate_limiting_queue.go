package workqueue

import informant "github.com/informant-go/informant/workqueue"

// NewRateLimitingQueue returns a rate-limiting queue without a name.
func NewRateLimitingQueue(rateLimiter RateLimiter) RateLimitingInterface {
	return NewRateLimitingQueueWithConfig(rateLimiter, RateLimitingQueueConfig{})
}

// NewTypedRateLimitingQueue returns a rate-limiting queue without a name.
func NewTypedRateLimitingQueue[T comparable](rateLimiter TypedRateLimiter[T]) TypedRateLimitingInterface[T] {
	return NewTypedRateLimitingQueueWithConfig(rateLimiter, TypedRateLimitingQueueConfig[T]{})
}

// NewRateLimitingQueueWithConfig returns a rate-limiting queue of that
// configuration.
func NewRateLimitingQueueWithConfig(rateLimiter RateLimiter, config RateLimitingQueueConfig) RateLimitingInterface {
	return NewTypedRateLimitingQueueWithConfig[any](rateLimiter, config)
}

// NewTypedRateLimitingQueueWithConfig returns a rate-limiting queue of that
// configuration. Without a rate limiter, which in client-go is a panic at the
// first use, it has DefaultTypedControllerRateLimiter.
func NewTypedRateLimitingQueueWithConfig[T comparable](rateLimiter TypedRateLimiter[T], config TypedRateLimitingQueueConfig[T]) TypedRateLimitingInterface[T] {
	if config.DelayingQueue != nil {
		return informant.NewRateLimitingOver[T](config.DelayingQueue, rateLimiter)
	}
	return informant.NewRateLimiting(informant.RateLimitingOptions[T]{
		Name:     config.Name,
		Metrics:  provider(config.MetricsProvider, config.Name, queueLayer|delayingLayer),
		Clock:    unreal(config.Clock),
		Tolerant: true,
		Limiter:  rateLimiter,
	})
}

// NewNamedRateLimitingQueue returns a rate-limiting queue whose metrics have a
// name.
func NewNamedRateLimitingQueue(rateLimiter RateLimiter, name string) RateLimitingInterface {
	return NewRateLimitingQueueWithConfig(rateLimiter, RateLimitingQueueConfig{Name: name})
}

// NewRateLimitingQueueWithDelayingInterface puts the rate-limiting layer on
// di.
func NewRateLimitingQueueWithDelayingInterface(di DelayingInterface, rateLimiter RateLimiter) RateLimitingInterface {
	return NewRateLimitingQueueWithConfig(rateLimiter, RateLimitingQueueConfig{DelayingQueue: di})
}
