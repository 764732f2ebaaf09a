// Package eventlog is the one log that all handlers of an informer read.
//
// Place in the data flow: the informer appends what it has stored, once,
// whatever the number of handlers; each handler owns a Reader, which is a
// cursor and no buffer.
//
// The log is a list of chunks that is linked forward only. A chunk that the
// slowest reader has left is garbage, without any bookkeeping; a reader that
// stands still keeps what follows it and nothing before. A reader that has
// read everything parks, as one that joins does: it then holds no chunk at all,
// and the next Append places it where that Append begins. When the last reader parks, the log
// empties its chunk and uses it again, so that readers which keep up cost no
// allocation and a consumed entry keeps no object alive.
//
// Guarantees
//
//	L1 A reader sees every entry appended after its Join, once, in order; those that AppendBut spares it aside.
//	L2 Append waits for no reader.
//	L3 A parked reader is woken by each Append and each Interrupt; neither is lost when it comes just before the parking.
//	   AppendBut wakes all but those that it names, to which the entries count as read if they are parked.
//	L4 Once every reader has passed an entry and parked, or left, the log does not hold on to it.
package eventlog
