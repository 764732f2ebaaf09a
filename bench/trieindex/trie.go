package trieindex

import "math/bits"

const (
	levelBits = 5
	// lastShift is that of the level below which leaves of one hash share a
	// node, which is then searched.
	lastShift = 60
)

// leaf is a key with its value. It never changes once a trie has it, and may be
// in several tries.
type leaf[V any] struct {
	hash  uint64
	key   string
	value V
}

// trie is one version of a persistent map: every version stays as it is, and
// shares with its successor what did not change. The zero trie is empty.
//
// It is a hash trie 32 wide (Bagwell, "Ideal Hash Trees", 2001) that keeps
// leaves apart from subtrees (Steindorfer and Vinju, "Optimizing Hash-Array
// Mapped Tries", 2015). Its nodes are changed in place by the owner that made
// them, as in Clojure's transients.
type trie[V any] struct {
	root *node[V]
	n    int
}

// owner is the right to change nodes in place. Nodes made with an owner may be
// changed by it as long as nobody else uses a trie that was made with it.
type owner struct {
	_ byte // so that every owner has an address of its own
}

// node has a leaf for each bit of leafAt and a subtree for each bit of childAt,
// in order; below the last level it has leaves only, in any order. The owner
// of a node owns its slices where the marks say so; else they are those of an
// older node.
type node[V any] struct {
	owner               *owner
	leafAt, childAt     uint32
	ownLeaves, ownChild bool
	leaves              []*leaf[V]
	children            []*node[V]
}

func bitOf(hash uint64, shift int) uint32 { return 1 << (hash >> shift & (1<<levelBits - 1)) }

// place is where the entry of a bit is, or would be.
func place(present, bit uint32) int { return bits.OnesCount32(present & (bit - 1)) }

// get returns the leaf of a key, or nil.
func (t trie[V]) get(hash uint64, key string) *leaf[V] {
	n := t.root
	for shift := 0; n != nil; shift += levelBits {
		if shift > lastShift {
			if i := n.search(key); i >= 0 {
				return n.leaves[i]
			}
			return nil
		}
		bit := bitOf(hash, shift)
		if n.leafAt&bit != 0 {
			if l := n.leaves[place(n.leafAt, bit)]; l.hash == hash && l.key == key {
				return l
			}
			return nil
		}
		if n.childAt&bit == 0 {
			return nil
		}
		n = n.children[place(n.childAt, bit)]
	}
	return nil
}

func (n *node[V]) search(key string) int {
	for i, l := range n.leaves {
		if l.key == key {
			return i
		}
	}
	return -1
}

// set returns the trie with l in place of what it has under l's key.
func (t trie[V]) set(o *owner, l *leaf[V]) trie[V] {
	root, added := t.root.set(o, l, 0)
	t.root = root
	if added {
		t.n++
	}
	return t
}

func (n *node[V]) set(o *owner, l *leaf[V], shift int) (changed *node[V], added bool) {
	n = n.own(o)
	if shift > lastShift {
		if i := n.search(l.key); i >= 0 {
			n.writeLeaves()[i] = l
			return n, false
		}
		n.insertLeaf(len(n.leaves), l)
		return n, true
	}
	bit := bitOf(l.hash, shift)
	switch {
	case n.childAt&bit != 0:
		i := place(n.childAt, bit)
		child, added := n.children[i].set(o, l, shift+levelBits)
		if child != n.children[i] {
			n.writeChildren()[i] = child
		}
		return n, added
	case n.leafAt&bit == 0:
		n.insertLeaf(place(n.leafAt, bit), l)
		n.leafAt |= bit
		return n, true
	}
	i := place(n.leafAt, bit)
	old := n.leaves[i]
	if old.key == l.key {
		n.writeLeaves()[i] = l
		return n, false
	}
	child, _ := (*node[V])(nil).set(o, old, shift+levelBits)
	child, _ = child.set(o, l, shift+levelBits)
	n.removeLeaf(i)
	n.leafAt &^= bit
	n.insertChild(place(n.childAt, bit), child)
	n.childAt |= bit
	return n, true
}

// delete returns the trie without key.
func (t trie[V]) delete(o *owner, hash uint64, key string) trie[V] {
	if t.get(hash, key) != nil {
		t.root = t.root.delete(o, hash, key, 0)
		t.n--
	}
	return t
}

// delete takes a key out that is there. An empty node is nil.
func (n *node[V]) delete(o *owner, hash uint64, key string, shift int) *node[V] {
	n = n.own(o)
	if shift > lastShift {
		n.removeLeaf(n.search(key))
	} else if bit := bitOf(hash, shift); n.leafAt&bit != 0 {
		n.removeLeaf(place(n.leafAt, bit))
		n.leafAt &^= bit
	} else {
		n.deleteBelow(o, hash, key, shift, bit)
	}
	if len(n.leaves)+len(n.children) == 0 {
		return nil
	}
	return n
}

// deleteBelow deletes in a subtree. A subtree with one leaf left becomes that
// leaf, so that a trie which shrinks gets shallower.
func (n *node[V]) deleteBelow(o *owner, hash uint64, key string, shift int, bit uint32) {
	i := place(n.childAt, bit)
	child := n.children[i].delete(o, hash, key, shift+levelBits)
	if child != nil && (len(child.children) > 0 || len(child.leaves) > 1) {
		if child != n.children[i] {
			n.writeChildren()[i] = child
		}
		return
	}
	n.removeChild(i)
	n.childAt &^= bit
	if child != nil {
		n.insertLeaf(place(n.leafAt, bit), child.leaves[0])
		n.leafAt |= bit
	}
}

// all yields all leaves.
func (t trie[V]) all(yield func(*leaf[V]) bool) { t.root.all(yield) }

func (n *node[V]) all(yield func(*leaf[V]) bool) bool {
	if n == nil {
		return true
	}
	for _, l := range n.leaves {
		if !yield(l) {
			return false
		}
	}
	for _, child := range n.children {
		if !child.all(yield) {
			return false
		}
	}
	return true
}
