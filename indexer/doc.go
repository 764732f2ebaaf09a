// Package indexer holds the objects of one collection, with indexes, for any
// number of readers and for writers that take turns.
//
// It is the informer's store: the informer writes what the queue of deltas
// hands it, handlers and workers read. It can be used without an informer.
//
//	deltafifo ──batches──► informer ──Apply, ReplaceAll──► indexer ◄──reads── workers
//
// # Structure
//
// An object lives in a slot, slots are grouped in chunks of 32. A chunk is
// never changed once it is committed: a writer pushes a changed copy in front
// of it, marked with the version of its commit, and raises the committed
// version when all its chunks are in place. So everything that one commit
// changed becomes visible by one store to one word.
//
//	            committed version 9
//	key ─hash─► hints ─► slot 70 = chunk 2, place 6
//	                                │
//	            chunks  [0] [1] [2] [3] …
//	                             │
//	                             ├─ version 9: keys, objects
//	                             └─ version 7: keys, objects   (a snapshot of 8 needs it)
//
//	index "node" ─► value "n-17" ─► set of slots, in the same kind of versions
//
// # Why a reader needs no lock
//
// Get loads the newest copy of one chunk that is committed; it writes nothing
// that others read. List, ByIndex and Snapshot first pin the committed version,
// which is one store into a cache line of their own, and then read the copy of
// each chunk that was current in it. A writer looks at the pins after each
// commit and drops the copies that no pin can see; a reader that pins at the
// same moment either is seen or gets the new version. The table of hints is
// changed in place, which is safe because it only says where to look: what is
// in the slot decides.
//
// # Guarantees
//
//   - S1 Every query is answered from one state: a batch, a Replace or a
//     transaction is seen whole or not at all, by List and ByIndex as well as
//     by Gets that follow one another. A Snapshot is one state until it is
//     released, over all keys and all indexes.
//   - S2 A reader waits for no writer and no relist. No writer waits for a
//     reader. Writers take turns, in which no index function, key function or
//     callback runs.
//   - S3 An index always agrees with the objects: ByIndex(n, v) is exactly the
//     objects for which index function n gave v.
//   - S4 An index function that fails or panics costs its object the place in
//     that index. It is reported to Options.OnIndexError and by IndexErrors.
//     The object is stored, other indexes have it, and the next state of the
//     object is indexed as if nothing had happened.
//   - S5 WaitFor(ctx, rv) returns once the state includes resource version rv,
//     so that one can read one's own writes; it does not poll and has no
//     goroutine. Writes that a selector hides need bookmarks. A version that
//     cannot be compared is an error at once. WaitForKey is WaitFor for one key.
//     Watch, WatchKey and WatchIndex give channels that close with the next
//     change; who watches first and then reads misses none.
//
// A resource version is the number that the server gives to each write of a
// collection; a bookmark is a message of the server that says which version the
// watch has come to, without an object.
//
// # Reading on
//
// Indexer is the interface that an informer writes to and its users read from;
// Cache implements it. Package indexertest is its conformance suite, and
// docs/naive/store the simplest store that can pass most of it. Lister reads by
// selector and namespace. Package stores has client-go's stores of other kinds,
// package mutation finds changes of shared objects. DESIGN.md compares the
// structure with the other one that was built.
//
// # Differences from client-go
//
// client-go's indexes call an index function twice for an update and panic when
// it fails; here it is called once (S4, Options.PanicOnIndexError). Replace
// keeps the stored object where the resource version is the same, and so misses
// what changes under a version, such as the defaults of a custom resource whose
// definition has changed; Options.Renew takes it, as client-go does. The last
// resource version never goes back but by a Replace.
package indexer
