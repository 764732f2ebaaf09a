package postings

import (
	"slices"
	"sync/atomic"

	"github.com/informant-go/informant/internal/mvcc"
)

// bucket holds the members of one range of slots.
type bucket struct {
	// number is the first slot divided by bucketSize.
	number uint32
	owner  *posting
	cell   mvcc.Cell[members]
}

// Collect drops states of the bucket that no Pin sees, and the bucket itself
// when it is empty in the state that is left.
func (b *bucket) Collect(col *mvcc.Collector) {
	b.cell.Trim(col, b)
	if m := b.cell.Head(); m != nil && m.len() == 0 && b.cell.Single() {
		b.owner.drop(b)
	}
}

// posting is the set of slots of one index value.
type posting struct {
	value string
	hash  uint32
	id    uint32
	index *Index
	// buckets are sorted by number. The slice is replaced, never changed. A
	// bucket that a Pin may see is in it.
	buckets atomic.Pointer[[]*bucket]
}

func (p *posting) list() []*bucket {
	if l := p.buckets.Load(); l != nil {
		return *l
	}
	return nil
}

// find returns where the bucket of a range is, or belongs. A value with slots in
// all ranges has bucket number at place number, so that is looked at first.
func find(list []*bucket, number uint32) (at int, found bool) {
	if int(number) < len(list) && list[number].number == number {
		return int(number), true
	}
	return slices.BinarySearchFunc(list, number, func(b *bucket, n uint32) int {
		return int(b.number) - int(n)
	})
}

// edit returns the pending members of the range that slot lies in.
func (p *posting) edit(version uint64, slot uint32) *members {
	number := slot >> bucketBits
	list := p.list()
	at, found := find(list, number)
	var b *bucket
	if found {
		b = list[at]
	} else {
		b = p.insert(at, number)
	}
	m, fresh := b.cell.Edit(version)
	if fresh {
		m.own()
		p.index.col.Retire(b)
	}
	return m
}

// insert makes the bucket of a range.
func (p *posting) insert(at int, number uint32) *bucket {
	b := &bucket{number: number, owner: p}
	list := p.list()
	grown := make([]*bucket, 0, len(list)+1)
	grown = append(append(append(grown, list[:at]...), b), list[at:]...)
	p.buckets.Store(&grown)
	return b
}

// drop removes an empty bucket, and the posting when it was the last one.
func (p *posting) drop(b *bucket) {
	list := p.list()
	i, ok := find(list, b.number)
	if !ok || list[i] != b {
		return
	}
	list = slices.Delete(slices.Clone(list), i, i+1)
	p.buckets.Store(&list)
	if len(list) == 0 {
		p.index.drop(p)
	}
}

func (p *posting) len(version uint64) int {
	n := 0
	for _, b := range p.list() {
		if m := b.cell.At(version); m != nil {
			n += m.len()
		}
	}
	return n
}
