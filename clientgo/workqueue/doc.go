// Package workqueue has the names of client-go's util/workqueue, with this
// library's queues behind the constructors: change the import line, and the
// engine is another.
//
// Interfaces, configurations, metrics interfaces and the types of the rate
// limiters are client-go's own, by alias, so that values go back and forth
// between code that imports the one and code that imports the other. What the
// constructors return is ours. Client-go's tolerance is kept: Done of an item
// that is not in hand is ignored, a negative delay is none, and
// ShutDownWithDrain waits for the items in hand alone. The differences that
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
//   - SetProvider sets the provider of the queues made here, and client-go's as
//     well; as there, the first call counts. A provider that another package
//     gave to client-go's SetProvider is in a variable that nobody can read:
//     give it to this SetProvider too, or to the configuration of a queue.
package workqueue
