package watchcheck

import (
	"context"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Sink returns next with l noting what it is given: a session. next may be nil, for
// nothing behind it.
func Sink[T metav1.Object](l *Log, next reflector.Sink[T]) reflector.Sink[T] {
	return &sink[T]{session: l.Session(), next: next}
}

// sink is used by one goroutine at a time, as every Sink.
type sink[T metav1.Object] struct {
	session *Session
	next    reflector.Sink[T]
	items   []State        // of the list that is open
	at      map[string]int // where a key is in items: the last one counts
}

func (s *sink[T]) Begin(ctx context.Context) error {
	s.items, s.at = nil, map[string]int{}
	if s.next == nil {
		return nil
	}
	return s.next.Begin(ctx)
}

func (s *sink[T]) Page(ctx context.Context, items []T) error {
	for _, obj := range items {
		state := s.session.log.StateOf(obj) // before it becomes next's
		if i, ok := s.at[state.Key]; ok {
			s.items[i] = state
			continue
		}
		s.at[state.Key] = len(s.items)
		s.items = append(s.items, state)
	}
	if s.next == nil {
		return nil
	}
	return s.next.Page(ctx, items)
}

func (s *sink[T]) Commit(ctx context.Context, version string) error {
	if s.next != nil {
		if err := s.next.Commit(ctx, version); err != nil {
			return err
		}
	}
	s.session.listed(version, s.items)
	s.items = nil
	return nil
}

func (s *sink[T]) Abort() {
	s.items = nil
	if s.next != nil {
		s.next.Abort()
	}
}

func (s *sink[T]) Add(ctx context.Context, obj T) error {
	s.given(watch.Added, obj)
	if s.next == nil {
		return nil
	}
	return s.next.Add(ctx, obj)
}

func (s *sink[T]) Update(ctx context.Context, obj T) error {
	s.given(watch.Modified, obj)
	if s.next == nil {
		return nil
	}
	return s.next.Update(ctx, obj)
}

func (s *sink[T]) Delete(ctx context.Context, obj T) error {
	s.given(watch.Deleted, obj)
	if s.next == nil {
		return nil
	}
	return s.next.Delete(ctx, obj)
}

func (s *sink[T]) Bookmark(ctx context.Context, version string) error {
	s.session.deliver(bookmark(version, false))
	if s.next == nil {
		return nil
	}
	return s.next.Bookmark(ctx, version)
}

func (s *sink[T]) given(t watch.EventType, obj T) {
	s.session.deliver(s.session.log.event(t, obj, obj.GetResourceVersion()))
}
