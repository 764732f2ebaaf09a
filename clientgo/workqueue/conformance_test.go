package workqueue

import (
	"testing"

	"go.uber.org/goleak"
	"k8s.io/client-go/util/workqueue"

	informant "github.com/informant-go/informant/workqueue"
	"github.com/informant-go/informant/workqueue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drainTolerance is what ShutDownWithDrain does not wait for, in client-go and
// so here.
var drainTolerance = queuetest.Known{
	"Q5 ShutDownWithDrain waits for what is queued",
	"Q5 ShutDownWithDrain waits for an item that goes back",
}

// Q1 to Q7, on what the constructors of this package return.
func TestConformance(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue:    func() informant.Interface[string] { return NewTyped[string]() },
		Delaying: func() informant.DelayingInterface[string] { return NewTypedDelayingQueue[string]() },
		RateLimiting: func(l informant.RateLimiter[string]) informant.RateLimitingInterface[string] {
			return NewTypedRateLimitingQueue(l)
		},
	}, drainTolerance)
}

// Client-go's queues pass the same file, but for what the list names.
func TestConformanceOfClientGo(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue:    func() informant.Interface[string] { return workqueue.NewTyped[string]() },
		Delaying: func() informant.DelayingInterface[string] { return workqueue.NewTypedDelayingQueue[string]() },
		RateLimiting: func(l informant.RateLimiter[string]) informant.RateLimitingInterface[string] {
			return workqueue.NewTypedRateLimitingQueue(l)
		},
	}, append(queuetest.Known{
		"Q1 a Done without a Get does not double an item",
		"Q5 every ShutDownWithDrain ends with the last Done",
		"Q5 a second ShutDown ends ShutDownWithDrain too",
		"Q3 delays that end together keep the order of the calls",
	}, drainTolerance...))
}

// Our rate-limiting layer keeps the guarantees of the delaying queue below it,
// here client-go's.
func TestConformanceOfTheUppermostLayerOverClientGo(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		RateLimiting: func(l informant.RateLimiter[string]) informant.RateLimitingInterface[string] {
			return NewTypedRateLimitingQueueWithConfig(l, TypedRateLimitingQueueConfig[string]{
				DelayingQueue: workqueue.NewTypedDelayingQueue[string](),
			})
		},
	}, nil)
}

// Our upper layers keep the guarantees of the queue below them, here
// client-go's.
func TestConformanceOfLayersOverClientGo(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue: func() informant.Interface[string] {
			return NewTypedDelayingQueueWithConfig(TypedDelayingQueueConfig[string]{Queue: workqueue.NewTyped[string]()})
		},
		Delaying: func() informant.DelayingInterface[string] {
			return NewTypedDelayingQueueWithConfig(TypedDelayingQueueConfig[string]{Queue: workqueue.NewTyped[string]()})
		},
		RateLimiting: func(l informant.RateLimiter[string]) informant.RateLimitingInterface[string] {
			return NewTypedRateLimitingQueueWithConfig(l, TypedRateLimitingQueueConfig[string]{
				DelayingQueue: NewTypedDelayingQueueWithConfig(TypedDelayingQueueConfig[string]{Queue: workqueue.NewTyped[string]()}),
			})
		},
	}, append(queuetest.Known{
		"Q1 a Done without a Get does not double an item",
		"Q5 every ShutDownWithDrain ends with the last Done",
	}, drainTolerance...))
}
