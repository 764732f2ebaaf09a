// Package informer keeps a store of objects in step with a server and tells
// handlers what happens to it. It is the one package that composes the others.
//
// # Place in the data flow
//
//	reflector ──► deltafifo ──batches──► applier ──► indexer (store)
//	                                        │
//	                                        └─ events ─► one log ─► a goroutine
//	                                                                a handler
//
// Four kinds of goroutines belong to a run of a SharedIndexInformer, and end
// with it: the source fills the queue; the caller of Run takes batches from the
// queue, brings each into the store in one write, and appends its events to the
// log, once, however many handlers there are; each handler reads the log at its
// own pace; a timer asks for resyncs. Controller is the same with one handler
// and neither log nor further goroutines.
//
// # Guarantees
//
//   - I1 A handler is told of each key as Add, Update…, Delete, and again. Old
//     is the state that this handler was last given. A list, or an event that
//     came twice, that shows nothing new is not told at all. An object that
//     took over the key of another whose deletion was missed is a Delete, with
//     FinalStateUnknown, and an Add. A list is told with what it shows to be
//     gone first, and the rest in its order; from a DeltaFIFO key by key, in
//     the order in which they began to wait. Objects with which the store was
//     filled before the first Run are told as Adds. See Options for
//     client-go's ways: RelistUpdates, UIDUpdates, SkipFilled.
//   - I2 The store holds what a handler is told, or something later, before it
//     is told.
//   - I3 A handler is called by one goroutine, sequentially. No handler waits
//     for another one, and the store for none.
//   - I4 A handler that joins late is told of one snapshot as Adds, and then of
//     exactly what follows it. Joining costs the same whatever the store holds;
//     neither the caller nor anybody else waits, not for index functions
//     either.
//   - I5 Registration.Remove never waits. Done is closed after the last
//     callback, which is the present one for a handler that removes itself.
//   - I6 Registration.HasSynced turns true when the handler was told of its
//     whole initial list, of which the first list of the server is part.
//   - I8 A panic of the user's code ends the process, through apimachinery's
//     utilruntime.HandleCrashWithContext, as in client-go. Where
//     utilruntime.ReallyCrash keeps it from that, the call counts as done and
//     everything else goes on after a second: other handlers and the store are
//     not touched by it, no lock is held, and what was stored is told. A
//     transform, or the key function, refuses the object over which it panics;
//     a version or UID over which it does counts as not known. Index functions
//     that panic or fail are the store's to contain, which goes on without a
//     panic (S4).
//   - I9 Stop, or the end of Run's context, ends every goroutine but those that
//     are inside the user's code, which Stop names if they do not return in
//     time. The informer can be run again: store and handlers stay, and the next
//     first list is told as the difference that it makes.
//
// I7, the bound on what a stalled handler keeps, is not promised yet: what it
// has not read stays, as in client-go, but once for all handlers and not once
// for each.
//
// # Resync
//
// A handler can ask to be told of every object again, periodically. With the
// in-order queue such a resync is one entry of the log and a snapshot, and so
// atomic: what a handler is told is the state at that place of the log. With a
// DeltaFIFO it is key by key.
//
// # One version, two contents
//
// Two objects of one key with the same version are taken for the same state. A
// server can break that without a write: when the definition of a custom
// resource changes, the defaults in what it reads do too, at the same versions.
// Handlers and store then learn of it when the object is next written;
// Options.RelistUpdates has them learn of it from the next list, as client-go
// does.
//
// # Objects changed in place
//
// The objects that handlers are given are those of the store, and everybody
// else's. Options.Detector looks for those that somebody changes: at a sample,
// within bounded memory, once a period. It names the object, the field, and the
// handlers that were in a callback since it was last found intact; none means
// that it was a reader of the store. It ends no process. For client-go's switch
// KUBE_CACHE_MUTATION_DETECTOR see clientgo/README.md.
//
// # WaitFor
//
// A DeltaFIFO hands out a new state of one key before an older one of another,
// so that the store's version can be ahead of what it holds; the store's WaitFor
// (S5) lets one read one's own writes with the in-order queue only.
package informer
