// Package postings maps index values to sets of slots, in versions.
//
//	Index ─ hints ─► posting "kube-system" ─► bucket slots     0–4095 ─► Node ─► Node
//	                                      └─► bucket slots 8192–12287 ─► Node
//
// A bucket holds the slots of one range of 4,096 as a sorted list of offsets
// or, above 256 of them, as a bitmap: never more than 512 bytes, which is what
// a change copies. Up to ten offsets are in the Node itself. The containers are
// those of Roaring bitmaps (Chambi, Lemire, Kaser, Godin, "Better bitmap
// performance with Roaring bitmaps", 2016), with a smaller range so that a copy
// is cheap.
package postings
