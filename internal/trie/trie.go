// Package trie provides a persistent map from strings: every version of a Map
// stays as it is, and shares with its successor what did not change.
//
// It is a hash trie 64 wide (Bagwell, "Ideal Hash Trees", 2001) whose nodes
// are changed in place by the owner that made them, as in Clojure's transients.
package trie

import (
	"hash/maphash"
	"math/bits"
)

const (
	levelBits = 6
	// lastShift is that of the level below which keys of the same hash share
	// a node, which is then searched.
	lastShift = 60
)

// Map is one version of a map. The zero Map is empty and takes a seed from the
// first Set.
type Map[V any] struct {
	root *node[V]
	seed maphash.Seed
	n    int
}

// Owner is the right to change nodes in place. Nodes made with an Owner may be
// changed by it as long as nobody else uses a Map that was made with it.
type Owner struct {
	_ byte // so that every Owner has an address of its own
}

// node has an entry for each bit of present, in order, or, below the last
// level, entries in any order.
type node[V any] struct {
	owner   *Owner
	present uint64
	entries []entry[V]
}

// entry is a subtree or, where child is nil, a key with its value.
type entry[V any] struct {
	child *node[V]
	key   string
	value V
}

// New returns an empty Map.
func New[V any]() Map[V] { return Map[V]{seed: maphash.MakeSeed()} }

// Len is the number of keys.
func (m Map[V]) Len() int { return m.n }

// Get looks up a key.
func (m Map[V]) Get(key string) (value V, ok bool) {
	if m.root == nil {
		return value, false
	}
	hash, shift := maphash.String(m.seed, key), 0
	for n := m.root; n != nil; shift += levelBits {
		i, found := n.find(hash, shift, key)
		if !found {
			return value, false
		}
		e := &n.entries[i]
		if e.child == nil {
			if e.key == key {
				return e.value, true
			}
			return value, false
		}
		n = e.child
	}
	return value, false
}

// find returns the place of the entry that leads to key, or of the one to be.
func (n *node[V]) find(hash uint64, shift int, key string) (i int, found bool) {
	if shift > lastShift {
		for i := range n.entries {
			if n.entries[i].key == key {
				return i, true
			}
		}
		return len(n.entries), false
	}
	bit := uint64(1) << (hash >> shift & (1<<levelBits - 1))
	return bits.OnesCount64(n.present & (bit - 1)), n.present&bit != 0
}

// Set returns the Map with key set to value.
func (m Map[V]) Set(owner *Owner, key string, value V) Map[V] {
	if m.seed == (maphash.Seed{}) {
		m.seed = maphash.MakeSeed()
	}
	added := false
	m.root = m.set(m.root, owner, maphash.String(m.seed, key), 0, entry[V]{key: key, value: value}, &added)
	if added {
		m.n++
	}
	return m
}

func (m Map[V]) set(n *node[V], owner *Owner, hash uint64, shift int, e entry[V], added *bool) *node[V] {
	if n == nil {
		n = &node[V]{owner: owner}
	}
	i, found := n.find(hash, shift, e.key)
	n = n.own(owner, !found)
	if !found {
		n.insert(i, hash, shift, e)
		*added = true
		return n
	}
	switch old := &n.entries[i]; {
	case old.child != nil:
		old.child = m.set(old.child, owner, hash, shift+levelBits, e, added)
	case old.key == e.key:
		old.value = e.value
	default:
		var moved bool
		child := m.set(nil, owner, maphash.String(m.seed, old.key), shift+levelBits, *old, &moved)
		*old = entry[V]{child: m.set(child, owner, hash, shift+levelBits, e, added)}
	}
	return n
}

// own returns n, or a copy, which owner may change.
func (n *node[V]) own(owner *Owner, grow bool) *node[V] {
	if n.owner == owner {
		return n
	}
	size := len(n.entries)
	if grow {
		size++
	}
	c := &node[V]{owner: owner, present: n.present, entries: make([]entry[V], len(n.entries), size)}
	copy(c.entries, n.entries)
	return c
}

func (n *node[V]) insert(i int, hash uint64, shift int, e entry[V]) {
	n.entries = append(n.entries, e)
	copy(n.entries[i+1:], n.entries[i:])
	n.entries[i] = e
	if shift <= lastShift {
		n.present |= 1 << (hash >> shift & (1<<levelBits - 1))
	}
}

// Delete returns the Map without key.
func (m Map[V]) Delete(owner *Owner, key string) Map[V] {
	if _, ok := m.Get(key); ok {
		m.root = m.remove(m.root, owner, maphash.String(m.seed, key), 0, key)
		m.n--
	}
	return m
}

// remove takes a key out that is there. An empty node is nil.
func (m Map[V]) remove(n *node[V], owner *Owner, hash uint64, shift int, key string) *node[V] {
	i, _ := n.find(hash, shift, key)
	n = n.own(owner, false)
	if child := n.entries[i].child; child != nil {
		if n.entries[i].child = m.remove(child, owner, hash, shift+levelBits, key); n.entries[i].child != nil {
			return n
		}
	}
	last := len(n.entries) - 1
	copy(n.entries[i:], n.entries[i+1:])
	n.entries[last] = entry[V]{}
	n.entries = n.entries[:last]
	if shift <= lastShift {
		n.present &^= 1 << (hash >> shift & (1<<levelBits - 1))
	}
	if last == 0 {
		return nil
	}
	return n
}

// All yields all keys with their values.
func (m Map[V]) All(yield func(string, V) bool) { m.root.all(yield) }

func (n *node[V]) all(yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	for i := range n.entries {
		e := &n.entries[i]
		if e.child != nil {
			if !e.child.all(yield) {
				return false
			}
		} else if !yield(e.key, e.value) {
			return false
		}
	}
	return true
}
