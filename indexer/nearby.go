package indexer

import (
	"math/bits"

	"github.com/informant-go/informant/object"
)

// Most of the time of a comparison is waiting for memory: each object is
// somewhere else. So items are looked for where the order of the list before
// foretells them, and names and versions are read for many objects at a time, in
// short loops whose loads do not wait for one another (Store/replace-unchanged
// takes a third less for it).

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
func (r *relist[T]) header(e *engine[T], i int) (h header, ok bool) {
	if i < r.ahead.from || i >= r.ahead.from+r.ahead.n {
		r.readAhead(e, i)
	}
	if r.ahead.n == 0 {
		return header{version: e.versionOf(r.items[i])}, false
	}
	return r.ahead.headers[i-r.ahead.from], true
}

// readAhead reads items from i on, up to one that cannot be read.
func (r *relist[T]) readAhead(e *engine[T], i int) {
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

// nearby finds the items of a list by where the item before was found. A list
// comes in nearly the order of the one before it, which filled slot after slot;
// so the next item is most often in the next slot, and one look at the key
// there is cheaper than making a key, hashing it and probing.
type nearby[T any] struct {
	view *view[T]
	// next are the slots to look at, the better guess first. The second one
	// is where the order was left by an item that is out of place: behind
	// that item the list mostly goes on there.
	next [2]uint32
	// run counts the items found in the first guess, up to now in a row.
	run int
	// versions are those of the objects of one chunk, the one before number
	// read.
	versions [chunkSize]string
	read     uint32
}

// byName finds the object whose key is name, if a guess is right.
func (n *nearby[T]) byName(name object.Name) (s stored[T], ok bool) {
	for k, slot := range n.next {
		if s, ok = n.view.at(slot); ok && isKeyOf(s.key, name) {
			n.hit(k)
			return s, true
		}
	}
	return stored[T]{}, false
}

// byKey finds the object of a key.
func (n *nearby[T]) byKey(key string) (s stored[T], ok bool) {
	for k, slot := range n.next {
		if s, ok = n.view.at(slot); ok && s.key == key {
			n.hit(k)
			return s, true
		}
	}
	slot, ok := n.view.keys.Find(n.view.engine.hash(key), key)
	if !ok {
		return stored[T]{}, false
	}
	if s, ok = n.view.at(slot); ok {
		n.next[1], n.run = s.slot+1, 0
	}
	return s, ok
}

// hit takes note that guess k was right.
func (n *nearby[T]) hit(k int) {
	after := n.next[k] + 1
	n.run++
	if k == 1 {
		n.next[1], n.run = n.next[0], 0
	}
	n.next[0] = after
}

// isKeyOf reports whether key is name.String().
func isKeyOf(key string, name object.Name) bool {
	cut := len(name.Namespace)
	if cut == 0 {
		return key == name.Name
	}
	return len(key) == cut+1+len(name.Name) && key[cut] == '/' &&
		key[cut+1:] == name.Name && key[:cut] == name.Namespace
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
	c := n.view.chunk(number)
	n.read, n.run = 0, 0
	defer func() { _ = recover() }()
	for used := c.used; used != 0; used &= used - 1 {
		i := bits.TrailingZeros32(used)
		n.versions[i] = n.view.engine.version(n.view.object(c, number*chunkSize+uint32(i)))
	}
	n.read, n.run = number+1, 8
}
