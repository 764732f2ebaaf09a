package indexer

import "github.com/informant-go/informant/object"

// nearby finds the items of a list by where the item before was found. A list
// comes in nearly the order of the one before it, which filled slot after slot;
// so the next item is most often in the next slot, and one look at the key
// there is cheaper than making a key, hashing it and probing.
type nearby[T any] struct {
	view view[T]
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

// stored is what a version has in a slot.
type stored[T any] struct {
	slot uint32
	key  string
	obj  T
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
	if s, ok = n.view.locate(key); ok {
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

// at returns what the version has in a slot, which may be one that never was.
func (v view[T]) at(slot uint32) (s stored[T], ok bool) {
	number, i := slot/chunkSize, slot%chunkSize
	if number >= v.engine.chunks.Len() {
		return s, false
	}
	c := v.engine.chunks.At(number).At(v.version)
	if c == nil || c.used&(1<<i) == 0 {
		return s, false
	}
	return stored[T]{slot: slot, key: c.keys[i], obj: c.objs[i]}, true
}

// locate finds a key by its hash.
func (v view[T]) locate(key string) (s stored[T], ok bool) {
	e := v.engine
	for probe := e.hints.Probe(e.hash(key)); ; {
		slot, more := probe.Next()
		if !more {
			return stored[T]{}, false
		}
		if s, ok = v.at(slot); ok && s.key == key {
			return s, true
		}
	}
}
