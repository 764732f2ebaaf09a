package trieindex

import (
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/informant-go/informant/indexer"
)

// stored is an object in one state, with its version and index values.
type stored[T any] struct {
	obj     T
	version string
	values  []placed
}

// placed is a value under which an index, by number, lists an object.
type placed struct {
	index int
	value string
}

// entry is an object by its key. It is the same one in the trie of all objects
// and in those of its index values.
type entry[T any] = leaf[stored[T]]

// index is a trie from value to the objects with that value, by key.
type index[T any] struct {
	name   string
	fn     indexer.IndexFunc[T]
	values trie[trie[stored[T]]]
}

// state is one state of an Index: it never changes once it is published.
type state[T any] struct {
	seed    maphash.Seed
	objects trie[stored[T]]
	indexes []index[T]
	version string
}

func (s *state[T]) hash(key string) uint64 { return maphash.String(s.seed, key) }

func (s *state[T]) Get(key string) (item T, exists bool) {
	if l := s.entry(key); l != nil {
		return l.value.obj, true
	}
	return item, false
}

// entry is what the state has under key, nil for nothing.
func (s *state[T]) entry(key string) *entry[T] {
	if s.objects.n == 0 {
		return nil
	}
	return s.objects.get(s.hash(key), key)
}

func (s *state[T]) Len() int                { return s.objects.n }
func (s *state[T]) ResourceVersion() string { return s.version }
func (s *state[T]) List() []T               { return objectsOf(s.objects) }
func (s *state[T]) ListKeys() []string      { return keysOf(s.objects) }

func objectsOf[T any](t trie[stored[T]]) []T {
	all := make([]T, 0, t.n)
	t.all(func(l *entry[T]) bool { all = append(all, l.value.obj); return true })
	return all
}

func keysOf[V any](t trie[V]) []string {
	all := make([]string, 0, t.n)
	t.all(func(l *leaf[V]) bool { all = append(all, l.key); return true })
	return all
}

// number is the place of an index by name, or -1.
func (s *state[T]) number(name string) int {
	return slices.IndexFunc(s.indexes, func(ix index[T]) bool { return ix.name == name })
}

// find returns the objects with an index value.
func (s *state[T]) find(name, value string) (trie[stored[T]], error) {
	number := s.number(name)
	if number < 0 {
		return trie[stored[T]]{}, s.unknown(name)
	}
	return s.indexes[number].of(s.hash(value), value), nil
}

func (ix *index[T]) of(hash uint64, value string) trie[stored[T]] {
	if l := ix.values.get(hash, value); l != nil {
		return l.value
	}
	return trie[stored[T]]{}
}

func (s *state[T]) unknown(name string) error {
	var names []string
	for _, ix := range s.indexes {
		names = append(names, ix.name)
	}
	return fmt.Errorf("trieindex: index %q does not exist, there are %q", name, names)
}

func (s *state[T]) ByIndex(name, value string) ([]T, error) {
	found, err := s.find(name, value)
	if err != nil {
		return nil, err
	}
	return objectsOf(found), nil
}

func (s *state[T]) IndexKeys(name, value string) ([]string, error) {
	found, err := s.find(name, value)
	if err != nil {
		return nil, err
	}
	return keysOf(found), nil
}

func (s *state[T]) ListIndexFuncValues(name string) []string {
	if number := s.number(name); number >= 0 {
		return keysOf(s.indexes[number].values)
	}
	return nil
}

func (s *state[T]) All() iter.Seq2[string, T] { return each(s.objects) }

func (s *state[T]) ByIndexSeq(name, value string) iter.Seq2[string, T] {
	found, _ := s.find(name, value)
	return each(found)
}

func each[T any](t trie[stored[T]]) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		t.all(func(l *entry[T]) bool { return yield(l.key, l.value.obj) })
	}
}

// snapshot is a state until it is released.
type snapshot[T any] struct {
	*state[T]
	none *state[T]
}

// Release lets the garbage collector have what only this snapshot held.
func (s *snapshot[T]) Release() { s.state = s.none }
