// Package deltafifo holds the queues of deltas: what a reflector reports waits
// there until an informer brings it into its store.
//
//	reflector ── Begin, Page, Commit ──► ┌─────────────────┐
//	reflector ── Add, Update, Delete ──► │ InOrder         │ ── Pop(Batch) ──► informer
//	   resync ── Resync ───────────────► │ or DeltaFIFO    │
//	                                     └─────────────────┘
//
// There are two queues behind one interface, Queue. InOrder hands out deltas
// as they came, many keys at once; a list is one delta and so takes effect in
// the consumer's store at one moment. It is what an informer uses unless told
// otherwise. DeltaFIFO gathers the deltas of a key and hands out one key at a
// time; a list is told key by key. They correspond to client-go's RealFIFO (in
// the set-up of its informers) and DeltaFIFO.
//
// Both are made from an object.Access, which says how to read the objects, and
// an options struct whose zero value will do. Objects are shared, never copied,
// and must not be changed once they are queued.
//
// # Guarantees
//
// F1. Deltas of one key come out in the order in which they went in. Over all
// keys, InOrder keeps the order of arrival; DeltaFIFO that in which keys began
// to wait.
//
// F2. A list, once consumed, has told for each key that is gone exactly one
// Deleted, with the last known object and marked as final state unknown.
// InOrder hands over the whole list, and the consumer sees what is gone when it
// replaces its state with it. DeltaFIFO decides it when the list is committed:
// from what is queued, else from what is being processed or was handed out
// while it looked, else from the known objects; and tells it before what the
// list holds. So it makes no difference that the consumer's store lags the
// queue. A list is staged outside of the queue: one that is not committed, for
// whatever reason, changes nothing.
//
// F3. A producer does not wait for the consumer's processing: the queue's lock
// is free meanwhile. With Options.Bound it waits for room, until its context
// ends.
//
// F4. HasSynced turns true when the first list has been processed, or at once
// when an event came before any list. A DeltaFIFO whose first list is empty and
// tells nothing gone has nothing to process, and has synced at once, as
// client-go's. HasSynced never turns back. An event that is refused does not
// count, but see Options.RefusedSync.
//
// F5. A Resync never puts an older state behind a newer one. InOrder asks the
// consumer to repeat what it holds at that point of the queue; DeltaFIFO leaves
// out the keys of which something is queued, in hand, or was handed out while
// it read the known objects.
//
// F6. Close wakes everyone who waits. What was queued before can still be
// popped; then Pop returns ErrClosed, as the producers' methods do at once.
//
// User code (key functions, transforms, known objects, process functions,
// metrics) never runs under a lock; it may panic, and the queue stays usable.
//
// # Differences from client-go
//
//   - An object without a key, or that the transform refuses, does not fail its
//     list: the others are taken, and the error names each that is not.
//   - Of two objects with one key in a list the later one counts, in the place
//     of the first; client-go hands out both. Options.KeepRepeats does as well.
//   - A resync that comes while a SyncAll waits adds nothing.
//   - DeltaFIFO tells what is gone before what a list holds (see
//     Options.DeletionsLast); processes outside its lock; passes Bookmarks and versions of
//     lists on (see Options.NoBookmarks); and without known objects queues
//     every Delete. KnownObjects that know nothing give client-go's behaviour.
//   - Producers get ErrClosed after Close.
//   - Pop takes a context, and two Pops at once are an error.
//
// Package fifotest has the conformance suite of Queue.
package deltafifo
