package workqueue

import (
	"k8s.io/client-go/util/workqueue"
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

// unreal turns the real clock into none, on which our queues need no goroutine
// for their delays.
func unreal(c clock.WithTicker) clock.WithTicker {
	if c == (clock.RealClock{}) {
		return nil
	}
	return c
}
