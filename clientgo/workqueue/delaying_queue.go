package workqueue

import (
	"k8s.io/utils/clock"

	informant "github.com/informant-go/informant/workqueue"
)

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
		return informant.NewDelayingOver[T](config.Queue, informant.LayerOptions{
			Name:     config.Name,
			Metrics:  provider(config.MetricsProvider, config.Name, delayingLayer),
			Clock:    unreal(config.Clock),
			Logger:   config.Logger,
			Tolerant: true,
		})
	}
	return informant.NewDelaying(informant.DelayingOptions[T]{
		Name:     config.Name,
		Metrics:  provider(config.MetricsProvider, config.Name, queueLayer|delayingLayer),
		Clock:    unreal(config.Clock),
		Logger:   config.Logger,
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
