package indexer

import (
	"iter"
	"runtime"
	"sync/atomic"
)

// snapshot is a Snapshot of an engine. Its methods keep it reachable until
// they are done, since a cleanup of the anchor gives up what they read.
type snapshot[T any] struct {
	view   view[T]
	anchor *anchor[T]

	// users counts the calls that read several cells, and has bit released
	// once Release was called. Whoever makes it exactly that bit gives the
	// version up, so that a call never sees a version half gone.
	users atomic.Int64
}

const released = 1 << 62

func (e *engine[T]) snapshot() *snapshot[T] {
	a := e.anchor()
	return &snapshot[T]{view: a.view, anchor: a}
}

// Release gives the version up, at the end of the last call that reads it.
func (s *snapshot[T]) Release() {
	for {
		users := s.users.Load()
		if users&released != 0 {
			return
		}
		if s.users.CompareAndSwap(users, users|released) {
			if users == 0 {
				s.anchor.leave()
			}
			return
		}
	}
}

// enter begins a call, unless the snapshot has been released.
func (s *snapshot[T]) enter() bool {
	if s.users.Add(1)&released == 0 {
		return true
	}
	s.users.Add(-1)
	return false
}

func (s *snapshot[T]) leave() {
	if s.users.Add(-1) == released {
		s.anchor.leave()
	}
	runtime.KeepAlive(s.anchor)
}

// Get reads one cell: if the snapshot is released meanwhile, that is the answer
// from before or from after.
func (s *snapshot[T]) Get(key string) (item T, exists bool) {
	defer runtime.KeepAlive(s.anchor)
	if s.users.Load()&released != 0 {
		return item, false
	}
	return s.view.get(key)
}

func (s *snapshot[T]) Len() int {
	if !s.enter() {
		return 0
	}
	defer s.leave()
	return s.view.summary().len
}

func (s *snapshot[T]) List() []T {
	if !s.enter() {
		return []T{}
	}
	defer s.leave()
	return s.view.list()
}

func (s *snapshot[T]) ListKeys() []string {
	if !s.enter() {
		return []string{}
	}
	defer s.leave()
	return s.view.listKeys()
}

func (s *snapshot[T]) ByIndex(indexName, value string) ([]T, error) {
	if !s.enter() {
		return nil, s.view.noIndex(indexName, nil)
	}
	defer s.leave()
	return s.view.byIndex(indexName, value)
}

func (s *snapshot[T]) IndexKeys(indexName, value string) ([]string, error) {
	if !s.enter() {
		return nil, s.view.noIndex(indexName, nil)
	}
	defer s.leave()
	return s.view.indexKeys(indexName, value)
}

func (s *snapshot[T]) ListIndexFuncValues(indexName string) []string {
	if !s.enter() {
		return []string{}
	}
	defer s.leave()
	return s.view.indexValues(indexName)
}

func (s *snapshot[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if s.enter() {
			defer s.leave()
			s.view.all(yield)
		}
	}
}

func (s *snapshot[T]) ByIndexSeq(indexName, value string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if s.enter() {
			defer s.leave()
			s.view.eachByIndex(indexName, value, yield)
		}
	}
}

func (s *snapshot[T]) ResourceVersion() string {
	if !s.enter() {
		return ""
	}
	defer s.leave()
	return s.view.summary().resourceVersion
}
