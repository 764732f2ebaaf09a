// Package heap provides a binary heap whose elements know their place, so that
// any of them can be moved or removed.
package heap

// Heap has its least element first. Moved is called for each element that has a
// new place, with that place, or -1 when the element was removed. Less and Moved
// must be set before the first Push and not changed. One goroutine at a time may
// use a Heap.
type Heap[E any] struct {
	Less  func(a, b E) bool
	Moved func(e E, at int)

	elements []E
}

// Len is the number of elements.
func (h *Heap[E]) Len() int { return len(h.elements) }

// First returns the least element; there must be one.
func (h *Heap[E]) First() E { return h.elements[0] }

// Push adds e.
func (h *Heap[E]) Push(e E) {
	h.elements = append(h.elements, e)
	h.up(len(h.elements) - 1)
}

// Pop removes the least element and returns it; there must be one.
func (h *Heap[E]) Pop() E { return h.Remove(0) }

// Remove removes the element at a place, the one that Moved was last called with
// for it, and returns the element.
func (h *Heap[E]) Remove(at int) E {
	e, last := h.elements[at], len(h.elements)-1
	h.elements[at] = h.elements[last]
	var none E
	h.elements[last] = none
	h.elements = h.elements[:last]
	if at < last {
		h.Fix(at)
	}
	h.Moved(e, -1)
	return e
}

// Fix moves the element at a place to where it belongs, after it has changed.
func (h *Heap[E]) Fix(at int) {
	if h.up(at) == at {
		h.down(at)
	}
}

// up moves the element at a place towards the first and returns where it ends.
func (h *Heap[E]) up(at int) int {
	e := h.elements[at]
	for at > 0 {
		parent := (at - 1) / 2
		if !h.Less(e, h.elements[parent]) {
			break
		}
		h.put(h.elements[parent], at)
		at = parent
	}
	h.put(e, at)
	return at
}

// down moves the element at a place away from the first.
func (h *Heap[E]) down(at int) {
	e := h.elements[at]
	for {
		child := 2*at + 1
		if child >= len(h.elements) {
			break
		}
		if right := child + 1; right < len(h.elements) && h.Less(h.elements[right], h.elements[child]) {
			child = right
		}
		if !h.Less(h.elements[child], e) {
			break
		}
		h.put(h.elements[child], at)
		at = child
	}
	h.put(e, at)
}

func (h *Heap[E]) put(e E, at int) {
	h.elements[at] = e
	h.Moved(e, at)
}
