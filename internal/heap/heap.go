// Package heap provides a heap whose elements know their place, so that any of
// them can be moved or removed.
package heap

const (
	// children is the number of children of an element. With four a heap is half
	// as deep as with two.
	children = 4

	// chunkSize is the number of elements that are allocated together.
	chunkSize = 128

	// root is the index of the least element. With this one the children of an
	// element begin at a multiple of four, so that small ones share a cache line.
	root = children - 1
)

// Heap has its least element first. Moved is called for each element that has a
// new place, with that place, or -1 when the element was removed. Less and Moved
// must be set before the first Push and not changed. One goroutine at a time may
// use a Heap.
//
// The elements are in chunks, so that a heap grows without being copied, and
// gives memory back when it shrinks.
type Heap[E any] struct {
	Less  func(a, b E) bool
	Moved func(e E, at int)

	chunks []*[chunkSize]E
	n      int
}

// Len is the number of elements.
func (h *Heap[E]) Len() int { return h.n }

// At returns the element at a place.
func (h *Heap[E]) At(place int) E { return *h.at(place + root) }

// First returns the least element; there must be one.
func (h *Heap[E]) First() E { return *h.at(root) }

// Push adds e.
func (h *Heap[E]) Push(e E) {
	i := h.n + root
	if i >= len(h.chunks)*chunkSize {
		h.chunks = append(h.chunks, new([chunkSize]E))
	}
	h.n++
	h.up(i, e)
}

// Pop removes the least element and returns it; there must be one.
func (h *Heap[E]) Pop() E { return h.Remove(0) }

// Remove removes the element at a place, the one that Moved was last called with
// for it, and returns the element.
func (h *Heap[E]) Remove(place int) E {
	e, last := h.At(place), h.at(h.n-1+root)
	moved := *last
	var none E
	*last = none
	h.n--
	if place < h.n {
		h.Set(place, moved)
	}
	h.shrink()
	h.Moved(e, -1)
	return e
}

// Fix moves the element at a place to where it belongs, after it has changed.
func (h *Heap[E]) Fix(place int) { h.Set(place, h.At(place)) }

// Set replaces the element at a place by e, for which Moved is called.
func (h *Heap[E]) Set(place int, e E) {
	i := place + root
	if i > root && h.Less(e, *h.at(parent(i))) {
		h.up(i, e)
	} else {
		h.down(i, e)
	}
}

// Clear removes all elements and calls f for each, instead of Moved.
func (h *Heap[E]) Clear(f func(E)) {
	chunks, n := h.chunks, h.n
	h.chunks, h.n = nil, 0
	for i := root; i < n+root; i++ {
		f(chunks[i/chunkSize][i%chunkSize])
	}
}

func (h *Heap[E]) at(i int) *E { return &h.chunks[i/chunkSize][i%chunkSize] }

func parent(i int) int     { return i/children + root - 1 }
func firstChild(i int) int { return (i - root + 1) * children }

// up puts e at i, or above it where it belongs.
func (h *Heap[E]) up(i int, e E) {
	for i > root {
		above := *h.at(parent(i))
		if !h.Less(e, above) {
			break
		}
		h.put(i, above)
		i = parent(i)
	}
	h.put(i, e)
}

// down puts e at i, or below it where it belongs.
func (h *Heap[E]) down(i int, e E) {
	for {
		child := firstChild(i)
		end := min(child+children, h.n+root)
		if child >= end {
			break
		}
		least := *h.at(child)
		for c := child + 1; c < end; c++ {
			if other := *h.at(c); h.Less(other, least) {
				least, child = other, c
			}
		}
		if !h.Less(least, e) {
			break
		}
		h.put(i, least)
		i = child
	}
	h.put(i, e)
}

func (h *Heap[E]) put(i int, e E) {
	*h.at(i) = e
	h.Moved(e, i-root)
}

// shrink frees chunks when two are not used: one is kept for the next elements.
func (h *Heap[E]) shrink() {
	spare := len(h.chunks) - 2
	if spare < 0 || h.n+root > spare*chunkSize {
		return
	}
	h.chunks[spare+1] = nil
	h.chunks = h.chunks[:spare+1]
	if cap(h.chunks) >= 64 && len(h.chunks) <= cap(h.chunks)/4 {
		h.chunks = append(make([]*[chunkSize]E, 0, 2*len(h.chunks)), h.chunks...)
	}
}
