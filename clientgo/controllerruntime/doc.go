// Package controllerruntime lets controller-runtime's managers and controllers
// run on this library's informers and work queue. Two lines swap all:
//
//	controllerruntime.Cache(&managerOptions)
//	controller.Options{NewQueue: controllerruntime.NewQueue[reconcile.Request]}
//
// With the manager's rest.Config a third line has the informers' objects decoded by this
// library's reflector/httpsource in the place of client-go's decoders; see WithConfig:
//
//	overHTTP, err := controllerruntime.WithConfig(config)
//	controllerruntime.Cache(&managerOptions, overHTTP)
//
// The queue has controller-runtime's priority queue interface, so that its
// handlers give priorities as they do to its own, and shows itself in the
// workqueue_… series that controller-runtime has registered. A test compares
// order and series with stock's. For a controller that has switched the
// priority queue off, package clientgo/workqueue has the queue.
//
// # What is the same
//
// The suite e2e/controllerruntime runs the same tests on stock and on this
// package against a real API server and compares what they have seen: objects of
// each representation, indexes, selectors, transforms, priorities, reads after
// writes, sources and predicates, informers that are removed, timeouts, panics,
// probes, series, leader election, webhooks and conversion, options that
// conflict. What differs of the informers is in the documentation of
// clientgo/cache; of that the suite sees the texts of errors alone, which say
// more behind stock's.
//
// # Differences from controller-runtime's priority queue
//
// Priorities, the merging of an addition with a pending delay, and the order
// within a priority are the same, step by step. What differs, and why:
//
//   - A low priority is never starved: one of every Options.Aging items is the
//     one that waited longest (guarantee Q6 of package workqueue). A controller
//     that is busy for good would otherwise never come to the objects that it
//     listed at its start. No reconciler can depend on being starved, since
//     the additions of higher priority may end at any time. A negative Aging is
//     controller-runtime's strict order.
//   - An item that is added while a worker has it takes its place when that
//     worker calls Done, not when it was added, and Len does not count it until
//     then: before that nobody could be given it (Q2, Q3, as in client-go).
//   - An item whose delay is ended by an addition takes its place then, not
//     where it would be had it not been delayed: it has not waited for a worker
//     (Q3).
//   - After ShutDown workers still get what is queued, ShutDown may be called
//     again, and ShutDownWithDrain waits for the items being processed (Q5, as in
//     client-go); there, what is queued is lost and a second ShutDown panics.
//   - Additions are visible, and the rate limiter has been asked, when the call
//     returns; there, goroutines do that later. There is no goroutine per queue
//     but the one that reports unfinished work, and none without a name.
//   - A negative delay counts as none; there, beside RateLimited, it undoes the
//     rate limit.
//   - A priority beyond 32 bits counts as the greatest of 32 bits.
//   - Of more than 25 priorities the first 25 keep their series of the depth,
//     and the others share one; there, from the 26th on all are counted in
//     that one, so that what was counted up elsewhere stays.
//   - The items are not logged at verbosity 5: Stats tells their numbers, and
//     WhenReady the end of a delay.
package controllerruntime
