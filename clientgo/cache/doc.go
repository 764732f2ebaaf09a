// Package cache has the names of client-go's tools/cache, with this library's
// engines behind the constructors: change the import line, and the engine is
// another.
//
// # Where it stands
//
// Everything here is an adapter. A ListerWatcher of client-go becomes a source
// of the reflector package; informers are informer's, with T = any; stores are
// indexer's, queues deltafifo's. What comes back has client-go's interfaces, so
// that code which takes a cache.SharedIndexInformer, a Store, an Indexer, a
// lister or a Queue cannot tell the difference: generated listers,
// controller-runtime, and whatever else is built on them.
//
// # What it promises
//
//  1. Every exported name of client-go's package is here, and nothing else.
//     Types and constants are client-go's own, so that values go back and forth
//     between code that imports the one and the other; functions have the same
//     signatures. Five structs are types of this package, with client-go's
//     methods: DeltaFIFO, RealFIFO, FIFO, Heap and ExpirationCache.
//  2. A constructor makes one of our engines. Those that cannot are listed, with
//     the reason, in this package's exports_test.go and in clientgo/README.md.
//  3. Handlers are told what client-go tells, key by key: OnAdd with
//     isInInitialList, an OnUpdate for each object that a new list repeats,
//     client-go's DeletedFinalStateUnknown for a deletion that was missed, and
//     resyncs.
//  4. Stores and queues answer what client-go's answer to the same calls, and
//     return client-go's errors.
//  5. What client-go finds out by type assertion is honoured: WatchList opt-out,
//     batches, transactions, bookmarks, transforms, ResourceVersionUpdater, and
//     ShutdownChan.
//
// 3 and 4 are proved by doing the same, at random, to both engines.
//
// # What is different, on purpose
//
//   - An informer lists again when it has to (see R2 of package reflector). client-go
//     also does so whenever a watch ends with an error or within a second, so
//     that its handlers see more updates that change nothing.
//   - Such updates go to all handlers; client-go's informers, if they do resyncs,
//     send them to the handlers of the last resync only.
//   - An object that a new list shows with the version and UID of the stored one
//     stays as it is, also for a handler, which gets that one as old and new.
//   - An object without a key, or refused by the transform, does not fail its
//     list. Before the first list is complete nothing of it shows.
//   - The deletion of an object that was never stored is not told.
//   - A store's LastStoreSyncResourceVersion never goes back.
//   - Producers do not wait for what consumers do; a Replace that fails changes
//     nothing; of several resyncs of an in-order queue that wait there is one.
//   - A nil handler is an error at once, a nil ListerWatcher one for the watch
//     error handler. A list that hangs does not keep an informer from stopping.
//   - The Reflector that a watch error handler is given has name and type
//     description, and does nothing.
//   - A metrics provider for the whole process has to be given to this package's
//     SetInformerMetricsProvider, which passes it on to client-go.
package cache
