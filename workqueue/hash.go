package workqueue

import "hash/maphash"

// seed makes hashes that nobody outside of the process can foresee. It is
// never changed.
var seed = maphash.MakeSeed()

// mark is the hash of a key; 0 is none.
type mark uint32

// hashOf is called before the lock is taken: it takes time, and panics if item
// cannot be hashed.
func hashOf[T comparable](item T) mark {
	return max(mark(maphash.Comparable(seed, item)), 1)
}
