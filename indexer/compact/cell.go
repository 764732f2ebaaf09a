package compact

import (
	"sync/atomic"

	"github.com/informant-go/informant/internal/nils"
)

// cell is what the store underneath has of an object: its key and version, and the
// object or its bytes.
type cell[T any] struct {
	key, version string
	// asked says that the cell holds an argument of Index, and is not stored.
	asked   bool
	content atomic.Pointer[content[T]]
}

// content is an object in one of its forms. It never changes: who changes the form
// puts another content into the cell, with the object or its bytes of the same
// state.
type content[T any] struct {
	// packed are the bytes of the object, nil if there are none.
	packed []byte
	// by is the generation whose dictionary packed was compressed with, nil if
	// it is not compressed. With plain it is not either: that dictionary failed.
	by    *generation
	plain bool
	// obj is the object where there are no bytes, or fresh says so: until its
	// write is done, for the index functions.
	obj   T
	fresh bool
}

func newCell[T any](key, version string, obj T) *cell[T] {
	c := &cell[T]{key: key, version: version}
	c.content.Store(&content[T]{obj: obj})
	return c
}

// versionOfCell is how the store underneath reads a version; it has nil for a
// removal of which no version is known.
func versionOfCell[T any](c *cell[T]) string {
	if c == nil {
		return ""
	}
	return c.version
}

// isNil reports whether obj is nothing that could be encoded.
func isNil[T any](obj T) bool { return nils.Is(obj) }

func keyOfCell[T any](c *cell[T]) (string, error) { return c.key, nil }
