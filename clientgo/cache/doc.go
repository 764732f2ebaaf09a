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
//     return client-go's errors: texts begin with client-go's, since programs
//     match them, and may say more behind it.
//  5. What client-go finds out by type assertion is honoured: WatchList opt-out,
//     batches, transactions, bookmarks, transforms, ResourceVersionUpdater, and
//     ShutdownChan.
//
// 3 and 4 are proved by doing the same, at random, to both engines, and 4 by a
// table of every error in client-go's sources.
//
// # What is different, on purpose
//
// Each with the reason why no program can depend on client-go's way.
//
//   - An informer lists again when it has to (see R2 of package reflector). client-go
//     also does so whenever a watch ends with an error, so that its handlers see
//     more updates that change nothing. When watches end is the server's
//     business.
//   - An informer that is not in step with its server says so in a log line of
//     its own, besides what the watch error handler is told (R5).
//   - Such updates go to all handlers; client-go's informers, if they do resyncs,
//     send them to the handlers of the last resync only, whichever that was.
//   - An event that cannot be used, of another type for instance, is answered
//     with a list. client-go skips it and shows the old state until the object
//     is next written.
//   - A server that cannot be reached, turns the program away or is busy when it
//     is asked for a streamed list is asked for a list in pages after some
//     tries, a minute at most, and the watch error handler is told when that
//     fails too. client-go asks one that refuses connections or is busy for the
//     stream without end, and its handler hears nothing; after other errors it
//     asks for pages at once, and its handler hears of them at once.
//   - Lists after the first are asked for with a limit, version and match of
//     their own: R2 of package reflector says which. A ListerWatcher that brings
//     nothing for 10 minutes is given up and asked again; client-go waits.
//   - An object without a key, or refused by the transform, does not fail the
//     list of an informer, nor that of New with a queue of this package; in
//     client-go the informer would never sync, unless the list is streamed. Before the first list is complete
//     nothing of it shows.
//   - Informers tell of a list that has a key twice as of its last object. No
//     server sends one, and client-go's own streamed lists do the same; the
//     queues hand out both, as client-go's.
//   - The deletion of an object that was never stored is not told: the handler
//     was told of no object either.
//   - A store's LastStoreSyncResourceVersion never goes back.
//   - Producers do not wait for what consumers do; a Replace that fails changes
//     nothing, where client-go leaves half of it; of several resyncs of an
//     in-order queue that wait there is one; what is added after Close is
//     dropped, where client-go hands it out if somebody still pops.
//   - A nil handler, or nil pointer, is an error at once, a nil ListerWatcher one for the watch
//     error handler, where client-go panics later. A list that hangs does not
//     keep an informer from stopping.
//   - An index function that fails or panics does so after everything was
//     stored, for one object; client-go stops in the middle of a list, in an
//     order that is that of a map.
//   - The maps that stores are given and return are copies: in client-go a write
//     to one of them is a data race with every reader of the store. A nil index
//     function is refused where it is given; client-go panics at the first write.
//   - The Reflector that a watch error handler is given has name, type
//     description and the version of that moment, and does nothing: what it does
//     in client-go, it does already.
//   - The line that is logged of a handler's panic has client-go's text, logger
//     and place, and names handler and key besides.
//   - Names of handlers, in log lines and of their HasSyncedChecker, are for
//     people. One that an informer has already gets a number ("#3"), and
//     ResourceEventHandlerDetailedFuncs are named by their functions, as
//     ResourceEventHandlerFuncs are.
//   - A DeltaFIFO that is given a Delta takes it, under the key of its object, as
//     client-go's RealFIFO does. client-go's DeltaFIFO asks the key function,
//     which has no key for it.
//   - What is logged besides errors of handlers, queues and stores has this
//     library's texts: of lists and watches, of resync periods that are made to
//     fit, and of informers that are run twice. There are no lines at V(2) and
//     V(3) for the beginning and end of a reflector, and no traces of what is
//     slow. A Reflector's name is where its informer was made, not where it was
//     run.
//   - A handler that is slower than the resync period gets one resync for all
//     that come due meanwhile. A period below a second is one of a second. A
//     Resync of a queue that fails is logged, and tried again when the next is
//     due; client-go lists again.
//   - What a program writes to an informer's store itself shows in the metric of
//     the store's version with the next event.
//   - A metrics provider for the whole process has to be given to this package's
//     SetInformerMetricsProvider, which passes it on to client-go.
package cache
