package watchcheck

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// Lists returns a list function of client-go's ListWatch with l noting what passes.
// The options of the function have to be those of the reflector, and its selector
// that of l.
func Lists(l *Log, list func(context.Context, metav1.ListOptions) (runtime.Object, error)) func(context.Context, metav1.ListOptions) (runtime.Object, error) {
	return func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		obj, err := list(ctx, opts)
		if err != nil {
			return obj, err
		}
		var items []State
		if err := meta.EachListItem(obj, func(item runtime.Object) error {
			m, err := meta.Accessor(item)
			if err == nil {
				items = append(items, l.StateOf(m))
			}
			return err
		}); err != nil {
			return nil, fmt.Errorf("watchcheck: a %T: %w", obj, err)
		}
		m, err := meta.ListAccessor(obj)
		if err != nil {
			return nil, fmt.Errorf("watchcheck: a %T: %w", obj, err)
		}
		l.listed(opts, metav1.ListMeta{ResourceVersion: m.GetResourceVersion(), Continue: m.GetContinue()}, items, nil)
		return obj, nil
	}
}

// Watches is Lists for the watch function.
func Watches(l *Log, open func(context.Context, metav1.ListOptions) (watch.Interface, error)) func(context.Context, metav1.ListOptions) (watch.Interface, error) {
	return func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
		w, err := open(ctx, opts)
		if err != nil {
			return nil, err
		}
		return l.relay(w, l.opened(opts)), nil
	}
}

// relayed is a watch whose events are noted on their way. Stop does not wait for its
// goroutine, as that of no watch does.
type relayed struct {
	watch.Interface
	events chan watch.Event
	stop   func()
}

func (r *relayed) ResultChan() <-chan watch.Event { return r.events }

func (r *relayed) Stop() {
	r.stop()
	r.Interface.Stop()
}

// relay notes in noted what w brings.
func (l *Log) relay(w watch.Interface, noted *Watch) watch.Interface {
	stopped := make(chan struct{})
	r := &relayed{Interface: w, events: make(chan watch.Event), stop: sync.OnceFunc(func() { close(stopped) })}
	go func() {
		defer close(r.events)
		defer l.end(noted)
		for e := range w.ResultChan() {
			l.foreign(noted, e)
			select {
			case r.events <- e:
			case <-stopped:
				return
			}
		}
	}()
	return r
}

// foreign notes an event of an untyped watch.
func (l *Log) foreign(w *Watch, e watch.Event) {
	obj, err := meta.Accessor(e.Object)
	switch {
	case e.Type == watch.Error: // it is the last one
	case err != nil:
		l.deliver(w, Delivery{Type: watch.Error})
	case e.Type == watch.Bookmark:
		l.deliver(w, bookmark(obj.GetResourceVersion(), obj.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"))
	default:
		l.deliver(w, l.event(e.Type, obj, obj.GetResourceVersion()))
	}
}

// Store is a session as client-go's ReflectorStore: what a reflector of client-go
// hands over is noted, and kept nowhere. NewStore makes one.
type Store struct{ session *Session }

// NewStore begins a session of l.
func NewStore(l *Log) *Store { return &Store{l.Session()} }

// Add, Update and Delete note an event, which is of an API object.
func (s *Store) Add(obj any) error    { return s.given(watch.Added, obj) }
func (s *Store) Update(obj any) error { return s.given(watch.Modified, obj) }
func (s *Store) Delete(obj any) error { return s.given(watch.Deleted, obj) }

func (s *Store) given(t watch.EventType, obj any) error {
	m, err := meta.Accessor(obj)
	if err == nil {
		s.session.deliver(s.session.log.event(t, m, m.GetResourceVersion()))
	}
	return err
}

// Replace notes a list.
func (s *Store) Replace(list []any, version string) error {
	items := make([]State, 0, len(list))
	for _, obj := range list {
		m, err := meta.Accessor(obj)
		if err != nil {
			return err
		}
		items = append(items, s.session.log.StateOf(m))
	}
	s.session.listed(version, items)
	return nil
}

// Bookmark notes a bookmark.
func (s *Store) Bookmark(version string) error {
	s.session.deliver(bookmark(version, false))
	return nil
}

// Resync does nothing.
func (s *Store) Resync() error { return nil }
