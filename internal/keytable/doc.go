// Package keytable is a map from keys to entries, with lists by number. It holds
// what a work queue knows of its keys.
//
//	hash ──► segment of slots ──► number ──► slab ──► entry
//	         [hash|7][hash|300]…    300       1       Key, Place, Data, next
//	                                                   │              │
//	              a heap of the owner's, by number ◄───┘              └─► number
//	                                                          of the next in its list
//
// # Why it is no map
//
// A work queue of a controller adds the same keys again and again, and at times
// has a million of them that wait for a delay. A map[K]*entry costs such a queue
// the following, each of which was measured:
//
//   - It searches twice to add a key, and stores each key a second time: 110 bytes
//     for a pending string key with its delay, where this package needs less than 60.
//   - Its entries are objects of their own, linked by pointers, which the collector
//     follows one by one: a million delays cost twice as much time.
//   - It never becomes smaller.
//
// Here entries stand side by side in slabs of 255 and refer to one another by
// number, which is half as long as a pointer and which the collector does not
// follow. A slab without a key is freed. A table finds the number of a key by its
// hash, in small segments of which one at a time is split or merged: so no call
// takes longer than one segment does, and at no time is half of the table empty.
//
// # What an owner does
//
// Ensure makes an entry, Find finds it, At is the entry of a number. An entry
// never moves: a pointer to one is good until the entry is released. It is in use
// while its Place is not 0 or its Data says that it is busy. When neither is so any
// more, the owner calls Release, and must not use the pointer after that. The key
// may be remembered for some time: Ensure and Find then find its entry as it was
// left.
//
// A List is a queue of entries, linked through them, so that an entry is in one at
// most. In a table that was made wide each entry has an X besides, and its
// predecessor in its list: only then can Remove take it out of the middle.
//
// A table has no lock; its owner has one. The zero Table is ready for use.
//
// # Invariants
//
//  1. There is one entry for each key, and the search for the key's hash finds it.
//     Exceptions are keys that are not equal to themselves (NaN), which are never
//     found and never removed, as in a map.
//  2. A number stands for one entry, in slab number/256 at number%256; 0 stands for
//     none. The number of an entry with a key never changes.
//  3. A slot of a segment is its hash and its number. The hashes of a segment rise,
//     and none stands before its home or behind a gap after it. The last four slots
//     are gaps, so that every search ends.
//  4. Hash h is in segment h&mask, or, if there is no such segment yet, in
//     h&(mask>>1).
//  5. A slab is in the list of those with room if it has room. One that becomes
//     empty is freed if reserve entries without a key are left besides it, and
//     while many are, nothing is remembered.
//  6. Every entry that is not in use is in the ring of those that are remembered;
//     so are some that are in use again. The ring is no longer than the limit, and
//     empty if keys can hold pointers: nothing that a key points to outlives its
//     last use.
package keytable
