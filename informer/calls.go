package informer

import "sync/atomic"

// callCount counts the beginnings and ends of a handler's callbacks, so that it
// is odd inside one. The goroutine that calls the handler writes it.
type callCount struct{ n atomic.Uint64 }

func (c *callCount) begin() { c.n.Store(c.n.Load() + 1) }

// end may be called again before the next begin.
func (c *callCount) end() {
	if n := c.n.Load(); n%2 == 1 {
		c.n.Store(n + 1)
	}
}

// inside tells whether a callback runs.
func (c *callCount) inside() bool { return c.n.Load()%2 == 1 }

// since tells whether there was a callback since the count was before, and
// returns the count now.
func (c *callCount) since(before uint64) (now uint64, called bool) {
	now = c.n.Load()
	return now, now != before || now%2 == 1
}
