// Package controllerruntime lets controller-runtime's controllers run on this
// library's work queue: it has controller-runtime's priority queue interface,
// whose options are types of controller-runtime's own, and shows the queue in
// the workqueue_… series that controller-runtime has registered.
//
//	controller.Options{NewQueue: controllerruntime.NewQueue[reconcile.Request]}
//
// # Differences from controller-runtime's priority queue
//
// Priorities, the merging of an addition with a pending delay, and the order
// within a priority are the same, step by step. What differs:
//
//   - A low priority is never starved: one of every Options.Aging items is the
//     one that waited longest (guarantee Q6 of package workqueue). A negative
//     Aging is controller-runtime's strict order.
//   - An item that is added while a worker has it takes its place when that
//     worker calls Done, not when it was added; Len does not count it until
//     then.
//   - An item whose delay is ended by an addition takes its place then, not
//     where it would be had it not been delayed.
//   - After ShutDown workers still get what is queued; ShutDown may be called
//     again, and ShutDownWithDrain waits for the items in hand.
//   - Additions are visible when the call returns. There is no goroutine per
//     queue but the one that reports unfinished work.
//   - A priority beyond 32 bits counts as the greatest of 32 bits.
package controllerruntime
