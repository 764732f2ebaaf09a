package trieindex

import "slices"

// own returns n, or a copy, which o may change. A copy has the slices of n until
// they are written.
func (n *node[V]) own(o *owner) *node[V] {
	switch {
	case n == nil:
		return &node[V]{owner: o, ownLeaves: true, ownChild: true}
	case n.owner == o:
		return n
	}
	c := *n
	c.owner, c.ownLeaves, c.ownChild = o, false, false
	return &c
}

// writeLeaves and writeChildren return the slices of an owned node to be written
// to. They are copied without room to spare, which most nodes would never use.
func (n *node[V]) writeLeaves() []*leaf[V] {
	if !n.ownLeaves {
		n.leaves, n.ownLeaves = slices.Clone(n.leaves), true
	}
	return n.leaves
}

func (n *node[V]) writeChildren() []*node[V] {
	if !n.ownChild {
		n.children, n.ownChild = slices.Clone(n.children), true
	}
	return n.children
}

func (n *node[V]) insertLeaf(i int, l *leaf[V]) {
	n.leaves, n.ownLeaves = inserted(n.leaves, n.ownLeaves, i, l), true
}

func (n *node[V]) insertChild(i int, child *node[V]) {
	n.children, n.ownChild = inserted(n.children, n.ownChild, i, child), true
}

func (n *node[V]) removeLeaf(i int) {
	n.leaves, n.ownLeaves = removed(n.leaves, n.ownLeaves, i), true
}

func (n *node[V]) removeChild(i int) {
	n.children, n.ownChild = removed(n.children, n.ownChild, i), true
}

// inserted is list with v at i, in place where that is allowed and there is
// room.
func inserted[V any](list []V, own bool, i int, v V) []V {
	if own && len(list) < cap(list) {
		return slices.Insert(list, i, v)
	}
	grown := make([]V, len(list)+1)
	copy(grown, list[:i])
	grown[i] = v
	copy(grown[i+1:], list[i:])
	return grown
}

func removed[V any](list []V, own bool, i int) []V {
	if own {
		return slices.Delete(list, i, i+1)
	}
	rest := make([]V, len(list)-1)
	copy(rest, list[:i])
	copy(rest[i:], list[i+1:])
	return rest
}
