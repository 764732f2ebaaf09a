package mvcc

import "sync/atomic"

// Clock holds the newest committed version and the versions that readers have
// pinned. The zero value is ready and stands at version 0, the empty state.
type Clock struct {
	// committed is raised by the one writer, after all nodes of that version
	// are in their cells. Whoever reads a value >= n.version here may read
	// n.Value; that is the only thing that orders the two.
	committed atomic.Uint64

	pins pinSet
}

// Now returns the newest committed version.
func (c *Clock) Now() uint64 { return c.committed.Load() }

// Commit makes all nodes of version visible. Only the writer calls it, with
// Now()+1.
func (c *Clock) Commit(version uint64) { c.committed.Store(version) }
