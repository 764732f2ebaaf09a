// Package deltafifo has the queues of deltas: what a reflector reports waits
// there until an informer brings it into its store.
//
//	reflector ── Begin, Page, Commit ──► ┌─────────────────┐
//	reflector ── Add, Update, Delete ──► │ InOrder         │ ── Pop(Batch) ──► informer
//	   resync ── Resync ───────────────► │ or DeltaFIFO    │
//	                                     └─────────────────┘
//
// There are two queues behind one interface, Queue. InOrder hands out deltas as
// they came, many keys at once; a list is one delta and so takes effect in the
// consumer's store at one moment. An informer uses it unless told otherwise.
// DeltaFIFO gathers the deltas of a key and hands out one key at a time; a list
// is handed out key by key. They correspond to client-go's RealFIFO (as its
// informers set it up) and DeltaFIFO.
//
// NewInOrder and NewDeltaFIFO make queues for API objects, NewInOrderWithAccess
// and NewDeltaFIFOWithAccess for objects of any kind. The zero Options will do.
// Objects are shared, never copied, and must not be changed once they are queued.
//
// # Words
//
// A delta is one change: what happened, to which key, and the state of the object
// after it. A batch is what the consumer gets at once.
//
// A resource version is the version that the API server gives each state of each
// object, and each list. Versions of one resource grow, so a version also says up
// to where in the server's history a watch or a store has come.
//
// A bookmark is an event without an object: the server says that it has sent
// everything up to a resource version. It lets the watch and the store move on
// where nothing changes.
//
// A tombstone is the record of a deletion that nobody saw: a watch was down while
// an object was deleted, and a later list does not have it. Its final state is
// not known, only the last one that was seen. Here it is a DeltaDeleted with
// FinalStateUnknown; in client-go, a DeletedFinalStateUnknown.
//
// A list that is open is one whose pages are being handed over: Begin opens it,
// Page adds to it, Commit queues it as a whole. To resync is to process the state
// of every object once more, although nothing changed.
//
// # Guarantees
//
// F1. Deltas of one key come out in the order in which they went in. Over all
// keys, InOrder keeps the order of arrival; DeltaFIFO that in which keys began
// to wait.
//
// F2. A list, once consumed, has yielded for each key that is gone exactly one
// deletion, with the last known object and marked as final state unknown.
// InOrder hands out the whole list, and the consumer sees what is gone when it
// replaces its state with it. DeltaFIFO decides it when the list is committed, by
// what is queued, else by what is being processed or was handed out meanwhile,
// else by the known objects; and hands it out before the items of the list. So it
// makes no difference that the consumer's store lags the queue. The pages of a
// list are kept outside of the queue: a list that is not committed, for whatever
// reason, changes nothing.
//
// F3. A producer does not wait for the consumer's processing: the queue's lock
// is free meanwhile. With Options.Bound it waits for room, until its context
// ends.
//
// F4. HasSynced turns true when the first list has been processed, or at once
// when an event came before any list. If the first list of a DeltaFIFO is empty
// and nothing is gone, nothing is to be processed, and it has synced at once, as
// client-go's. HasSynced never turns back. An event that is refused does not
// count, but see Options.RefusedSync.
//
// F5. A Resync never puts an older state behind a newer one. InOrder asks the
// consumer to repeat what it holds at that point of the queue; DeltaFIFO leaves
// out the keys of which something is queued, is being processed, or was handed
// out while it read the known objects.
//
// F6. Close wakes everyone who waits. What was queued before can still be
// popped; then Pop returns ErrClosed. The producers' methods do so at once.
//
// User code (key functions, transforms, known objects, process functions,
// metrics, clocks) never runs under a lock; it may panic, and the queue stays usable.
//
// # Differences from client-go
//
//   - An object without a key, or that the transform refuses, does not fail its
//     list: the others are taken, and the error names each that is not.
//   - Of two objects with one key in a list the later one counts, in the place
//     of the first; client-go hands out both, as Options.KeepRepeats does.
//   - A list keeps the known object in place of an item with the same version
//     and UID; client-go takes the item, as Options.Renew does.
//   - A Resync that comes while a DeltaSyncAll waits adds nothing.
//   - DeltaFIFO hands out what is gone before the items of a list (see
//     Options.DeletionsLast); processes outside its lock; queues bookmarks and
//     versions of lists (see Options.NoBookmarks); and without known objects
//     queues every Delete. KnownObjects without any object give client-go's
//     behaviour.
//   - Producers get ErrClosed after Close.
//   - Pop takes a context, and two Pops at once are an error.
//
// # Files
//
//	queue.go      Queue, the seam, and the errors of its methods
//	delta.go      Delta, DeltaType, List, Batch: what is handed out
//	options.go    Options, and what the constructors refuse
//	known.go      KnownObjects, and what was handed out while they were read
//	metrics.go    Metrics, and the clock that is read for it
//	core.go       what both queues have in common: closing, waiting, HasSynced
//	intake.go     key, transform and refusal of what a producer hands over
//	memo.go       the keys that need not be made again
//	pages.go      the open list
//	inorder.go    InOrder
//	keyset.go     the keys of an InOrder's batch
//	deltafifo.go  DeltaFIFO
//	replace.go    what a list does to a DeltaFIFO
//	entries.go    a DeltaFIFO's keys that wait, and those that may come again
//
// Package fifotest has the conformance suite of Queue.
package deltafifo
