// Package stores has stores of other kinds than package indexer's: two queues
// of objects, a store whose objects expire, and two views of a store. Each of
// them corresponds to one of client-go's tools/cache, and works without the
// others.
//
//	producers ──Add, Replace──► FIFO, Heap ──Pop──► consumers
//	writers ──Add, Replace──► ExpiringStore ◄──reads──
//	changes ──► UndeltaStore ──► an indexer.Store
//	                  └── the whole state ──► a function
//	own writes ──Mutation──► MutationCache ◄──reads──
//	                               └──reads──► an indexer.Indexer
//
// A controller needs none of them: an informer stores in an indexer.Indexer,
// and package workqueue has the queues of keys. They are for what is beside it,
// such as leases that nobody renews, or a writer that reads its own writes and
// must not wait for them.
//
// # Guarantees
//
//   - K1 An object has one place. One that is added again takes the place of
//     the one with its key; a FIFO hands the newest state out in the order of
//     the keys, a Heap the least object first.
//   - K2 Pop waits until there is an object, the queue is closed or its context
//     ends. A queue that is closed hands out what it holds, and then ErrClosed;
//     it takes nothing more.
//   - K3 A FIFO has synced when what its first Replace brought is processed,
//     deleted or replaced, or at once when another write came first. It never
//     turns back.
//   - K4 An object that has expired is not seen any more, and is told of once,
//     when a read comes across it. A read takes out only what it found expired,
//     never what was stored since, and waits for no writer (S2 of package
//     indexer).
//   - K5 A MutationCache shows the newer one of the store's state and the
//     caller's, by key and by index, and nothing that it was told is gone. What
//     it keeps is bounded in number and time.
//   - K6 An UndeltaStore hands over the whole state once for each change, one
//     call at a time, and the last call has the last state.
//
// No user code runs under a lock, but for the order of a Heap.
package stores
