package workqueue

import (
	"time"

	"golang.org/x/time/rate"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/informant-go/informant/internal/keytable"
)

const (
	// DefaultIdleEntries, 16384, is how many keys without work a queue remembers
	// when Options.IdleEntries is zero.
	DefaultIdleEntries = keytable.DefaultIdle

	// DefaultAging is Options.Aging when that is zero.
	DefaultAging = 16
)

// Options are the options of New, NewDelaying, NewRateLimiting and
// NewDelayingOver. The zero value makes a plain first-in, first-out queue.
//
// The fields up to Tolerant are for each of them. The others are for one layer,
// which their documentation names first, and are used by the constructors of that
// layer and of the layers above it:
//
//   - Queue: New, NewDelaying and NewRateLimiting.
//   - DelayingQueue: NewDelaying and NewRateLimiting.
//   - RateLimitingQueue: NewRateLimiting.
//
// A field that is set and that the constructor does not use is a misuse
// (ErrUnusedOption), which the constructor reports.
type Options[T comparable] struct {
	// Name names the queue in metrics, errors and logs. A queue without a
	// name has no metrics, as in client-go.
	Name string

	// Metrics makes the metrics of the queue; NewDelayingOver uses its retries
	// alone. nil means none, and costs nothing.
	Metrics MetricsProvider

	// Clock is the clock of the queue; nil is the real one.
	Clock clock.WithTicker

	// Logger is where misuse is logged when OnMisuse is nil. The zero value,
	// which is also logr.Discard(), stands for klog.Background().
	Logger klog.Logger

	// OnMisuse is called for each call that breaks the contract of the queue,
	// in the caller's goroutine and under no lock: it may use the queue. For
	// ErrUnusedOption it is called by the constructor, which has not returned
	// the queue yet. When nil, the grave misuses are logged as errors, the
	// others at verbosity 4; see the documentation of the package.
	OnMisuse func(*MisuseError)

	// IdleEntries is how many keys without work are remembered, so that
	// adding them again costs no allocation. Zero means DefaultIdleEntries, a
	// negative value none. If T can hold pointers, those of strings aside,
	// none is remembered, whatever this says: what they point to would stay
	// in memory.
	IdleEntries int

	// Tolerant keeps client-go's tolerance: a Done of an item that is not
	// being processed and a negative delay are no misuse, and
	// ShutDownWithDrain waits for the items that are being processed but not
	// for those that wait.
	Tolerant bool

	// PriorityDepth is for a Queue. When set, it receives the depth of the
	// queue by priority, and the depth metric of Metrics is not used. It needs
	// Name, but not Metrics.
	PriorityDepth PriorityGauge

	// Storage is for a Queue. It replaces the order in which items go out, and
	// has to care for priorities and groups itself. nil is the order of Q3.
	Storage Storage[T]

	// Group is for a Queue. It names the group of an item; workers are shared
	// fairly among the groups that have waiting items. It must always give the
	// same answer for the same item; it is called by the goroutine that adds,
	// under no lock, and not with a Storage. nil puts all items into one group.
	Group func(item T) string

	// Aging is for a Queue. It bounds the wait of an item of low priority:
	// while items of several priorities wait in a group, one of every Aging
	// items that it hands out is the one that has waited longest. An item
	// before which m items of its group wait goes out within Aging·(m+1) items
	// of that group. Zero means DefaultAging; a negative value means none,
	// strictly by priority, and gives up Q6.
	Aging int

	// AddTakesDelay is for a DelayingQueue. It merges an addition and a pending
	// delay of the same item: an Add runs the item now and ends its delay, and
	// a delay asked for while the item waits is none. controller-runtime's
	// priority queue does that. By default, as in client-go, the delay stays
	// and the item runs twice.
	AddTakesDelay bool

	// Limiter is for a RateLimitingQueue. It decides how long failed items
	// wait. It may be shared by several queues. nil is DefaultLimiter, or none
	// when Backoff or Tokens is set. With several of the three, the longest
	// delay counts.
	Limiter RateLimiter[T]

	// Backoff is for a RateLimitingQueue. It delays failed items by counts that
	// the queue keeps itself and that expire.
	Backoff Backoff

	// Jitter is for a RateLimitingQueue. It makes each delay of a failed item
	// longer by a random part of it, up to this one: 0.1 is up to a tenth.
	// Items that failed together are then not tried together. Zero or less
	// means none.
	Jitter float64

	// Tokens is for a RateLimitingQueue. Its tokens are spent by the items that
	// AddRateLimited has added, one each, when their delay has ended and they
	// run; not when they are merged with an Add, cancelled or dropped. The
	// bucket may be shared by several queues. Its clock is the queue's.
	Tokens *rate.Limiter
}

// part is a set of parts of a queue that have fields of Options.
type part uint8

const (
	partOrder  part = 1 << iota // the queue itself
	partDelays                  // the layer of delays
	partLimits                  // the layer of rate limits
)

// unused returns the names of the fields that are set although they are for
// none of these parts.
func (o *Options[T]) unused(parts part) (fields []string) {
	for _, field := range [...]struct {
		name string
		of   part
		set  bool
	}{
		{"PriorityDepth", partOrder, o.PriorityDepth != nil},
		{"Storage", partOrder, o.Storage != nil},
		{"Group", partOrder, o.Group != nil},
		{"Aging", partOrder, o.Aging != 0},
		{"AddTakesDelay", partDelays, o.AddTakesDelay},
		{"Limiter", partLimits, o.Limiter != nil},
		{"Backoff", partLimits, o.Backoff != Backoff{}},
		{"Jitter", partLimits, o.Jitter != 0},
		{"Tokens", partLimits, o.Tokens != nil},
	} {
		if field.set && field.of&parts == 0 {
			fields = append(fields, field.name)
		}
	}
	return fields
}

// AddOptions says how AddWith adds. The zero value is that of Add.
type AddOptions struct {
	// After is how long the items wait first. Not positive means not at all.
	After time.Duration

	// RateLimited makes the items wait for as long as the rate limiter
	// says; with After set as well, for the shorter of the two.
	RateLimited bool

	// Priority of the items: the higher goes out first. It is clamped to 32
	// bits. An item that already waits keeps the higher of the two, and goes
	// behind those of its new priority when it rises.
	Priority int

	// Pending decides what happens to a delay that an item already has.
	Pending Pending
}

// Pending says how a new delay of an item is joined with its pending one.
type Pending uint8

const (
	// PendingEarliest keeps the delay that ends first, as client-go does.
	PendingEarliest Pending = iota
	// PendingLatest keeps the delay that ends last.
	PendingLatest
	// PendingReplace keeps the new delay.
	PendingReplace
)
