// Package hints leads from names to small numbers, their places: from the keys of
// objects to slots, and from index values to their ids.
//
//	hash of "a/b" ─► cells: [hash, place] [hash, place] … ─► names: place ─► "a/b"
//
// A Table is only ever added to, so that any goroutine may search it without a
// lock, and states of a store can have it in common: that a name has a place
// says nothing of whether there is an object, which the state says at that
// place. So a name whose object goes keeps its place, and finds it again when
// it comes back.
//
// The price is names that nobody needs any more. A Keeper makes the Table anew
// when it is full, with the names that live, and only then gives the places of
// the others away. Whoever has the Table from before keeps all places as they
// were.
package hints
