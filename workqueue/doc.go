// Package workqueue holds the keys that a controller has to work on.
//
// It stands at the end of the data flow: event handlers add keys, workers take
// them, read the object of the key from the cache, act, and say that they are
// done. A key that is added many times while it waits is worked on once.
//
//	handler ──Add──► ┌─────────┐ ──Get──► worker
//	                 │  queue  │ ◄─Done── worker
//	worker ─AddAfter►│ (delay) │
//	                 └─────────┘
//
// There are three layers, each usable alone. Queue holds the order and who has
// what in hand. DelayingQueue adds items later. RateLimitingQueue decides how
// much later. They share one lock, one entry for each key and one timer.
// NewDelayingOver and NewRateLimitingOver put the upper layers on a queue of
// another make.
//
// # Guarantees
//
// Q1. An item is never held by two workers at once.
//
// Q2. Additions of an item that waits are one. An item that is added while a
// worker has it goes back into the queue, once, when that worker calls Done.
//
// Q3. Items of one priority and one group go out in the order in which they
// became ready: by Add, by Done if added while in hand, or by the end of their
// delay. A rise in priority counts as becoming ready.
//
// Q4. A delay never ends early; one that waits for a token ends later. An item has at most one pending delay, by
// default the earliest that was asked for. An Add during the delay runs the
// item now and leaves the delay, as in client-go, unless AddTakesDelay is set.
//
// Q5. After ShutDown new items are ignored, pending delays are dropped and
// counted (Stats.Dropped), and workers get what is queued. ShutDownWithDrain
// also waits until nothing is queued or in hand; ShutDown ends that wait. Both
// may be called many times, in any order, by anyone who holds no item.
//
// Q6. No item waits for ever. Without priorities and groups, the items that go
// out before one are those that were ready before it. With priorities, an item
// before which m items of its group wait goes out within Aging·(m+1) items of
// its group. With groups, the next item goes to the group with the fewest in
// hand, the one served longest ago among equals; so that, while k groups have
// waiting items, their items in hand differ by at most one as far as handing
// out can make it, and with one worker they take turns.
//
// Q7. Nothing waits but Get, GetPriority, GetContext, GetBatch and
// ShutDownWithDrain; GetContext and GetBatch end with their context.
//
// # Failed items
//
// A RateLimiter given to a RateLimitingQueue answers exactly as client-go's of
// the same kind, and like those it remembers an item until it is forgotten.
// Three options of the queue, off by default, go further. Backoff keeps the
// failures in the queue's own entries and lets them expire, so that items that
// fail and vanish leave nothing behind. Jitter spreads items that failed
// together. Tokens are spent by items that run; a limiter's bucket is charged
// when the delay begins, whether the item then runs or is merged away.
//
// # What it costs
//
// A key that waits, is in hand, is delayed or has failed costs an entry of 64
// bytes (for strings) and 16 to 32 bytes of a hash table, a delay 16 to 20
// bytes more. The entries of IdleEntries keys are kept when they have nothing
// to do, so that a working set costs no allocation. Nothing runs in the
// background: on the real clock, delays are one timer; on an injected one, a
// goroutine while something is delayed; with metrics, a goroutine that reports
// unfinished work.
//
// # Differences from client-go
//
// A queue has the methods of client-go's interfaces with their meaning. It
// differs where that is better for its user:
//
//   - AddAfter never blocks, and the delay is visible at once; client-go sends
//     it through a channel of 1,000 to a goroutine.
//   - ShutDownWithDrain waits for what is queued too, not only for what is in
//     hand, and stops the delays; client-go's returns between two items when
//     none happens to be in hand, and leaves a delaying queue's goroutine.
//     Options.Tolerant keeps client-go's wait.
//   - One Done ends every ShutDownWithDrain that waits for it, and each ShutDown
//     does; in client-go one of several ends, and a delaying queue ignores the
//     second ShutDown.
//   - Done with an item that is not in hand does nothing and is a misuse; in
//     client-go it puts an item that waits into the queue a second time, so
//     that two workers can hold it.
//   - A delay that ends with others at the same moment keeps the order in which
//     they were asked for.
//   - Metrics, loggers and clocks are not called under the lock.
//   - A panic in ParallelizeUntil goes on in the caller.
package workqueue
