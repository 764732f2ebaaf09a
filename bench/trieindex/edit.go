package trieindex

import (
	"slices"

	"github.com/informant-go/informant/object"
)

// edit is a state in the making, which calls no function of the user.
type edit[T any] struct {
	state[T]
	owner *owner
}

// edit begins a state that follows s.
func (s *state[T]) edit() *edit[T] {
	e := &edit[T]{state: *s, owner: new(owner)}
	e.indexes = slices.Clone(s.indexes)
	return e
}

func (e *edit[T]) put(l *entry[T]) (old *entry[T]) {
	old = e.objects.get(l.hash, l.key)
	e.objects = e.objects.set(e.owner, l)
	if old != nil {
		for _, p := range old.value.values {
			if !slices.Contains(l.value.values, p) {
				e.take(p, old)
			}
		}
	}
	for _, p := range l.value.values {
		e.list(p, l)
	}
	return old
}

func (e *edit[T]) remove(key string) (old *entry[T]) {
	hash := e.hash(key)
	if old = e.objects.get(hash, key); old == nil {
		return nil
	}
	e.objects = e.objects.delete(e.owner, hash, key)
	for _, p := range old.value.values {
		e.take(p, old)
	}
	return old
}

// list puts an object under one of its values. All sets of an object have to be
// written with each new state, since they hold it: sets of keys would make
// ByIndex look up each one.
func (e *edit[T]) list(p placed, l *entry[T]) {
	ix, hash := &e.indexes[p.index], e.hash(p.value)
	members := ix.of(hash, p.value).set(e.owner, l)
	ix.values = ix.values.set(e.owner, &leaf[trie[stored[T]]]{hash, p.value, members})
}

// take takes an object out from under a value.
func (e *edit[T]) take(p placed, l *entry[T]) {
	ix, hash := &e.indexes[p.index], e.hash(p.value)
	members := ix.of(hash, p.value).delete(e.owner, l.hash, l.key)
	if members.n == 0 {
		ix.values = ix.values.delete(e.owner, hash, p.value)
		return
	}
	ix.values = ix.values.set(e.owner, &leaf[trie[stored[T]]]{hash, p.value, members})
}

// raise makes version that of the state if it is newer.
func (e *edit[T]) raise(version string) {
	if version != "" && (e.version == "" || object.NewerVersion(version, e.version)) {
		e.version = version
	}
}
