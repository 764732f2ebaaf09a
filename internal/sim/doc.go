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
// # What is compared
//
//   - R1, R4: the store with the server, object by object. An object may be
//     missing only if a list held it in a form that was refused, and that was
//     reported with its key; the next change brings it.
//   - R2: full lists with the reasons that Stats gives for them, the reasons
//     with the faults that can cause them, Stats with the server's log.
//   - S1, S3: each index with what it is when it is made anew of a snapshot's
//     objects.
//   - S5: WaitFor returns for the server's version, and for the workers' own
//     writes, and the store then holds them.
//   - I1 to I6: what each handler was told, in that order, makes the store's
//     content: of handlers that were there from the start, that joined late,
//     that are slow, that filter, that ask for resyncs, and of those that were
//     removed up to the last callback.
//   - I9: the informer is stopped and run again on the way, and leaves no
//     goroutine in the end.
//   - Q1, Q2, Q5: no key is with two workers at once, every object has been
//     worked on in its last state, and the drain ends.
//
// # Seeds
//
// The seed decides script, setup and faults; the order in which goroutines of
// one moment run is Go's. A seed that fails is played again with
//
//	go test ./internal/sim -run TestPipeline -sim.seed 17
//
// and with -sim.steps cut down to its first steps; many are tried with
//
//	go test ./internal/sim -run TestPipeline -sim.seeds 5000 -timeout 0
package sim
