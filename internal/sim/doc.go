// Package sim runs the whole pipeline through invented disasters, in virtual
// time, and compares what is left with the server.
//
//	apitest server ──HTTP──► reflector ──► queue ──► informer ──► handlers
//	  ▲  ▲                                              │            │ keys
//	  │  └── faults, restarts, compactions            store          ▼
//	  └───────────────── status ◄── workers ◄──────────────────── workqueue
//
// A Script is invented from a seed: how the parts are set up, and some dozens
// of steps, each a change of the objects, a fault or a change of the pipeline
// itself. Run plays it in a bubble of testing/synctest, so that an hour of
// timeouts takes milliseconds. Then the faults end, and within Settle of
// virtual time everything has to agree. The last part is half an hour of
// ordinary changes, in which nothing may be listed.
//
// # What goes wrong
//
//   - At a moment: streams that are cut or stall, answers of any code, by pages
//     and by garbage, histories that are compacted, servers that are away.
//   - For minutes to hours (lasting.go): watches, lists or both that are refused,
//     answered by a web page or by a Status in an answer 200, never answered,
//     opened and ended at once, or silent; Retry-After of a month, and by a clock
//     that is wrong.
//   - In what a source tells (crooked.go), which is the truth all the same:
//     versions in any order, replays, streamed lists without an end, lists that
//     take minutes, objects, events and whole lists that cannot be decoded, no
//     versions at all.
//   - A server that restarts without its history, or from a backup.
//   - Here: objects that are too large, a transform that refuses some for a while
//     or one always, a queue with a bound, a process that stands still for an
//     hour while the world goes on, an informer that is stopped and run again.
//
// # What is compared
//
//   - R1, R4: the store with the server, object by object. An object may be
//     missing only if a list held it in a form that was refused, and that was
//     reported with its key; the next change brings it.
//   - R1a: while lists are answered and watches fail, the store is not older
//     than Follow, but for what R1b puts off and for the watches alone that
//     follow a list that failed; afterwards there is a watch again.
//   - R1b: lists because of single events with their budget, and in the quiet
//     time each change arrives at once, whatever else is refused.
//   - R2: each full list with the reason that Stats gives for it, the reason with
//     what the source told before, that with the faults that can cause it, Stats
//     with the server's log.
//   - R3, R6: requests in any ten minutes have a bound, so have those at one
//     moment, and pauses.
//   - R5: Status and the log with when there was contact, and with what is
//     refused.
//   - R1, R2: all that the server did with what each watch brought and with what the
//     sink was given, which has to be ordered, unique, atomic, reliable, resumable
//     and bookmarkable (package watchcheck).
//   - S1, S3: each index with what it is when it is made anew of a snapshot's
//     objects.
//   - S5: WaitFor returns for the server's version, and for the workers' own
//     writes, and the store then holds them.
//   - I1 to I6: what each handler was told, in that order, makes the store's
//     content: of handlers that were there from the start, that joined late,
//     that are slow, that filter, that ask for resyncs, at once or at a pace (I13),
//     that have a Backlog, that are called with batches or by lanes, and of those that
//     were removed, with or without a Drain, up to the last callback.
//   - I10, I11: in the end Quiesce returns, and the store is fresh.
//   - I9: the informer is stopped and run again on the way, and leaves no
//     goroutine in the end.
//   - Q1, Q2, Q5: no key is with two workers at once, every object has been
//     worked on in its last state, and the drain ends.
//
// # Groups
//
// groups.go plays the same disasters, as far as no object is refused, to an
// informer.Group: leases are taken, changed, given back and shared, over queries that
// overlap, views among them, and the Group is shut down and made anew. In the end the
// store of each lease has what its query selects on the server (G5, G6, U1), handlers
// were told so (I1), and WaitFor and Quiesce return. RunGroups plays the seed
//
//	go test ./internal/sim -run TestGroups -sim.seed 17
//
// mutant_test.go has faulty reflectors, each of which an oracle has to find.
//
// # Seeds
//
// The seed decides script, setup and faults; the order in which goroutines of
// one moment run is Go's. A seed that fails writes down its script and all that
// happened, with virtual times, and is played again with
//
//	go test ./internal/sim -run TestPipeline -sim.seed 17
//
// and with -sim.steps cut down to its first steps; many are tried with
//
//	go test ./internal/sim -run TestPipeline -sim.seeds 5000 -timeout 0
package sim
