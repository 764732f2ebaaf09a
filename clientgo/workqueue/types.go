//lint:file-ignore SA1019 The deprecated names are there to be used under their new import line.

package workqueue

import (
	"context"

	"k8s.io/client-go/util/workqueue"

	informant "github.com/informant-go/informant/workqueue"
)

// The interfaces of the queues are client-go's.
type (
	Interface                                  = workqueue.Interface
	TypedInterface[T comparable]               = workqueue.TypedInterface[T]
	DelayingInterface                          = workqueue.DelayingInterface
	TypedDelayingInterface[T comparable]       = workqueue.TypedDelayingInterface[T]
	RateLimitingInterface                      = workqueue.RateLimitingInterface
	TypedRateLimitingInterface[T comparable]   = workqueue.TypedRateLimitingInterface[T]
	Queue[T comparable]                        = workqueue.Queue[T]
	QueueConfig                                = workqueue.QueueConfig
	TypedQueueConfig[T comparable]             = workqueue.TypedQueueConfig[T]
	DelayingQueueConfig                        = workqueue.DelayingQueueConfig
	TypedDelayingQueueConfig[T comparable]     = workqueue.TypedDelayingQueueConfig[T]
	RateLimitingQueueConfig                    = workqueue.RateLimitingQueueConfig
	TypedRateLimitingQueueConfig[T comparable] = workqueue.TypedRateLimitingQueueConfig[T]
)

// Typed is what NewTyped makes: our queue, under client-go's name.
type Typed[T comparable] = informant.Queue[T]

// Type is the queue of items of any type.
type Type = Typed[any]

// The metrics interfaces are client-go's.
type (
	MetricsProvider     = workqueue.MetricsProvider
	GaugeMetric         = workqueue.GaugeMetric
	SettableGaugeMetric = workqueue.SettableGaugeMetric
	CounterMetric       = workqueue.CounterMetric
	SummaryMetric       = workqueue.SummaryMetric
	HistogramMetric     = workqueue.HistogramMetric
)

// The types of the rate limiters are client-go's; some of the constructors
// return ours.
type (
	RateLimiter                                          = workqueue.RateLimiter
	TypedRateLimiter[T comparable]                       = workqueue.TypedRateLimiter[T]
	BucketRateLimiter                                    = workqueue.BucketRateLimiter
	TypedBucketRateLimiter[T comparable]                 = workqueue.TypedBucketRateLimiter[T]
	ItemExponentialFailureRateLimiter                    = workqueue.ItemExponentialFailureRateLimiter
	TypedItemExponentialFailureRateLimiter[T comparable] = workqueue.TypedItemExponentialFailureRateLimiter[T]
	ItemFastSlowRateLimiter                              = workqueue.ItemFastSlowRateLimiter
	TypedItemFastSlowRateLimiter[T comparable]           = workqueue.TypedItemFastSlowRateLimiter[T]
	MaxOfRateLimiter                                     = workqueue.MaxOfRateLimiter
	TypedMaxOfRateLimiter[T comparable]                  = workqueue.TypedMaxOfRateLimiter[T]
	WithMaxWaitRateLimiter                               = workqueue.WithMaxWaitRateLimiter
	TypedWithMaxWaitRateLimiter[T comparable]            = workqueue.TypedWithMaxWaitRateLimiter[T]
)

// Our queues are client-go's, as they are.
var (
	_ TypedInterface[string]             = (*informant.Queue[string])(nil)
	_ TypedDelayingInterface[string]     = (*informant.DelayingQueue[string])(nil)
	_ TypedDelayingInterface[string]     = (*informant.Delayer[string])(nil)
	_ TypedRateLimitingInterface[string] = (*informant.RateLimitingQueue[string])(nil)
	_ TypedRateLimitingInterface[string] = (*informant.Limited[string])(nil)
	_ Interface                          = (*informant.Queue[any])(nil)
	_ DelayingInterface                  = (*informant.DelayingQueue[any])(nil)
	_ RateLimitingInterface              = (*informant.RateLimitingQueue[any])(nil)
	_ RateLimiter                        = (*informant.ExponentialLimiter[any])(nil)
)

// DoWorkPieceFunc works on one piece.
type DoWorkPieceFunc = workqueue.DoWorkPieceFunc

// Options is an option of ParallelizeUntil.
type Options = workqueue.Options

// WithChunkSize lets a worker take several pieces at a time.
var WithChunkSize = workqueue.WithChunkSize

// ParallelizeUntil is client-go's.
func ParallelizeUntil(ctx context.Context, workers, pieces int, doWorkPiece DoWorkPieceFunc, opts ...Options) {
	workqueue.ParallelizeUntil(ctx, workers, pieces, doWorkPiece, opts...)
}
