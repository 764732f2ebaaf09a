package mvcc

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

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

// Values of a pin slot that are not a version; a version is stored plus one.
const (
	slotFree    = 0
	slotPinning = ^uint64(0)
)

const slotsPerBlock = 16

// pinSlot says what one reader has pinned. It fills a cache line, so that
// readers on different processors do not disturb one another.
type pinSlot struct {
	state atomic.Uint64
	block *pinBlock
	_     [48]byte
}

// pinBlock is one link of the list of slots. Blocks are never removed: there
// are as many as readers were ever active at once, by sixteen.
type pinBlock struct {
	slots [slotsPerBlock]pinSlot
	next  atomic.Pointer[pinBlock]
}

func newPinBlock() *pinBlock {
	b := &pinBlock{}
	for i := range b.slots {
		b.slots[i].block = b
	}
	return b
}

// pinSet is the list of slots. Readers take and free slots with one atomic
// operation each; the writer reads them all.
type pinSet struct {
	first atomic.Pointer[pinBlock]
	// hint is a block that had a free slot lately, nil for the first one.
	// It keeps Pin from walking a long list of held slots.
	hint atomic.Pointer[pinBlock]
	// blocks is the number of blocks in the list.
	blocks atomic.Int64
}

// Pin keeps one version readable. It must be released once.
type Pin struct {
	slot    *pinSlot
	version uint64
}

// Version is the pinned version.
func (p Pin) Version() uint64 { return p.version }

// Pin pins the present version. It waits for nobody.
//
// Why no Collector can cut what the Pin needs: the slot says "pinning" before
// committed is read. A Collector that reads the slots after committing v either
// sees the slot taken, and keeps what is needed, or read it before it was
// taken, and then this reader's version is v or newer.
func (c *Clock) Pin() Pin {
	s := c.pins.take()
	version := c.committed.Load()
	s.state.Store(version + 1)
	return Pin{slot: s, version: version}
}

// Release gives the version up. The caller then asks the Collector whether
// something waits for that.
func (c *Clock) Release(p Pin) {
	b := p.slot.block
	p.slot.state.Store(slotFree)
	if c.pins.blocks.Load() > 1 && c.pins.hint.Load() != b {
		c.pins.hint.Store(b)
	}
}

func (ps *pinSet) take() *pinSlot {
	b := ps.hint.Load()
	if b == nil {
		b = ps.head()
	}
	for {
		if s := b.take(); s != nil {
			return s
		}
		b = ps.after(b)
	}
}

// take tries the slots of a block from a random one on.
func (b *pinBlock) take() *pinSlot {
	start := rand.Uint32()
	for i := range uint32(slotsPerBlock) {
		s := &b.slots[(start+i)%slotsPerBlock]
		if s.state.Load() == slotFree && s.state.CompareAndSwap(slotFree, slotPinning) {
			return s
		}
	}
	return nil
}

func (ps *pinSet) head() *pinBlock {
	if b := ps.first.Load(); b != nil {
		return b
	}
	if ps.first.CompareAndSwap(nil, newPinBlock()) {
		ps.blocks.Add(1)
	}
	return ps.first.Load()
}

// after returns the block behind b, which it appends when there is none, and
// makes it the hint.
func (ps *pinSet) after(b *pinBlock) *pinBlock {
	next := b.next.Load()
	if next == nil {
		if b.next.CompareAndSwap(nil, newPinBlock()) {
			ps.blocks.Add(1)
		}
		next = b.next.Load()
	}
	ps.hint.Store(next)
	return next
}

// scan appends the pinned versions to buf, sorted, each once. known is false
// when a reader is about to pin and its version cannot be told yet.
func (ps *pinSet) scan(buf []uint64) (versions []uint64, known bool) {
	known = true
	for b := ps.first.Load(); b != nil; b = b.next.Load() {
		for i := range b.slots {
			switch v := b.slots[i].state.Load(); v {
			case slotFree:
			case slotPinning:
				known = false
			default:
				buf = append(buf, v-1)
			}
		}
	}
	if len(buf) > 1 {
		slices.Sort(buf)
		buf = slices.Compact(buf)
	}
	return buf, known
}
