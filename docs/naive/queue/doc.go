// Package queue is a work queue as one would write it on a free afternoon: a
// mutex, a condition, two sets and a slice. It is here to be read before package
// workqueue, and not to be used.
//
// A controller hears of each change of an object as an event. It does not act on
// events: ten of them for one object are one reason to look at that object, and no
// two workers must look at it at once. So the handler of an event adds the key of
// the object to a queue, and workers get keys from it. Three rules make it a work
// queue:
//
//   - A key that waits is not added again. The set dirty has the keys that wait.
//   - A key that a worker is processing is given to no other worker. The set
//     processing has those keys.
//   - A key that is added while it is being processed goes into dirty alone, and to
//     the end of the queue when the worker calls Done.
//
// The slice holds the order, and the condition wakes the workers. Read queue.go
// from the top: first Add, Get and Done, in which these rules are a line each, then
// how the queue shuts down. Client-go's work queue is built this way.
//
// The queue is right. It passes the conformance suite of all work queues, package
// queuetest, but for the checks that the test in this folder names. Those are about
// its delays: AddAfter starts a timer for each call and keeps no list of them.
//
// # What it lacks beside package workqueue
//
//   - Delays that can be seen, moved, cancelled and merged: after two calls of
//     AddAfter the key is processed twice, ten thousand keys are ten thousand
//     timers, and timers that end together add their keys in any order.
//   - Rate limits: nobody counts how often a key has failed.
//   - Priorities and fairness: no key can be more urgent than another, and a
//     namespace with many changes keeps the workers from all others (guarantee
//     Q6).
//   - Cancellation: a worker in Get is woken by an item or by ShutDown, and by no
//     context, because a condition cannot wait for a channel as well.
//   - Metrics, numbers, and a report of misuse: a Done too many is ignored in
//     silence.
//   - Speed and memory: each key is hashed for two maps and stored three times; a
//     map never becomes smaller, and the slice keeps the keys that have left its
//     front until it grows; each Broadcast wakes all workers for one key. The
//     benchmarks of the module bench measure what that costs.
package queue
