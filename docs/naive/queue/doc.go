// Package queue is a work queue as one would write it on a free afternoon: a
// mutex, a condition, two sets and a slice. It is here to be read before package
// workqueue, and not to be used.
//
// A controller is told by events that something has changed, and does not want
// to act on each of them. It wants to know which objects to look at, each once,
// and with no two workers at the same object. So the handler of an event puts
// the key of the object into a queue, and what a queue must do is said in three
// sentences:
//
//   - A key that waits is not added again (dirty is the set of those).
//   - A key that a worker is processing is given to nobody else (processing is
//     the set of those).
//   - A key that is added while it is processed waits until the worker calls
//     Done, and then goes to the end of the queue.
//
// The slice holds the order, and the condition wakes whom it concerns. Read
// queue.go from the top: Add, Get and Done are each other's mirror, and the
// rest is the end of the program. Client-go's work queue is built this way.
//
// It is right. It passes the conformance suite of all work queues, package
// queuetest, but for the checks that the test in this folder names, all of them
// of its delays: AddAfter starts a timer for each call and keeps no account of
// them.
//
// # What it lacks beside package workqueue
//
//   - Delays that can be seen, moved, cancelled and merged: two calls of
//     AddAfter run the key twice, ten thousand keys are ten thousand timers, and
//     those that end together add their keys in any order.
//   - Rate limits: nobody counts how often a key has failed.
//   - Fairness: a key cannot be more urgent than another, and one busy namespace
//     keeps all workers from the others (guarantee Q6).
//   - A way out: Get cannot be cancelled, and a worker that waits can be woken
//     by ShutDown alone. GetContext, TryGet and GetBatch have no place here,
//     because a condition waits for no channel.
//   - Eyes: no metrics, no statistics, and a Done too much is forgotten in
//     silence.
//   - Speed. Each key is hashed by two maps and stored three times; the slice
//     moves as it grows and keeps what has left its front until it moves next;
//     a map never gives room back; and each Broadcast wakes all workers for one
//     key to take. What that costs is measured by the benchmarks of the module
//     bench, and is why package workqueue has an inside of its own.
package queue
