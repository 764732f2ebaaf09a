// Package informer keeps a store of objects in step with a server and tells
// handlers what happens to the objects. It is the one package that composes the
// others.
//
// # Place in the data flow
//
//	reflector ──► deltafifo ──batches──► informer ──► indexer (store)
//	                                         │
//	                                         └─ events ─► one log ─► a goroutine
//	                                                                 a handler
//
// Four kinds of goroutines belong to a run of a SharedIndexInformer, and end
// with it: the source fills the queue; the caller of Run takes batches from the
// queue, brings each into the store in one write, and appends its events to the
// log, once, however many handlers there are; each handler reads the log at its
// own pace; a timer asks for resyncs. Controller is the same with one handler
// and neither log nor further goroutines.
//
// Two things can be read first: the folder docs/naive/informer, which has an
// informer of a map and a loop, and then informer.go here.
//
// # Words
//
// The resource version of an object changes with each write; a list has one as
// well, which a watch can start from. A relist is any list after the first of a
// run. A bookmark is an event without an object, by which the server says how far
// the watch has come: it raises LastSyncResourceVersion and no handler hears of
// it. A tombstone is client-go's DeletedFinalStateUnknown, the deletion of an
// object that no watch reported; here it is an Event of type EventDelete with
// FinalStateUnknown. A resync tells a handler of every object again, from the
// store; it asks the server nothing.
//
// # Guarantees
//
//   - I1 A handler sees each key as EventAdd, EventUpdate…, EventDelete, and again.
//     Old is the state that this handler was last given. Nothing is sent for a
//     list, or for an event that came twice, that shows nothing new. If an object
//     took over the key of another whose deletion was missed, the handler gets an
//     EventDelete, with FinalStateUnknown, and an EventAdd. What a list shows to
//     be gone is sent first, and the rest in the order of the list; from a
//     DeltaFIFO key by key, in the order in which the keys began to wait. Objects
//     with which the store was filled before the first Run are sent as EventAdd.
//     See Options for client-go's ways: RelistUpdates, UIDUpdates, SkipFilled.
//   - I2 When a handler is called, the store holds that state, or a later one.
//   - I3 A handler is called by one goroutine, sequentially. No handler waits
//     for another one, and the store for none. A Batched handler is called with
//     all that has come, in the same order. A Parallel handler is called by
//     several goroutines, sequentially and in order for each key.
//     Only a handler that asked for BacklogBackpressure makes the informer wait,
//     and with it the source.
//   - I4 A handler that joins late gets one snapshot as EventAdd, and then
//     exactly what follows it. Joining costs the same whatever the store holds;
//     neither the caller nor anybody else waits, not for index functions
//     either.
//   - I5 Registration.Remove never waits. Done is closed after the last
//     callback, which is the present one for a handler that removes itself; of
//     a Parallel handler, those that are under way are the last ones.
//     Nor does Drain wait, which is Remove once the handler was told of what is
//     stored now.
//   - I6 Registration.HasSynced turns true when the handler has been given its
//     whole initial list, of which the first list of the server is part.
//   - I7 What waits for a handler that stands still is bounded as its Backlog
//     says. With BacklogCoalesce there are never more events than live keys and
//     keys that the handler was given and not told are gone (a batch or a lane that
//     has an event was given it), and a Delete and an Add of one key stay two
//     events; with BacklogBackpressure and BacklogFail there are at most Bound,
//     besides what the handler begins with. Nothing else is kept for such a handler.
//     With BacklogUnbounded, the default, everything stays that the handler has not
//     read, as in client-go, but once for all handlers and not once for each.
//   - I8 A panic of the user's code ends the process, through apimachinery's
//     utilruntime.HandleCrashWithContext, as in client-go. Where
//     utilruntime.ReallyCrash keeps it from that, the call counts as done and
//     everything else goes on after a second: other handlers and the store are
//     not touched by it, no lock is held, and events of what was stored are sent.
//     A handler can ask for another policy, HandlerOptions.Panics: PanicIsolate
//     reports the panic and goes on with the next event, PanicRemove reports it
//     and removes the handler.
//     An object over which a transform, or the key function, panics is refused; a
//     version or UID over which the access panics counts as not known. Index
//     functions that panic or fail are the store's to contain, which goes on
//     without a panic (S4).
//   - I9 Stop, or the end of Run's context, ends every goroutine but those that
//     are inside the user's code, which Stop names if they do not return in
//     time. The informer can be run again: store and handlers stay, and the next
//     first list is sent as the difference that it makes.
//   - I10 When Quiesce returns nil, all that the source had handed over before is
//     stored, and every handler that was there has been called for it and has
//     returned. It waits for nothing that comes later, and names who is behind.
//   - I11 Everything that the source handed over before FreshAt is stored; more may be.
//     FreshAt moves on while messages of the source come and are stored, and never
//     back.
//   - I12 EnsureReady and WaitReady of Writes return nil only if each store's state
//     includes the newest version that was written to it for the owner, and hold up
//     no other owner.
//   - I13 A resync with a ResyncRate tells of each object that is stored when it
//     begins once, with the state that the handler was last given as Old and Object,
//     but not of one that the handler was told of since. It keeps to its rate, and
//     to its turn: behind every event.
//
// # Groups
//
// A program has many parts, and several of them need the same objects. A Group has one
// informer for each query that somebody holds a Lease for:
//
//	Get(g, q) ──► Lease ─┐
//	Get(g, q) ──► Lease ─┴─► informer of q ──► its source       one list and watch
//	Get(g, r) ──► Lease ───► informer of r ──► several sources  one for each namespace
//	Get(g, s) ──► Lease ───► view of s ──────► informer of all  none of its own
//
// A Query names a resource, namespaces and selectors, and says how a source for a
// namespace and a selector is made. The types of objects of one Group may differ. These
// are the guarantees:
//
//   - G1 Equal queries share one informer, however they are written, and others share
//     none. It runs while somebody holds it and the Group runs: the last Release ends
//     it, and a Get after that starts another one, with an empty store. A lease is
//     released once; a second time is an error and takes nothing from others.
//   - G2 Informers start in the order in which they were asked for. Of their lists no
//     more are in flight than GroupOptions.MaxLists, later ones included, and they
//     begin in the order in which they were asked for. A list that waits is cut by no
//     timeout, and Status says that it waits.
//   - G3 Who has asked for a lease is known as folder/file:line, and since when. It
//     stands in Status, and in errors beside the names of informers.
//   - G4 Two transforms for equal queries are an error that names both callers.
//   - G5 Only a lease of a Private query changes its query, so that nobody is told of
//     deletions who has not asked for them. Namespaces and selectors that stay are not
//     listed anew. What belongs to the query by several of them is there while one of
//     them has it, and the store has reached a version (S5) when all have. See package
//     union.
//   - G6 A view is an informer of namespaces and label selectors on the store and the
//     log of an informer of everything, which it holds like a lease. It is an informer
//     as any other: I1 to I9 hold, and S5 does: its store reaches the versions that the
//     other one's does. The objects are the same, and nothing more is asked of the
//     server. An object that ceases to pass is an EventDelete, as it is with a
//     selector of the server's. Its events have ReasonWatch where the other one learned
//     of them by a list after its first, but ReasonRelist for a deletion that nobody
//     saw. A handler of a view that asked for
//     BacklogBackpressure holds up the view and not the other one, whose log keeps
//     meanwhile what the view has not read: to bound that, coalesce, or ask for an
//     informer of its own.
//   - G7 Shutdown, or the end of Run's context, ends everything that belongs to the
//     Group but what is inside the user's code, which Shutdown names if it does not
//     return in time. No method waits for callbacks but Run, Shutdown and WaitForSync.
//   - G8 An informer that ends by itself ends nothing else. Its leases are told
//     (Lease.Done, Lease.Err), Ready and WaitForSync say so, its store keeps what it
//     had, and the next Get starts another one. With reflector.VanishStop that is what
//     happens when a resource is gone or forbidden, be it in one namespace of several.
//
// # Backlogs
//
// Handlers without a Backlog read one log, in which each event is once. One that
// has a Backlog has an inbox, into which the goroutine that writes the store puts
// what is for it: a queue with a bound, or, with BacklogCoalesce, one event a key
// that later ones are merged into. An informer with no such handler pays nothing
// for that.
//
//	what was given  what happened since          what waits
//	a at 1          a at 2, 3, 4                 Update a, 1 to 4
//	nothing         b at 1, 2                    Add b at 2
//	nothing         c at 1, gone                 nothing
//	d at 1          d at 2, gone, another at 3   Delete d, of 1; Add d at 3
//
// HandlerOptions also say which events a handler is called for at all, and
// Status, for each handler, how much waits, since when, and how long events
// waited.
//
// # Handlers
//
// Most handlers do no more than add keys to a queue: Enqueue makes one, and a
// Predicate says of which events. A handler that writes many things at once is
// Batched; one that takes long over each event, and cannot leave that to the
// workers of a queue, is Parallel. A FilteringHandler is called for some objects
// only. A callback that does not return holds up its handler, or its lane, and
// nobody else; Status says that it is busy, and Stop names it.
//
// # Resync
//
// A handler can ask to be told of every object again, periodically. With the
// in-order queue such a resync is one entry of the log and a snapshot, and so
// atomic: the handler gets the state at that place of the log. With a DeltaFIFO
// it comes key by key. With HandlerOptions.ResyncRate it is neither: objects are
// told again a few a second, when the handler has nothing else to do, so that a
// resync of many objects is no burst of work, and one that changed meanwhile is left
// out. No snapshot is held for it.
//
// # One version, two contents
//
// Two objects of one key with the same version are taken for the same state. A
// server can break that without a write: when the definition of a custom
// resource changes, the defaults in what it reads change too, at the same
// versions. Handlers and store then learn of it when the object is next written;
// with Options.RelistUpdates they learn of it from the next list, as in client-go.
//
// # Objects changed in place
//
// The objects that handlers are given are those of the store, and everybody
// else's. Options.Detector looks for those that somebody changes: at a sample,
// within bounded memory, once a period. It names the object, the field, and the
// handlers that were in a callback since the object was last found intact; if it
// names no handler, a reader of the store did it. It ends no process. For
// client-go's switch KUBE_CACHE_MUTATION_DETECTOR see clientgo/README.md.
//
// # WaitFor
//
// A DeltaFIFO hands out a new state of one key before an older one of another,
// so that the store's version can be ahead of what it holds: after the store's
// WaitFor (S5) one reads one's own writes with the in-order queue only.
//
// # Reading one's own writes
//
// A controller that counts what is stored and creates what lacks, and is called
// again before the store shows that, creates too much. Writes remembers up to which
// version was written for each owner: EnsureReady says whether the stores have it,
// WaitReady waits until they do. FreshAt says how old the store may be for other
// reasons, and Quiesce is for tests that look at what handlers have done.
//
// # Map of the files
//
//	informer.go      SharedIndexInformer: its constructors and what it answers
//	controller.go    Controller
//	options.go       Options, of both
//	handler.go       Handler, HandlerFunc, HandlerFuncs, FilteringHandler
//	enqueue.go       Enqueue, for handlers that add keys to a queue
//	predicate.go     Predicate: which events
//	batch.go         Batched: one call for all that has come
//	lanes.go         Parallel: several goroutines for one handler
//	event.go         Event, EventType, Reason
//	handleroptions.go  HandlerOptions, AddHandler
//	registration.go  Registration: one handler
//	policy.go        Backlog, BacklogPolicy: what becomes of events that come too fast
//	status.go        Status, for pages and tests
//	latency.go       Latency: how long events waited for a handler
//	sync.go          Syncer, WaitForSync, and why something has not synced
//	quiesce.go       Quiesce: everything so far is stored and handled
//	writes.go        Writes: what a controller wrote that its stores may not show yet
//	errors.go        the errors that can be asked for
//	group.go         Group: Run, Shutdown, WaitForSync, Ready, Statuses
//	lease.go         Get, Lease
//	query.go         Query, Selector, Transform
//
//	base.go          what both are made of, the checks of the constructors, and one run
//	lifecycle.go     one run at a time, its goroutines, and how it ends
//	pump.go          from the source through the queue to the consumer
//	apply.go         from a batch to the store and to events
//	processor.go     from events through the log to the handlers: the consumer of an informer
//	backlog.go       the snapshot that a handler gets when it joins or resyncs
//	selection.go     which events a handler is called for
//	distribute.go    from events to inboxes, and who is not woken
//	inbox.go         what waits for a handler with a Backlog
//	fold.go          what waits for one that coalesces
//	gate.go          the source waits where the consumer does
//	progress.go      how far what the source handed over has come, FreshAt
//	resync.go        who is due for a resync, and when
//	paced.go         resyncs with a ResyncRate
//	delivery.go      the goroutine of a handler: from the log or its inbox to its calls
//	caller.go        calls of one handler
//	crash.go         panics of the user's code, PanicPolicy
//	detector.go      objects that somebody changes in place
//	shared.go        one informer of a group, and who holds it
//	reach.go         how the informer of a query is made, and a query that changes
//	view.go          an informer on another one's store and log
//	turns.go         a limit of lists in flight
package informer
