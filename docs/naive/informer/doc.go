// Package informer is a shared informer as one would write it in a day: a map,
// and a loop that lists, watches and calls the handlers. It is here to be read
// before package informer, and not to be used.
//
// A controller needs to know the objects of one kind, all the time. It could ask
// the server again and again; ten controllers would ask ten times. So one informer
// asks once, keeps what it learned in a map that everybody may read, and tells
// handlers what has changed. Three ideas make it work:
//
//   - List, then watch. A list is all objects at one moment, which its resource
//     version names. A watch that starts at that version reports each change after
//     it: nothing is missed in between. When the watch ends, for whatever reason,
//     the informer lists again.
//   - A list is told as a difference. What the map has and the list lacks was
//     deleted while nobody watched; what the list has anew, or at another version,
//     is an Add or an Update. So each handler sees every key as Add, Update…,
//     Delete, and never needs to know how the informer learned of it.
//   - The map comes first. An object is in the map before any handler hears of it,
//     so that a handler, or a worker that it wakes, finds there what it was told or
//     something newer.
//
// Read informer.go first: Run is the loop, list and watch are its two halves, and
// put and remove write the map. Then handlers.go: note writes down what is to be
// told, in one order for all handlers, and tell makes the calls, one at a time and
// under no lock, so that a handler may call any method. Whoever finds somebody else
// in tell goes away: that one makes the new calls too.
//
// The informer is right. It passes the conformance suite of all informers, package
// informertest, but for the checks that the test in this folder names.
//
// # What it lacks beside package informer
//
//   - Handlers that do not wait for one another: one that takes a second for each
//     event makes the others wait, and the map as well, since the goroutine that
//     reads the watch makes the calls (guarantee I3). In package informer each
//     handler reads one shared log in a goroutine of its own.
//   - A queue between the watch and the map, package deltafifo: what the server
//     sends while a handler is called waits in the connection, until the server
//     gives the watch up.
//   - A source for all weathers, package reflector: this one lists everything after
//     each end of a watch, where a watch can mostly go on from its last version;
//     waits one second whatever the server says; reads no pages, bookmarks or
//     streamed lists; reports no error; and drops what it cannot understand.
//   - A store with indexes and snapshots, package indexer: to find the pods of a
//     node one looks at each pod. A handler that joins has an event made for each
//     object, under the lock, and AddHandler returns when all are told.
//   - Another life of a key: an object that was deleted and created anew while
//     nobody watched is told as an Update, because only versions are compared and
//     not UIDs.
//   - Resyncs, transforms, names, numbers for a page, and an error for a handler
//     that is nil. A Run that ends does not wait for a callback that AddHandler
//     began.
package informer
