package mvcc

import (
	"math"
	"slices"
	"sync/atomic"
)

// Garbage is something of which old states may be dropped.
type Garbage interface {
	// Collect drops what no Pin sees, and calls col.Hold for what must wait
	// for the release of a Pin.
	Collect(col *Collector)
}

// Collector drops old states. All methods but Waiting are the writer's, between
// commits. The zero value needs Init.
type Collector struct {
	clock *Clock

	// fresh is what was retired and never looked at since.
	fresh []Garbage
	// held is what waits for the release of the version that is its key.
	held map[uint64]*holding
	// waiting is true while fresh or held has something. It is set before
	// the pins are read for the last time, so that a Pin released after that
	// finds it set.
	waiting atomic.Bool

	// pins are the pinned versions of the present collection, ascending.
	pins []uint64
}

// holding is what waits for one version. The list can be worked off in steps;
// the set keeps it short, since a cell that is written often is held every time.
type holding struct {
	list []Garbage
	set  map[Garbage]struct{}
}

// Init gives the Collector the Clock whose pins count.
func (c *Collector) Init(clock *Clock) { c.clock = clock }

// Retire hands over something of which the pending commit made a new state.
func (c *Collector) Retire(g Garbage) { c.fresh = append(c.fresh, g) }

// Waiting reports whether a collection could find something to drop when a Pin
// is released. Any goroutine may call it.
func (c *Collector) Waiting() bool { return c.waiting.Load() }

// Hold remembers g, once, until pin is released.
func (c *Collector) Hold(pin uint64, g Garbage) {
	if c.held == nil {
		c.held = make(map[uint64]*holding)
	}
	h := c.held[pin]
	if h == nil {
		h = &holding{set: make(map[Garbage]struct{})}
		c.held[pin] = h
	}
	if _, twice := h.set[g]; !twice {
		h.set[g] = struct{}{}
		h.list = append(h.list, g)
	}
}

// PinIn returns the newest pinned version in [from, before).
func (c *Collector) PinIn(from, before uint64) (pin uint64, ok bool) {
	if len(c.pins) == 0 {
		return 0, false
	}
	i, _ := slices.BinarySearch(c.pins, before)
	if i == 0 || c.pins[i-1] < from {
		return 0, false
	}
	return c.pins[i-1], true
}

func (c *Collector) live(pin uint64) bool {
	_, ok := slices.BinarySearch(c.pins, pin)
	return ok
}

// PutOff reports whether there are many pins to read and little to look at, so
// that the writer may leave Collect to a later commit.
func (c *Collector) PutOff() bool {
	if blocks := c.clock.pins.blocks.Load(); blocks <= 1 || int64(len(c.fresh)) >= blocks {
		return false
	}
	c.mark(true)
	return true
}

// Collect is the writer's part: it looks at everything that was retired, and at
// as much of the rest, so that a commit never pays for a snapshot that somebody
// else held. more tells that Step finds something to do.
func (c *Collector) Collect() (more bool) { return c.Step(2 * len(c.fresh)) }

// CollectNow drops what can be dropped. Afterwards everything that is still
// there waits for a Pin that was not released when waiting was set. It is for
// tests: a writer collects in steps.
func (c *Collector) CollectNow() {
	for c.Step(math.MaxInt) {
	}
}

// Step looks at no more than n things, and reports whether a further Step finds
// something to do. When it does not, everything that is still there waits for a
// Pin that was not released when waiting was set.
func (c *Collector) Step(n int) (more bool) {
	pins, known := c.clock.pins.scan(c.pins[:0])
	if c.pins = pins; !known {
		// The reader that is pinning finds waiting set when it releases.
		c.wait()
		return c.settled()
	}
	n = c.work(&c.fresh, n)
	for pin, h := range c.held {
		if c.live(pin) {
			continue
		}
		if n = c.work(&h.list, n); len(h.list) == 0 {
			delete(c.held, pin)
		}
	}
	c.wait()
	return len(c.fresh) > 0 || len(c.held) > 0 && c.released()
}

// work collects up to n things from the end of a list and returns how many of
// n are left.
func (c *Collector) work(list *[]Garbage, n int) (left int) {
	for ; n > 0 && len(*list) > 0; n-- {
		last := len(*list) - 1
		g := (*list)[last]
		(*list)[last] = nil
		*list = (*list)[:last]
		g.Collect(c)
	}
	return n
}

func (c *Collector) wait() { c.mark(len(c.fresh) > 0 || len(c.held) > 0) }

// mark sets waiting, which other processors keep in their caches while it stays
// the same.
func (c *Collector) mark(waiting bool) {
	if c.waiting.Load() != waiting {
		c.waiting.Store(waiting)
	}
}

// settled reports whether the reader that was pinning has pinned or left.
func (c *Collector) settled() bool {
	_, known := c.clock.pins.scan(nil)
	return known
}

// released reports whether something is held for a version that nobody pins any
// more. A Pin released after this scan finds waiting set.
func (c *Collector) released() bool {
	pins, _ := c.clock.pins.scan(nil)
	for pin := range c.held {
		if _, ok := slices.BinarySearch(pins, pin); !ok {
			return true
		}
	}
	return false
}

// Held is the number of things that wait for the release of a Pin, for tests.
func (c *Collector) Held() int {
	n := len(c.fresh)
	for _, h := range c.held {
		n += len(h.list)
	}
	return n
}
