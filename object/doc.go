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
//  5. An object that went through a Sharer equals what it was, and has the memory of
//     other objects for its parts that are equal to theirs. Contents are compared.
//  6. A Sharer keeps no part: each goes with the last object that has it.
//  7. A Sharer leaves alone what may change under its own methods: structs with
//     unexported fields, values of interfaces, all that is below them, and parts that
//     have them.
//
// # Smaller objects
//
// Most of what a cache of a large cluster has in memory is managed fields, and the
// same parts again and again. Transforms take some of it away before an object is
// stored: StripManagedFields and StripLastApplied what few programs read, a Keeper all
// that a program did not name, and a Sharer what other objects have as well, without
// losing anything. Transforms puts several of them together. Each changes the object
// that it is given, which nobody else may have yet: informer.Options.Transform is the
// place for them.
//
// # Map of the files
//
//	access.go      Access, Fields, Meta, Dynamic, Keyed: how a cache reads a T
//	name.go        Name, and keys
//	version.go     CompareVersions
//	tombstone.go   Deleted, and client-go's tombstone
//	errors.go      KeyError, RefusedError
//	transform.go   Transforms, and what strips
//	keep.go        Keeper
//	share.go       Sharer, and its walk through an object
//	sharewords.go  its strings that are in no part
//	sharejson.go   the same through JSON
//	shareequal.go  whether two parts are equal
//	shape.go       what the walk knows of a type, found out once
//	parttable.go   the parts that objects have, by weak pointers
//	memory.go      all that is unsafe
//
// All functions may be called by any goroutine.
package object
