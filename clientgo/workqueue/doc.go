// Package workqueue has the names of client-go's util/workqueue, with this
// library's queues behind the constructors: change the import line, and the
// engine is another.
//
// Interfaces, configurations, metrics interfaces and the types of the rate
// limiters are client-go's own, by alias, so that values go back and forth
// between code that imports the one and code that imports the other. What the
// constructors return is ours. Client-go's tolerance is kept: Done of an item
// that no worker is processing is ignored, a negative delay is none, and
// ShutDownWithDrain waits for the items that are being processed alone. The differences that
// remain are those in the documentation of this library's workqueue package.
//
// Not ours, or not the same:
//
//   - Typed and Type are our Queue: client-go's is a struct whose constructor
//     cannot be replaced. It has all of its methods and more. A function whose
//     parameter is client-go's *Typed does not take it; one whose parameter is
//     an interface does.
//   - ParallelizeUntil, WithChunkSize and Options are client-go's: its options
//     are functions of an unexported type. WithChunkSize is a variable.
//
// # Metrics
//
// A queue with a name has the metrics that client-go's queue in its place
// would have: of the provider in its configuration, else of the one that
// client-go's SetProvider was given, by this package's SetProvider, which is
// the same, or by another package, such as
// k8s.io/component-base/metrics/prometheus/workqueue or controller-runtime's
// metrics, which do so when they are imported. As in client-go the first
// provider counts, and the queues that are made after it. What that provider
// makes is read out of a queue of client-go's, which is made for that and shut
// down at once; should a version of client-go keep it elsewhere, one line is
// logged as an error, and MetricsProvider in the configuration is what to set.
package workqueue
