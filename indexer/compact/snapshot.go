package compact

import (
	"iter"

	"github.com/informant-go/informant/indexer"
)

// Snapshot returns the present state. It decodes nothing; its methods decode what
// they return, and leave out and report what they cannot.
func (c *Cache[T]) Snapshot() indexer.Snapshot[T] {
	return &snapshot[T]{cache: c, cells: c.store.Snapshot()}
}

// snapshot is a Snapshot of a Cache.
type snapshot[T any] struct {
	cache *Cache[T]
	cells indexer.Snapshot[*cell[T]]
}

func (s *snapshot[T]) Get(key string) (item T, exists bool) {
	of, exists := s.cells.Get(key)
	if !exists {
		return item, false
	}
	item, failure := s.cache.packer.open(of)
	if failure != nil {
		s.cache.tell(failures{failure})
	}
	return item, failure == nil
}

func (s *snapshot[T]) Len() int { return s.cells.Len() }

func (s *snapshot[T]) List() []T {
	all, _ := s.cache.objects(s.cells.List())
	return all
}

func (s *snapshot[T]) ListKeys() []string { return s.cells.ListKeys() }

func (s *snapshot[T]) ByIndex(indexName, value string) ([]T, error) {
	cells, err := s.cells.ByIndex(indexName, value)
	if err != nil {
		return nil, err
	}
	return s.cache.objects(cells)
}

func (s *snapshot[T]) IndexKeys(indexName, value string) ([]string, error) {
	return s.cells.IndexKeys(indexName, value)
}

func (s *snapshot[T]) ListIndexFuncValues(indexName string) []string {
	return s.cells.ListIndexFuncValues(indexName)
}

func (s *snapshot[T]) All() iter.Seq2[string, T] { return s.cache.each(s.cells.All()) }

func (s *snapshot[T]) ByIndexSeq(indexName, value string) iter.Seq2[string, T] {
	return s.cache.each(s.cells.ByIndexSeq(indexName, value))
}

func (s *snapshot[T]) ResourceVersion() string { return s.cells.ResourceVersion() }
