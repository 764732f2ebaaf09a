package workqueue

const (
	children  = 4
	chunkSize = 256

	// root is the first place in a heap. With this one the children of a place
	// begin at a multiple of four, so that they share a cache line, and 0 can
	// stand for no place.
	root = 3
)

// delay is the number of an entry and the time at which its delay ends. The time
// stands here, so that a search through the heap reads no entry.
type delay struct {
	at    int64
	id    uint32
	order uint32 // breaks ties: the delay that was asked for first ends first
}

// heap holds delays, the one that ends first at the root. A node has four
// children, which makes it half as deep as with two. It is in chunks, so that it
// grows and shrinks without being copied. The link of an entry holds its place.
type heap[T comparable] struct {
	chunks []*[chunkSize]delay
	end    uint32 // the place after the last; 0 before first use
}

func (h *heap[T]) at(i uint32) *delay { return &h.chunks[i/chunkSize][i%chunkSize] }

func (h *heap[T]) len() int { return int(max(h.end, root) - root) }

// first returns the delay that ends first, of which there must be one.
func (h *heap[T]) first() *delay { return h.at(root) }

// add adds a delay for an entry that has none.
func (h *heap[T]) add(in *slabs[T], d delay) {
	h.end = max(h.end, root)
	if int(h.end) >= len(h.chunks)*chunkSize {
		h.chunks = append(h.chunks, new([chunkSize]delay))
	}
	h.end++
	h.up(in, h.end-1, d)
}

// remove takes out the delay at i. The caller clears the link of its entry.
func (h *heap[T]) remove(in *slabs[T], i uint32) {
	h.end--
	if last := *h.at(h.end); i < h.end {
		h.move(in, i, last)
	}
	if spare := len(h.chunks) - 2; spare >= 0 && int(h.end) <= spare*chunkSize {
		h.chunks[spare+1] = nil
		h.chunks = tight(h.chunks[:spare+1])
	}
}

// move replaces the delay at i by d, and moves it to where it belongs.
func (h *heap[T]) move(in *slabs[T], i uint32, d delay) {
	if i > root && d.before(h.at(parent(i))) {
		h.up(in, i, d)
	} else {
		h.down(in, i, d)
	}
}

func parent(i uint32) uint32     { return i/children + root - 1 }
func firstChild(i uint32) uint32 { return (i - root + 1) * children }

func (d *delay) before(e *delay) bool {
	if d.at != e.at {
		return d.at < e.at
	}
	return int32(d.order-e.order) < 0
}

// up puts d at i, or above it where it belongs.
func (h *heap[T]) up(in *slabs[T], i uint32, d delay) {
	for i > root {
		above := h.at(parent(i))
		if !d.before(above) {
			break
		}
		h.put(in, i, *above)
		i = parent(i)
	}
	h.put(in, i, d)
}

// down puts d at i, or below it where it belongs.
func (h *heap[T]) down(in *slabs[T], i uint32, d delay) {
	for {
		best := h.leastChild(i)
		if best == 0 || !h.at(best).before(&d) {
			break
		}
		h.put(in, i, *h.at(best))
		i = best
	}
	h.put(in, i, d)
}

// leastChild is the place of the child of i that ends first, 0 if i has none.
func (h *heap[T]) leastChild(i uint32) uint32 {
	best := firstChild(i)
	if best >= h.end {
		return 0
	}
	for c := best + 1; c < min(firstChild(i+1), h.end); c++ {
		if h.at(c).before(h.at(best)) {
			best = c
		}
	}
	return best
}

// put writes d at i and notes the place in its entry.
func (h *heap[T]) put(in *slabs[T], i uint32, d delay) {
	*h.at(i) = d
	in.at(d.id).link().slot = i
}
