// Package object says what an object is to a cache: how its key is made, which
// state it is in, and what remains of it when it is gone.
//
// It stands below every other package of this module and imports none of
// them. A cache of type T is given an Access[T] once, when it is made, and
// asks it for keys, versions and labels from then on; so no event pays for a
// type assertion, and an object needs no particular interface. Meta makes the
// Access of an API type, Dynamic that of a T which only turns out to be an API
// object at run time, such as any, and Keyed that of anything else.
//
// # What it promises
//
//  1. A key is namespace/name, or the name alone for an object without a
//     namespace, as client-go's MetaNamespaceKeyFunc makes it; ParseName and
//     String are inverses for every key with at most one slash.
//  2. An object that cannot be keyed gives a *KeyError that says why, and never
//     a panic.
//  3. A Deleted always has key, name and namespace, whatever is left of the
//     object.
//  4. CompareVersions orders the versions that a server may hand out
//     (KEP-5504) and refuses all others; it never guesses.
//
// All functions may be called by any goroutine.
package object
