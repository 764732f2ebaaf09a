package mvcc

import (
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
	// held is what waits for the release of the version that is its key. It
	// is a set, since a cell that is written often is held every time.
	held map[uint64]map[Garbage]struct{}
	// waiting is true while fresh or held has something. It is set before
	// the pins are read for the last time, so that a Pin released after that
	// finds it set.
	waiting atomic.Bool

	// pins are the pinned versions of the present collection, ascending.
	pins []uint64
}

// Init gives the Collector the Clock whose pins count.
func (c *Collector) Init(clock *Clock) { c.clock = clock }

// Retire hands over something of which the pending commit made a new state.
func (c *Collector) Retire(g Garbage) { c.fresh = append(c.fresh, g) }

// Waiting tells whether a collection could find something to drop when a Pin
// is released. Any goroutine may call it.
func (c *Collector) Waiting() bool { return c.waiting.Load() }

// Hold remembers g, once, until pin is released.
func (c *Collector) Hold(pin uint64, g Garbage) {
	if c.held == nil {
		c.held = make(map[uint64]map[Garbage]struct{})
	}
	if c.held[pin] == nil {
		c.held[pin] = make(map[Garbage]struct{})
	}
	c.held[pin][g] = struct{}{}
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

// Collect drops what can be dropped. With much to read and little to drop it
// may put that off to a later commit.
func (c *Collector) Collect() {
	if blocks := c.clock.pins.blocks.Load(); blocks > 1 && int64(len(c.fresh)) < blocks {
		c.waiting.Store(true)
		return
	}
	c.CollectNow()
}

// CollectNow drops what can be dropped. Afterwards everything that is still
// there waits for a Pin that was not released when waiting was set.
func (c *Collector) CollectNow() {
	for c.sweep() {
	}
}

// sweep collects once and tells whether a Pin that something is held for
// has been released meanwhile.
func (c *Collector) sweep() (again bool) {
	pins, known := c.clock.pins.scan(c.pins[:0])
	if c.pins = pins; !known {
		// The reader that is pinning finds waiting set when it releases.
		c.wait()
		return c.settled()
	}
	fresh := c.fresh
	c.fresh = nil
	for _, g := range fresh {
		g.Collect(c)
	}
	for pin, held := range c.held {
		if !c.live(pin) {
			delete(c.held, pin)
			for g := range held {
				g.Collect(c)
			}
		}
	}
	if c.fresh == nil {
		clear(fresh)
		c.fresh = fresh[:0]
	}
	c.wait()
	return len(c.held) > 0 && c.released()
}

func (c *Collector) wait() { c.waiting.Store(len(c.fresh) > 0 || len(c.held) > 0) }

// settled tells whether the reader that was pinning has pinned or left.
func (c *Collector) settled() bool {
	_, known := c.clock.pins.scan(nil)
	return known
}

// released tells whether something is held for a version that nobody pins any
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
		n += len(h)
	}
	return n
}
