// Package bridge joins typed code of this library with code that knows client-go's
// tools/cache: a typed informer or reflector over any ListerWatcher of client-go (SourceOf),
// generated listers over a typed informer (IndexerOf), and which engine an informer has
// (EngineOf) and what brings its objects (WireOf).
//
// These functions are not in package cache, which has client-go's names and no others, so
// that a program goes back to client-go by changing an import line.
//
// # What it promises
//
//  1. A source of SourceOf hands on what the ListerWatcher gives, each object in memory
//     of its own. An object of another type than T is refused by itself (R4 of package
//     reflector), the others are not.
//  2. An Indexer of IndexerOf shows the informer's store, without copying it, and cannot
//     change it: every method that would is an error that says so.
package bridge
