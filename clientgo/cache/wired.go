package cache

import (
	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/reflector"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// checked is what a Wired's WatchOver returns, for a reflector.
func (s *source) checked(stream reflector.Stream[any], err error) (reflector.Stream[any], error) {
	if err != nil {
		return nil, &openError{err}
	}
	return &checkedStream{stream, s}, nil
}

// checkedStream holds the objects of a stream against what the informer was told of them.
type checkedStream struct {
	reflector.Stream[any]
	source *source
}

// Next implements reflector.Stream.
func (s *checkedStream) Next() (reflector.Event[any], error) {
	event, err := s.Stream.Next()
	object, ok := event.Object.(runtime.Object)
	if err != nil || event.Type == watch.Bookmark || !ok {
		return event, err
	}
	return s.source.convert(watch.Event{Type: event.Type, Object: object})
}

// Wire names what brings the objects, for package bridge.
func (s *sharedInformer) Wire() string {
	if wired, ok := s.parts.source.lw.(listwatch.Wired); ok {
		return wired.Wire()
	}
	return listwatch.WireClient
}
