package indexer

import (
	"math/bits"

	"github.com/informant-go/informant/object"
)

// Most of the time of a comparison is waiting for memory: each object is
// somewhere else. So names and versions are read for many objects at a time, in
// short loops whose loads do not wait for one another
// (Store/replace-unchanged takes a third less for it).

// aheadItems is how many items are read at a time.
const aheadItems = 32

// header is what a comparison reads of an item.
type header struct {
	name    object.Name
	version string
}

// ahead has the headers of the items from from on, before they are asked for.
type ahead struct {
	headers [aheadItems]header
	from, n int
}

// header returns that of item i. An item that cannot be read has none; it is
// left to the key function, and counts as one without a version.
func (r *replacement[T]) header(e *engine[T], i int) (h header, ok bool) {
	if i < r.ahead.from || i >= r.ahead.from+r.ahead.n {
		r.readAhead(e, i)
	}
	if r.ahead.n == 0 {
		return header{}, false
	}
	return r.ahead.headers[i-r.ahead.from], true
}

// readAhead reads items from i on, up to one that cannot be read.
func (r *replacement[T]) readAhead(e *engine[T], i int) {
	a := &r.ahead
	a.from, a.n = i, 0
	defer func() { _ = recover() }()
	for _, item := range r.items[i:min(i+aheadItems, len(r.items))] {
		h := &a.headers[a.n]
		if r.name != nil {
			h.name = r.name(item)
		}
		h.version = e.version(item)
		a.n++
	}
}

// version returns the version of what was found in a slot. In a run of items
// that were found one behind the other the whole chunk is read at once.
func (n *nearby[T]) version(s stored[T]) string {
	if number := s.slot / chunkSize; n.run >= 8 && n.read != number+1 {
		n.readChunk(number)
	}
	if n.read == s.slot/chunkSize+1 {
		return n.versions[s.slot%chunkSize]
	}
	return n.view.engine.versionOf(s.obj)
}

// readChunk reads the versions of all objects of a chunk, unless one of them
// cannot be read.
func (n *nearby[T]) readChunk(number uint32) {
	e := n.view.engine
	c := e.chunks.At(number).At(n.view.version)
	n.read, n.run = 0, 0
	defer func() { _ = recover() }()
	for used := c.used; used != 0; used &= used - 1 {
		i := bits.TrailingZeros32(used)
		n.versions[i] = e.version(c.objs[i])
	}
	n.read, n.run = number+1, 8
}
