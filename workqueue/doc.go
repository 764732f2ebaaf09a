// Package workqueue holds the keys that a controller has to work on.
//
// It stands at the end of the data flow: event handlers add keys, workers take
// them, read the object of the key from the cache, act, and say that they are
// done. A key that is added many times while it waits is worked on once, with
// the object as it is then: a worker is told which object to look at, not what
// happened to it.
//
//	informer ──events──► handler ──Add──► ┌──────────────┐
//	                                      │ RateLimiting │ ──Get──► worker ──► indexer
//	worker ──AddRateLimited, AddAfter───► │   Delaying   │
//	                                      │    Queue     │ ◄─Done── worker
//	                                      └──────────────┘
//
// # Layers
//
// There are three, each usable alone; the zero value of each is ready for use.
//
//   - Queue holds the order, by priority and group if asked to, and who has what
//     in hand. A Storage replaces the order.
//   - DelayingQueue adds items later. A pending delay can be seen, moved and
//     cancelled.
//   - RateLimitingQueue decides how much later, by a RateLimiter that it asks,
//     by counts of its own (Backoff) or by tokens.
//
// They share one lock, one entry for each key and one timer. NewDelayingOver
// and NewRateLimitingOver put the upper layers on a queue of another make,
// client-go's for one; the delaying one then keeps entries of its own, of the
// items that are delayed. Package queuetest checks any of them, ours or not.
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
// Q4. A delay never ends early; one that waits for a token ends later. An item
// has at most one pending delay, by default the earliest that was asked for.
// An Add during the delay runs the item now and leaves the delay, as in
// client-go, unless AddTakesDelay is set.
//
// Q5. After ShutDown new items are ignored, pending delays are dropped and
// counted (Stats.Dropped), and workers get what is queued. ShutDownWithDrain
// also waits until nothing is queued or in hand; ShutDown ends that wait. Both
// may be called many times, in any order, by anyone who holds no item.
//
// Q6. No item waits for ever. Without priorities and groups, the items that go
// out before one are those that were ready before it. With priorities, an item
// before which m items of its group wait goes out within Aging·(m+1) items of
// its group. With groups, the next item is one of the group with the fewest in
// hand, among equals of the one served longest ago. So while a group has an
// item that waits and none in hand, at most one item of each other group goes
// out; while k groups are busy, the workers are shared among them within one
// item of equal; and with one worker they take turns.
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
// fail and vanish leave nothing behind; they never expire before twice the
// longest delay has passed, or an item that always fails would begin again and
// again. Jitter spreads items that failed together. Tokens are spent by items
// that run; a limiter's bucket is charged when the delay begins, whether the
// item then runs or is merged away.
//
// # Misuse
//
// The methods of client-go's interfaces have no result for an error. A call
// that breaks the contract changes nothing that it should not, and is told to
// Options.OnMisuse with the name of the queue, the call, the item, and what to
// do instead: Done of an item that is not in hand, a negative delay, additions
// after ShutDown, a rate limit where there is no limiter. Without OnMisuse the
// grave ones are logged as errors, those that programs commit as they end at
// verbosity 4. A nil where something is needed panics in the constructor. With
// Options.Tolerant a queue lets pass what client-go's lets pass.
//
// # What it costs
//
// A key that waits or is in hand costs an entry of 26 bytes (for strings) and
// 11 bytes of a hash table, on average, a delay 16 bytes more; priorities or
// metrics cost 16 bytes more for each entry, and groups, metrics or failures
// 48. Entries are made 256 at a time, and given back when as many side by side
// are not used. The entries of IdleEntries keys are kept when they have nothing
// to do, so that a working set costs no allocation. Nothing runs in the
// background: on the real clock, delays are one timer; on an injected one, a
// goroutine while something is delayed; with metrics, a goroutine that reports
// unfinished work.
//
// # Differences from client-go
//
// A queue has the methods of client-go's interfaces with their meaning, and
// tells metrics the same. The same random calls to both, compared step by step,
// are a test of the clientgo module. It differs where that is better for its
// user:
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
//     they were asked for, so that Q3 holds; in client-go it is left to the heap.
//   - Additions after ShutDown and negative delays are ignored or count as none
//     as in client-go, but are told to OnMisuse.
//   - A rate-limiting queue without a limiter has the default one; in client-go
//     its first failure is a nil dereference.
//   - Metrics, loggers and clocks are not called under the lock: they may use
//     the queue, and two calls that run at once may tell them in either order.
//   - A panic in ParallelizeUntil goes on in the caller.
//   - ParallelizeUntil takes a struct of options, and tells whether the context
//     ended before all was done.
//
// The differences from controller-runtime's priority queue are listed in the
// module clientgo/controllerruntime.
package workqueue
