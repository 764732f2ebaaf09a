// Package mvcc lets one writer at a time change many cells and make all the
// changes visible at once, while any number of readers read one state without
// a lock.
//
// A Clock counts commits. A Cell is a chain of Nodes, newest first, each with
// the version of the commit that made it. The writer of version v pushes nodes
// of version v, which nobody reads before the Clock says that v is committed;
// until then it may change their values in place.
//
//	Cell ─► Node v=9 (pending) ─prev─► Node v=7 ─prev─► Node v=3 (kept for a Pin)
//
// A reader that wants one cell asks for Latest, which writes nothing. A reader
// that wants several cells of one state takes a Pin; a pinned version is found
// by walking the chain, and a Collector cuts from the chains what no Pin can
// see any more. A chain is therefore never longer than the number of pinned
// versions and two. A Recycled cell, for what changes with every commit, uses
// nodes anew.
package mvcc
