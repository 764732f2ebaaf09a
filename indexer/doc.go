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
// An object lives in a slot, slots are grouped in chunks of 32. A state is one
// pointer to everything; a commit makes a new one.
//
//	head ─► state 9 ─► keys     hints: "a/b" ─► slot 70
//	        sealed?    objects  chunks [0–31] [32–63] [64–95] …   slot 70 = [64–95], place 6
//	                   indexes  "node": "n-17" ─► {slots 64–95: 6, 11; …}
//
// What makes that cheap is that states have nearly all of it in common, and that the
// writer edits in place. It may do so as long as nobody relies on the state, and it
// learns that by the seal: a reader of more than one object (List, ByIndex,
// Snapshot, All) sets a mark in the state, and looks whether it is still the newest;
// if not it takes the next one. The writer looks for the mark when it has shown the
// state after it. From then on it copies a chunk that it first changes, and some
// commits later the node of 16 chunks that leads there too, and the array of nodes.
// Who has a sealed state has it for as long as he likes; when nobody has it any
// more, Go's garbage collector takes what only that state had. There is nothing to
// release, to count or to clean up.
//
// # Why a reader needs no lock
//
// The first commits after the sealed state are made in place. A full commit, which
// adds, removes or changes index values, puts new chunks with its version into their
// cells, and before each the old one into the Undo of the state before: who meets a
// version above that of his state takes the chunk from the Undo of his state, or of
// those after it, to which it leads. A light commit, which stores objects under keys
// that are there, with the index values that are there and at most one for each
// index, exchanges the objects by one store each. Before, it notes in the state what
// was there and marks it; its end, the number of light commits, shows all objects at
// once. That is most of what an informer writes, and while nobody seals it copies
// nothing.
//
// Get does not seal at first. It loads the state, one hint, one chunk and the
// object, and looks whether a commit is about to change just that and whether the
// state is still the newest. If so it tries again, and when it has tried four
// times it seals. A short List or ByIndex tries once, so that a program that reads
// between all its writes makes none of them copy. The hints only say where to
// look, and are only ever added to: what is in the slot decides. A key keeps its
// slot, until the table of hints is full and is made anew without the keys that are
// gone.
//
// The seal and Get are in state.go, how a state is read in view.go, light commits in
// light.go, full ones in turn.go. The arrays are in internal/cells, the tables in
// internal/hints, the sets of indexes in internal/postings, and the exchange of an
// object in internal/word.
//
// # Guarantees
//
//   - S1 Every query is answered from one state: a batch, a Replace or a
//     transaction is seen whole or not at all, by List and ByIndex as well as
//     by Gets that follow one another. A Snapshot is that state for as long as
//     somebody holds it, over all keys and all indexes.
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
// selector and namespace. Package compact is an Indexer that keeps bytes, for large
// collections that are seldom read. Package stores has client-go's stores of other kinds,
// package mutation finds changes of shared objects. DESIGN.md says what the
// structure costs, and which others were tried.
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
