// Package vector provides an array that grows without moving its elements, so
// that readers without a lock keep finding them.
package vector

import (
	"math/bits"
	"sync/atomic"
)

// The first segment has 1<<firstBits elements, each further one as many as all
// before it together.
const (
	firstBits = 3
	segments  = 32 - firstBits + 1
)

// Vector is an array indexed by uint32. One goroutine at a time calls Grow;
// any may call the other methods. The elements must be safe for the use that
// is made of them. The zero Vector is empty.
type Vector[E any] struct {
	segments [segments]atomic.Pointer[[]E]
	n        atomic.Uint32
}

// Len is the number of elements.
func (v *Vector[E]) Len() uint32 { return v.n.Load() }

// At returns element i, which stays at its address. i must be less than Len,
// or have been so for whoever told the caller of i.
func (v *Vector[E]) At(i uint32) *E {
	segment, offset := locate(i)
	return &(*v.segments[segment].Load())[offset]
}

// Grow makes Len at least n; new elements are zero.
func (v *Vector[E]) Grow(n uint32) {
	if n <= v.n.Load() {
		return
	}
	last, _ := locate(n - 1)
	for s := last; s >= 0 && v.segments[s].Load() == nil; s-- {
		segment := make([]E, size(s))
		v.segments[s].Store(&segment)
	}
	v.n.Store(n)
}

func locate(i uint32) (segment int, offset uint32) {
	segment = bits.Len32(i >> firstBits)
	if segment == 0 {
		return 0, i
	}
	return segment, i - 1<<(firstBits+segment-1)
}

func size(segment int) int {
	if segment == 0 {
		return 1 << firstBits
	}
	return 1 << (firstBits + segment - 1)
}
