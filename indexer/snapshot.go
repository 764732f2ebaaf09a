package indexer

import "iter"

// snapshot is a Snapshot of an engine: a state that was sealed.
type snapshot[T any] struct{ view view[T] }

func (s *snapshot[T]) Get(key string) (item T, exists bool) {
	return s.view.get(s.view.engine.hash(key), key)
}

func (s *snapshot[T]) Len() int           { return s.view.len }
func (s *snapshot[T]) List() []T          { return s.view.list(everything) }
func (s *snapshot[T]) ListKeys() []string { return s.view.listKeys(everything) }

func (s *snapshot[T]) ByIndex(indexName, value string) ([]T, error) {
	return s.view.byIndex(indexName, value)
}

func (s *snapshot[T]) IndexKeys(indexName, value string) ([]string, error) {
	return s.view.indexKeys(indexName, value)
}

func (s *snapshot[T]) ListIndexFuncValues(indexName string) []string {
	return s.view.indexValues(indexName)
}

func (s *snapshot[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { s.view.each(everything, yield) }
}

func (s *snapshot[T]) ByIndexSeq(indexName, value string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { s.view.eachByIndex(indexName, value, yield) }
}

func (s *snapshot[T]) ResourceVersion() string { return s.view.versionAt(s.view.after) }
