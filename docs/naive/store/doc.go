// Package store is an object store with indexes as one would write it on a free
// afternoon: a map, a mutex, and a channel for those who wait. It is here to be
// read before package indexer, and not to be used.
//
// An informer keeps a copy of what the API server has, so that a controller reads
// from memory. The informer writes to the copy, in the order in which the server
// changed things; many goroutines read from it. Four rules make it a store that a
// controller can rely on:
//
//   - An object is stored under its key, and never changed once it is stored: a
//     new state of it is another object. So readers may share it.
//   - An index is a function that gives the values of an object, such as the name
//     of the node that a pod runs on, and for each value the set of keys that have
//     it. Put and Remove change the objects and the sets in one go, so that they
//     always agree.
//   - What one call of Write does is seen whole or not at all, because Write and
//     Read hold the same mutex.
//   - The store has a resource version, which is how far behind the server it can
//     be at most. Who has written to the server waits until the store has the
//     version that the server answered with, and then reads his own write.
//
// Read store.go from the top: Write and Read, which are the mutex; Wait, which is
// the channel; then the State, which is the maps. Client-go's ThreadSafeStore is
// built this way, but for Wait and Snapshot, which it does not have.
//
// The store is right. It passes the conformance suite of all stores, package
// indexertest, but for the checks that the test in this folder names with their
// reasons.
//
// # What it lacks beside package indexer
//
//   - Readers that do not wait: a reader waits for a writer, and for a list of a
//     hundred thousand objects that another reader copies; everybody waits for an
//     index function, since it runs under the mutex, and an index function that
//     reads the store waits for ever (guarantee S2).
//   - A snapshot that costs nothing: this one copies all objects and all indexes
//     under the mutex.
//   - Index functions that may panic: the panic ends in the writer's lap, and the
//     object is stored in some indexes and not in others (S4). A function that
//     fails is not reported either.
//   - A list of the server that changes nothing and costs nothing: Replace makes
//     everything anew, and tells nobody what has changed.
//   - Waking who has a reason: each write wakes all who wait, who look and wait
//     again.
//   - Speed and memory: an index function is called twice for each update, and an
//     index has a map for each value. The benchmarks of the module bench measure
//     what that costs.
package store
