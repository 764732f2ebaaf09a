// Package informant is the root of a library that rebuilds the machinery behind
// client-go's caches: work queue, queue of deltas, indexer, reflector and shared
// informer. It has no code of its own; each part is a package that can be read
// and used alone.
//
// # What it is for
//
// A controller for Kubernetes must know the objects of some kind at every moment,
// and must not ask the API server each time. So it keeps a copy in memory: it lists
// the objects once, watches what changes, and is told of each change. These
// packages are that copy and what belongs to it. They are generic over the type of
// the objects, do not depend on client-go, and state what they guarantee, by
// number, in their documentation.
//
// # The packages, in reading order
//
// docs/naive has a queue, a store and an informer as one would write them first,
// about a hundred lines each. They come before the real ones:
//
//	docs/naive/…            simple, right, and slow
//	object                  what an object is: key, version, tombstone
//	workqueue               which keys are to be worked on
//	indexer                 the store: objects by key and by index
//	deltafifo               what changed, on its way to the store
//	reflector               list and watch, and how to go on after a failure
//	  reflector/httpsource  the same over HTTP
//	  reflector/apitest     an API server in memory, for tests
//	  reflector/perturb     sources that lag, skip states or go back, for tests
//	  reflector/union       several lists and watches of one kind as one
//	informer                puts the others together and tells handlers
//
// Four more are for special needs: indexer/stores has client-go's stores of other
// kinds, indexer/compact is a store that keeps the bytes of objects, indexer/mutation
// finds objects that somebody changes in place, and informer/debug is a page that
// shows how informers are.
//
// # Where to start
//
// To learn how informers work, read the eight pages of the folder docs; the first
// shows the whole machine. To use the library, start with informer.New, whose
// package has a program as its first example. To put it under a program that uses
// client-go or controller-runtime, see the modules clientgo and
// clientgo/controllerruntime. To change something, read ARCHITECTURE.md and
// CONTRIBUTING.md.
package informant
