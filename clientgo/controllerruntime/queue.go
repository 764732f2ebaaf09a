package controllerruntime

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"

	adapter "github.com/informant-go/informant/clientgo/workqueue"
	informant "github.com/informant-go/informant/workqueue"
)

// Options of New. The zero value is that of controller-runtime's
// priorityqueue.New, but for aging.
type Options[T comparable] struct {
	// RateLimiter is asked by AddRateLimited. nil delays each item from 5 ms
	// to 1000 s.
	RateLimiter workqueue.TypedRateLimiter[T]

	// Metrics makes the metrics of the queue. nil means the series that
	// controller-runtime has registered, with the depth by priority.
	Metrics workqueue.MetricsProvider

	// Logger, Aging and Group are those of informant's Options.
	Logger klog.Logger
	Aging  int
	Group  func(item T) string
}

// PriorityQueue is informant's queue as a priority queue of
// controller-runtime. It has the methods of a RateLimitingQueue besides, of
// which GetContext, GetBatch and Stats are the most useful.
type PriorityQueue[T comparable] struct {
	*informant.RateLimitingQueue[T]
}

var _ priorityqueue.PriorityQueue[string] = PriorityQueue[string]{}

// NewQueue is New for controller.Options.NewQueue: a controller whose queue it
// makes gives the items of the initial list a low priority, as it does with
// controller-runtime's own.
func NewQueue[T comparable](name string, limiter workqueue.TypedRateLimiter[T]) workqueue.TypedRateLimitingInterface[T] {
	return New(name, Options[T]{RateLimiter: limiter})
}

// New returns a priority queue. Without a name it has no metrics. It panics if
// controller-runtime's series are not those that it has had since v0.21.
func New[T comparable](name string, o Options[T]) PriorityQueue[T] {
	if o.RateLimiter == nil {
		o.RateLimiter = informant.NewExponentialLimiter[T](5*time.Millisecond, 1000*time.Second)
	}
	options := informant.Options[T]{
		Name:          name,
		Logger:        o.Logger,
		Aging:         o.Aging,
		Group:         o.Group,
		Limiter:       o.RateLimiter,
		AddTakesDelay: true,
		Tolerant:      true,
	}
	switch {
	case o.Metrics != nil:
		options.Metrics = adapter.Provider(o.Metrics)
	case name != "":
		series := registered()
		options.Metrics = adapter.Provider(series)
		options.PriorityDepth = series.depthOf(name)
	}
	return PriorityQueue[T]{informant.NewRateLimiting(options)}
}

// Add adds item with priority 0.
func (q PriorityQueue[T]) Add(item T) { q.AddWith(informant.AddOptions{}, item) }

// AddAfter adds item with priority 0 after a delay.
func (q PriorityQueue[T]) AddAfter(item T, after time.Duration) {
	q.AddWith(informant.AddOptions{After: after}, item)
}

// AddRateLimited adds item with priority 0 after the delay of a failure.
func (q PriorityQueue[T]) AddRateLimited(item T) {
	q.AddWith(informant.AddOptions{RateLimited: true}, item)
}

// AddWithOpts adds items with a priority, a delay, or both.
func (q PriorityQueue[T]) AddWithOpts(o priorityqueue.AddOpts, items ...T) {
	options := informant.AddOptions{After: o.After, RateLimited: o.RateLimited}
	if o.Priority != nil {
		options.Priority = *o.Priority
	}
	q.AddWith(options, items...)
}

// GetWithPriority is Get, and tells the priority that the item had.
func (q PriorityQueue[T]) GetWithPriority() (item T, priority int, shutdown bool) {
	return q.GetPriority()
}
