package postings

import (
	"hash/maphash"
	"iter"
	"sync/atomic"

	"github.com/informant-go/informant/internal/hints"
	"github.com/informant-go/informant/internal/mvcc"
	"github.com/informant-go/informant/internal/vector"
)

// Index maps values to sets of slots. One writer at a time calls ID, Add,
// Remove and Value; readers that have pinned a version call Find and Values.
type Index struct {
	seed maphash.Seed
	col  *mvcc.Collector

	// byValue leads from the hash of a value to its id, and byID to the
	// posting. A posting that a Pin may see a slot in is in both.
	byValue hints.Table
	byID    vector.Vector[atomic.Pointer[posting]]
	// free are the ids below byID.Len that have no posting; the writer's.
	free []uint32
}

// New returns an Index whose old states col drops.
func New(col *mvcc.Collector) *Index {
	return &Index{seed: maphash.MakeSeed(), col: col}
}

// ID returns the id of value, which it creates if there is none. The id is
// valid as long as a slot is in its set, and until the commit.
func (x *Index) ID(value string) uint32 {
	hash := x.hash(value)
	if p := x.lookup(hash, value); p != nil {
		return p.id
	}
	p := &posting{value: value, hash: hash, id: x.newID(), index: x}
	x.byID.At(p.id).Store(p)
	x.byValue.Insert(hash, p.id)
	return p.id
}

func (x *Index) newID() uint32 {
	if n := len(x.free); n > 0 {
		id := x.free[n-1]
		x.free = x.free[:n-1]
		return id
	}
	id := x.byID.Len()
	x.byID.Grow(id + 1)
	return id
}

// Value returns the value of an id that has a slot.
func (x *Index) Value(id uint32) string { return x.byID.At(id).Load().value }

// Has reports whether id stands for value. Any goroutine may ask about an id that
// was once given out; the answer is that of the moment.
func (x *Index) Has(id uint32, value string) bool {
	p := x.byID.At(id).Load()
	return p != nil && p.value == value
}

// Add puts slot into the set of id in the pending version.
func (x *Index) Add(version uint64, id, slot uint32) {
	x.byID.At(id).Load().edit(version, slot).add(uint16(slot % bucketSize))
}

// Remove takes slot out of the set of id in the pending version.
func (x *Index) Remove(version uint64, id, slot uint32) {
	x.byID.At(id).Load().edit(version, slot).remove(uint16(slot % bucketSize))
}

// drop forgets a posting without buckets. Its id may be used anew at once:
// a reader that still holds it checks the value.
func (x *Index) drop(p *posting) {
	x.byValue.Remove(p.hash, p.id)
	x.byID.At(p.id).Store(nil)
	x.free = append(x.free, p.id)
}

func (x *Index) hash(value string) uint32 { return uint32(maphash.String(x.seed, value) >> 32) }

func (x *Index) lookup(hash uint32, value string) *posting {
	for probe := x.byValue.Probe(hash); ; {
		id, ok := probe.Next()
		if !ok {
			return nil
		}
		if p := x.byID.At(id).Load(); p != nil && p.value == value {
			return p
		}
	}
}

// Set is the set of one value in one version.
type Set struct {
	buckets []*bucket
	version uint64
}

// Find returns the set of value in the pinned version.
func (x *Index) Find(version uint64, value string) Set {
	if p := x.lookup(x.hash(value), value); p != nil {
		return Set{buckets: p.list(), version: version}
	}
	return Set{}
}

// Len counts the slots.
func (s Set) Len() int {
	n := 0
	for _, b := range s.buckets {
		if m := b.cell.At(s.version); m != nil {
			n += m.len()
		}
	}
	return n
}

// Parts is the number that Part takes.
func (s Set) Parts() int { return len(s.buckets) }

// Part appends the slots of one part of the set, ascending and at most
// MaxRuns, to buf.
func (s Set) Part(i int, buf []Run) []Run {
	b := s.buckets[i]
	m := b.cell.At(s.version)
	if m == nil {
		return buf
	}
	return m.runs(b.number<<bucketBits, buf)
}

// Values yields the values that have a slot in the pinned version, each once.
func (x *Index) Values(version uint64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range x.byID.Len() {
			p := x.byID.At(id).Load()
			if p != nil && p.len(version) > 0 && !yield(p.value) {
				return
			}
		}
	}
}
