// Package compact is an indexer.Indexer that keeps the bytes of objects and decodes
// them on reading. It is for collections that are large and seldom read: what takes
// 20 KB as a decoded pod takes 2 KB here.
//
//	informer ──Apply, ReplaceAll──► Cache ──cells──► indexer.Cache
//	workers ◄──new objects, decoded── Cache ◄─cells────┘
//
// There is no second store: underneath is an indexer.Cache whose objects are cells.
// A cell has the key and version of an object, and the object or its bytes. What
// package indexer promises (S1 to S5) holds as it is there: keys, versions and index
// values stay decoded, so that index functions run once, at the write, and a wait,
// a watch, IndexKeys and ListKeys need no bytes. Get, List, ByIndex and the
// objects of a Snapshot do.
//
// A write first makes the bytes of its objects, in the goroutine that writes. Then it
// stores the cells, for whose index functions they still have the objects. Readers
// never see these: they have the bytes from the start.
//
// # The codec
//
// A Codec makes bytes of an object and back. Protobuf is that of API types that have
// a protobuf form, JSON that of any other; both are ready. A Compressor, if one is
// given, makes dictionaries of the collection's own objects, and the bytes become
// what an object has not in common with others. The one of package s2dict is ready,
// and a module of its own, since it requires github.com/klauspost/compress.
//
// # Guarantees
//
//   - C1 When a write has returned nothing is kept of its objects but key, version,
//     index values and bytes. What is read is what was stored, as the codec has it.
//   - C2 A read decodes: two reads of the same state give different objects. They
//     must not be changed all the same, as in any store, since one that could not be
//     encoded is given to every reader. No reader waits for a writer, or for what is
//     done to bytes.
//   - C3 No state is lost. An object that cannot be encoded is kept as it is, and
//     bytes that cannot be compressed as they are; Options.OnError is told. (It is
//     also kept as it is where a Replace finds it in the store's version, and another
//     writer changes the key before it is done. An informer is the only writer.)
//   - C4 Bytes that cannot be decoded are an *Error with the key, never silence:
//     Get and GetByKey return it; ByIndex and Index return it beside the other
//     objects; List and the methods of a Snapshot leave the object out; each of
//     them tells Options.OnError. Keys, Len, versions, and all other objects are as
//     they were. A write or removal of the key ends it.
//   - C5 Bytes are compressed with a dictionary of the collection, by the rule
//     below. At most two are in use by the objects of the store, and an old one lives
//     as long as an object of the store or of a Snapshot that needs it. All of that
//     is done by goroutines that write, under no lock: each write has a bounded part
//     of it. There is no goroutine.
//   - C6 A Change has decoded objects. Its Old was decoded for it; that of Add,
//     Update, Delete and Replace, which return none, is not. ReplaceAll tells of
//     an unchanged key with the item that came as Object and Old, so that nothing
//     is decoded or encoded for it. Where an old object cannot be decoded a
//     ChangePut is told as that of a new object, and a ChangeRemove with Existed and
//     without an Old.
//
// # When a dictionary is made
//
// The first is tried when 512 KiB of encoded objects were written, the next when as
// much was written as the collection has, or 512 KiB if that is more. It is made of
// up to 64 KiB of objects, taken evenly from the collection, by the write that comes
// then: besides, that looks at each cell once, for a pointer. Up to 16 objects that are not in
// it decide: if they are not smaller by a sixteenth than now, the dictionary is
// dropped. Otherwise each object that is written compresses two others anew, until
// all have the new dictionary; before that, no other is tried.
//
// # In front of an informer
//
// A Cache is an informer's store by informer.Options.Indexer, as the Example shows.
//
//   - The queue must not be given the store as known objects: to compare a list with
//     it, it would decode every object. See NewQueue in the Example. ReplaceAll
//     compares by version and decodes nothing.
//   - Old of an event is decoded for each update and deletion, whether or not a
//     handler looks at it. A handler that joins has its objects decoded one at a
//     time.
//   - A first list, and a list in which everything has changed, is in memory as
//     decoded objects until it is stored. So the peak is that of any store.
//   - A transform runs before the store, and makes the bytes smaller too.
//   - A mutation detector has little to find, since a read makes an object of its
//     own, and would have each object of a list decoded: leave it out.
//   - A Lister needs the index indexer.NamespaceIndex, or decodes everything to list
//     one namespace; a selector by label decodes everything, an index does not.
//
// # The price
//
// 10,000 pods of 10 KB of JSON with managedFields, ten to a ReplicaSet, in protobuf
// and with one index: the heap that an object takes, all included, and the time of a
// write and of a read by key.
//
//	                       heap              write     read
//	client-go's store      18,190 B  1       0.24 µs   0.68 µs
//	bytes                   8,400 B  0.46    10.4 µs   33.5 µs
//	bytes, dictionary       1,450 B  0.08    13.8 µs   29.3 µs
//
// The new state of an object that an informer stores costs a write and a read, for
// the Old of its event; a list that shows nothing new costs neither. A read makes
// the object anew, 23 KB in 264 allocations here. With JSON a read takes several
// times as long, as its decoder does.
//
//	go test ./bench -run '^$' -bench Compact -benchmem
//
// measures it, both engines in one run; the figures are the medians of five runs on an
// AMD EPYC of 2 cores that did little else (Go 1.26.8, client-go v0.37.2, 2026-11-27).
//
// client-go has nothing like this package.
package compact
