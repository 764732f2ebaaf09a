package watchcheck

import (
	"context"
	"errors"
	"fmt"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Source returns lw with l noting what passes. Its selector has to be that of l.
func Source[T metav1.Object](l *Log, lw reflector.ListerWatcher[T]) reflector.ListerWatcher[T] {
	return &source[T]{l, lw}
}

type source[T metav1.Object] struct {
	log *Log
	lw  reflector.ListerWatcher[T]
}

// String is the source's.
func (s *source[T]) String() string { return fmt.Sprint(s.lw) }

func (s *source[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	var items []State
	var refused []string
	meta, err := s.lw.List(ctx, opts, func(p reflector.Part[T]) error {
		for _, obj := range p.Items {
			items = append(items, s.log.StateOf(obj)) // before the receiver changes it
		}
		for _, err := range p.Refused {
			refused = append(refused, refusal(err).Object.Key)
		}
		return part(p)
	})
	if err == nil {
		s.log.listed(opts, meta, items, refused)
	}
	return meta, err
}

func (s *source[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[T], error) {
	st, err := s.lw.Watch(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &stream[T]{Stream: st, log: s.log, watch: s.log.opened(opts)}, nil
}

type stream[T metav1.Object] struct {
	reflector.Stream[T]
	log   *Log
	watch *Watch
}

func (s *stream[T]) Next() (reflector.Event[T], error) {
	e, err := s.Stream.Next()
	var bad *reflector.DecodeError
	switch {
	case errors.As(err, &bad):
		s.log.deliver(s.watch, refusal(err))
	case err != nil:
		s.log.end(s.watch)
	case e.Type == watch.Bookmark:
		s.log.deliver(s.watch, bookmark(e.ResourceVersion, e.InitialEventsEnd))
	default:
		s.log.deliver(s.watch, s.log.event(e.Type, e.Object, e.ResourceVersion))
	}
	return e, err
}

func (s *stream[T]) Close() {
	s.Stream.Close()
	s.log.end(s.watch)
}

// event is the delivery of an object at a version.
func (l *Log) event(t watch.EventType, obj metav1.Object, version string) Delivery {
	return Delivery{Type: t, Version: number(version), Object: l.StateOf(obj)}
}

func bookmark(version string, complete bool) Delivery {
	return Delivery{Type: watch.Bookmark, Version: number(version), Complete: complete}
}

// refusal is the delivery of an object that cannot be used.
func refusal(err error) Delivery {
	d := Delivery{Type: watch.Error}
	var bad *reflector.DecodeError
	if errors.As(err, &bad) {
		d.Version, d.Object.Key = number(bad.ResourceVersion), bad.Key
	}
	return d
}
