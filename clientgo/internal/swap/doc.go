// Package swap proves which parts of client-go and of this library fit together. It has
// tests alone.
//
// A pipeline has five parts: a reflector, a queue of deltas, a store, an informer that
// drives them, and the work queue behind its handlers. Each is ours or client-go's, which
// makes 32 combinations. Every one that can be made follows a server through the same
// history of changes and faults, and in the end the store, what the handlers were told
// and what a worker saw last must all be what the server has.
//
// The result is a table in clientgo/README.md, which the test compares with what it has
// found:
//
//	go test ./internal/swap           from clientgo/
//	go test ./internal/swap -update   writes the table
//
// # What joins the parts
//
// Where a seam of ours and one of client-go's say the same in other words, an adapter of
// these tests translates: sink_test.go is our reflector before a queue of client-go's
// interface, foreign_reflector_test.go client-go's reflector before a queue of ours,
// foreign_queue_test.go and foreign_store_test.go client-go's queue and store under our
// informer. They show what it takes, and are no part of the library.
package swap
