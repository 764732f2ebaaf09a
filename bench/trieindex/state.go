package trieindex

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/informant-go/informant/internal/trie"
)

// stored is an object in one state, with its index values by index name.
type stored[T any] struct {
	obj    T
	values map[string][]string
}

// set is the objects of one index value, by key.
type set[T any] = trie.Map[*stored[T]]

// state is one state of an Index: it never changes once it is published, so it
// is a Snapshot as well.
type state[T any] struct {
	objects trie.Map[*stored[T]]
	indexes map[string]trie.Map[set[T]]
	version string
}

func (s *state[T]) Get(key string) (item T, exists bool) {
	if o, ok := s.objects.Get(key); ok {
		return o.obj, true
	}
	return item, false
}

func (s *state[T]) Len() int                { return s.objects.Len() }
func (s *state[T]) ResourceVersion() string { return s.version }

func (s *state[T]) List() []T {
	all := make([]T, 0, s.Len())
	s.objects.All(func(_ string, o *stored[T]) bool { all = append(all, o.obj); return true })
	return all
}

func (s *state[T]) ListKeys() []string { return keysOf(s.objects) }

func keysOf[V any](m trie.Map[V]) []string {
	all := make([]string, 0, m.Len())
	m.All(func(key string, _ V) bool { all = append(all, key); return true })
	return all
}

func (s *state[T]) find(indexName, value string) (set[T], error) {
	ix, ok := s.indexes[indexName]
	if !ok {
		return set[T]{}, fmt.Errorf("trieindex: index %q does not exist, there are %q", indexName, slices.Sorted(maps.Keys(s.indexes)))
	}
	found, _ := ix.Get(value)
	return found, nil
}

func (s *state[T]) ByIndex(indexName, value string) ([]T, error) {
	found, err := s.find(indexName, value)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, found.Len())
	found.All(func(_ string, o *stored[T]) bool { all = append(all, o.obj); return true })
	return all, nil
}

func (s *state[T]) IndexKeys(indexName, value string) ([]string, error) {
	found, err := s.find(indexName, value)
	if err != nil {
		return nil, err
	}
	return keysOf(found), nil
}

func (s *state[T]) ListIndexFuncValues(indexName string) []string {
	return keysOf(s.indexes[indexName])
}

func (s *state[T]) All() iter.Seq2[string, T] { return each(s.objects) }

func (s *state[T]) ByIndexSeq(indexName, value string) iter.Seq2[string, T] {
	found, _ := s.find(indexName, value)
	return each(found)
}

func each[T any](m set[T]) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		m.All(func(key string, o *stored[T]) bool { return yield(key, o.obj) })
	}
}

// snapshot is a state until it is released.
type snapshot[T any] struct{ *state[T] }

// Release lets the garbage collector have what only this snapshot held.
func (s *snapshot[T]) Release() { s.state = &state[T]{} }
