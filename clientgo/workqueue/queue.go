package workqueue

import (
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	informant "github.com/informant-go/informant/workqueue"
)

// DefaultQueue returns the storage that is first in, first out.
func DefaultQueue[T comparable]() Queue[T] { return workqueue.DefaultQueue[T]() }

// New returns a queue without a name.
func New() *Type { return NewTyped[any]() }

// NewTyped returns a queue without a name.
func NewTyped[T comparable]() *Typed[T] { return NewTypedWithConfig(TypedQueueConfig[T]{}) }

// NewNamed returns a queue whose metrics have a name.
func NewNamed(name string) *Type { return NewWithConfig(QueueConfig{Name: name}) }

// NewWithConfig returns a queue of that configuration.
func NewWithConfig(config QueueConfig) *Type { return NewTypedWithConfig(config) }

// NewTypedWithConfig returns a queue of that configuration.
func NewTypedWithConfig[T comparable](config TypedQueueConfig[T]) *Typed[T] {
	return informant.New(informant.Options[T]{
		Name:     config.Name,
		Metrics:  provider(config.MetricsProvider, config.Name, queueLayer),
		Clock:    unreal(config.Clock),
		Storage:  config.Queue,
		Tolerant: true,
	})
}

// valueOf is the logger of a configuration, the zero one if it has none.
func valueOf(logger *klog.Logger) klog.Logger {
	if logger == nil {
		return klog.Logger{}
	}
	return *logger
}

// unreal turns the real clock into none, on which our queues need no goroutine
// for their delays.
func unreal(c clock.WithTicker) clock.WithTicker {
	if c == (clock.RealClock{}) {
		return nil
	}
	return c
}

// NewDelayingQueue returns a delaying queue without a name.
func NewDelayingQueue() DelayingInterface { return NewDelayingQueueWithConfig(DelayingQueueConfig{}) }

// NewTypedDelayingQueue returns a delaying queue without a name.
func NewTypedDelayingQueue[T comparable]() TypedDelayingInterface[T] {
	return NewTypedDelayingQueueWithConfig(TypedDelayingQueueConfig[T]{})
}

// TypedNewDelayingQueue is another name of NewTypedDelayingQueue.
func TypedNewDelayingQueue[T comparable]() TypedDelayingInterface[T] {
	return NewTypedDelayingQueue[T]()
}

// NewDelayingQueueWithConfig returns a delaying queue of that configuration.
func NewDelayingQueueWithConfig(config DelayingQueueConfig) DelayingInterface {
	return NewTypedDelayingQueueWithConfig(config)
}

// NewTypedDelayingQueueWithConfig returns a delaying queue of that
// configuration. Over a queue given there, whoever made it, the delaying layer
// keeps entries of its own.
func NewTypedDelayingQueueWithConfig[T comparable](config TypedDelayingQueueConfig[T]) TypedDelayingInterface[T] {
	if config.Queue != nil {
		return informant.NewDelayingOver[T](config.Queue, informant.Options[T]{
			Name:     config.Name,
			Metrics:  provider(config.MetricsProvider, config.Name, delayingLayer),
			Clock:    unreal(config.Clock),
			Logger:   valueOf(config.Logger),
			Tolerant: true,
		})
	}
	return informant.NewDelaying(informant.Options[T]{
		Name:     config.Name,
		Metrics:  provider(config.MetricsProvider, config.Name, queueLayer|delayingLayer),
		Clock:    unreal(config.Clock),
		Logger:   valueOf(config.Logger),
		Tolerant: true,
	})
}

// NewDelayingQueueWithCustomQueue puts the delaying layer on q.
func NewDelayingQueueWithCustomQueue(q Interface, name string) DelayingInterface {
	return NewDelayingQueueWithConfig(DelayingQueueConfig{Name: name, Queue: q})
}

// NewNamedDelayingQueue returns a delaying queue whose metrics have a name.
func NewNamedDelayingQueue(name string) DelayingInterface {
	return NewDelayingQueueWithConfig(DelayingQueueConfig{Name: name})
}

// NewDelayingQueueWithCustomClock returns a delaying queue on another clock.
func NewDelayingQueueWithCustomClock(clock clock.WithTicker, name string) DelayingInterface {
	return NewDelayingQueueWithConfig(DelayingQueueConfig{Name: name, Clock: clock})
}

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
	return informant.NewRateLimiting(informant.Options[T]{
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
