// Package controllerruntime tests that an unchanged controller-runtime does on
// this library's engines what it does on its own, against a real API server.
//
// Each test is run once on each engine: on stock, and on ours, whose informers
// are those of clientgo/controllerruntime's Cache and whose queues those of its
// NewQueue. The flag -engine chooses (stock, ours, or both, which is the
// default):
//
//	GOWORK=off go -C e2e test ./controllerruntime -engine stock
//
// A run on both also holds against each other what the tests have seen: the
// texts of errors, the events that handlers were told of, objects, series. At
// the end the counts of each engine are printed, and the run fails if the
// engines have not passed the same tests.
package controllerruntime
