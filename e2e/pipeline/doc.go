// Package pipeline tests the whole data flow on a real Kubernetes API server:
//
//	HTTP ListerWatcher → Reflector → queue of deltas → informer → indexer
//	                                                      └→ handler → work queue → workers
//
// The pipeline is that of examples/quickstart, with an observer at each exit. The
// oracle is a handler that rebuilds the collection from its events and holds
// each event against what it was told before (I1) and against the store (I2).
// The crew are workers that note which state of each key they saw last, and
// whether two of them ever had the same key (Q1, Q2). At the end of a test the
// cache, the oracle's table and the crew's notes all have to be what client-go
// lists.
//
// What disturbs a pipeline stands between it and the server: a wire is an
// http.RoundTripper that records, holds, cuts and falsifies requests; a relay
// passes on bytes over loopback and cuts, stalls or delays connections. The
// server itself can be restarted, and its history compacted.
package pipeline
