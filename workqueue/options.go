package workqueue

import (
	"time"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// DefaultIdleEntries is how many keys without work a queue remembers
	// when Options.IdleEntries is zero.
	DefaultIdleEntries = 16384

	// DefaultAging is Options.Aging when that is zero.
	DefaultAging = 16
)

// Options of New. The zero value is a plain first-in, first-out queue.
type Options[T comparable] struct {
	// Name names the queue in metrics, errors and logs. A queue without a
	// name has no metrics, as in client-go.
	Name string

	// Metrics makes the metrics of the queue. nil means none, and costs
	// nothing.
	Metrics MetricsProvider

	// PriorityDepth, when set, is told the depth of the queue by priority
	// instead of the provider's depth metric. It needs Name, not Metrics.
	PriorityDepth PriorityGauge

	// Clock tells the time; nil is the real one.
	Clock clock.WithTicker

	// Logger is where misuse is logged when OnMisuse is nil. nil is klog's
	// background logger.
	Logger *klog.Logger

	// OnMisuse is told of each call that breaks the contract of the queue.
	// It runs in the caller's goroutine, under no lock, and may use the
	// queue. When nil, a Done of an item that is not in hand is logged as an
	// error, the rest at verbosity 4.
	OnMisuse func(*MisuseError)

	// Storage replaces the order in which items go out. Priorities and
	// groups are then the storage's affair. nil is the order of Q3.
	Storage Storage[T]

	// Group names the group of an item; workers are shared fairly among the
	// groups that have waiting items. It must always give the same answer
	// for the same item; it is called by the goroutine that adds, under no
	// lock. nil puts all items into one group.
	Group func(item T) string

	// Aging bounds the wait of an item of low priority: while items of
	// several priorities wait in a group, one of every Aging items that it
	// hands out is the one that has waited longest. An item before which m
	// items of its group wait goes out within Aging·(m+1) items of that
	// group. Zero means DefaultAging; a negative value means none, strictly
	// by priority, and gives up Q6.
	Aging int

	// IdleEntries is how many keys without work the queue remembers, so
	// that adding them again costs no allocation. Zero means
	// DefaultIdleEntries, a negative value none. If T can hold pointers,
	// those of strings aside, none is remembered, whatever this says: what
	// they point to would stay in memory.
	IdleEntries int

	// Tolerant keeps client-go's tolerance: a Done of an item that is not in
	// hand and a negative delay are no misuse, and ShutDownWithDrain waits
	// for the items in hand but not for those that wait.
	Tolerant bool
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
