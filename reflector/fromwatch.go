package reflector

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// FromWatch makes a Stream of an apimachinery watch, which it owns from then
// on. An object that is no T comes out as a *DecodeError. w must not be nil.
//
// Close stops w. It cannot wait for w's producer: watch.Interface has no means
// to tell when that has ended.
func FromWatch[T any](w watch.Interface) Stream[T] {
	return &watchStream[T]{w: w, events: w.ResultChan(), closed: make(chan struct{})}
}

// watchStream is FromWatch's. closed is closed once, by Close.
type watchStream[T any] struct {
	w      watch.Interface
	events <-chan watch.Event
	once   sync.Once
	closed chan struct{}
}

func (s *watchStream[T]) Next() (Event[T], error) {
	select {
	case <-s.closed:
		return Event[T]{}, io.EOF
	case e, ok := <-s.events:
		if !ok {
			return Event[T]{}, io.EOF
		}
		return typedEvent[T](e)
	}
}

func (s *watchStream[T]) Close() {
	s.once.Do(func() {
		close(s.closed)
		s.w.Stop()
	})
}

// typedEvent gives e the type T. It is where untyped objects come in: the one
// place where what they are is found out at run time.
func typedEvent[T any](e watch.Event) (Event[T], error) {
	switch e.Type {
	case watch.Error:
		return Event[T]{}, errorEvent[T](e.Object)
	case watch.Added, watch.Modified, watch.Deleted, watch.Bookmark:
	default:
		return Event[T]{}, &DecodeError{Type: reflect.TypeFor[T]().String(), Err: fmt.Errorf("the event has the unknown type %q", e.Type)}
	}
	m, err := meta.Accessor(e.Object)
	if err != nil {
		return Event[T]{}, &DecodeError{Type: reflect.TypeFor[T]().String(), Err: fmt.Errorf("a %T has no metadata: %w", e.Object, err)}
	}
	typed := Event[T]{Type: e.Type, ResourceVersion: m.GetResourceVersion()}
	if e.Type == watch.Bookmark {
		typed.InitialEventsEnd = m.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
		return typed, nil
	}
	obj, ok := e.Object.(T)
	if !ok {
		return Event[T]{}, wrongType[T](m, e)
	}
	typed.Object = obj
	return typed, nil
}

func wrongType[T any](m metav1.Object, e watch.Event) error {
	return &DecodeError{
		Type:            reflect.TypeFor[T]().String(),
		Key:             keyOf(m.GetNamespace(), m.GetName()),
		ResourceVersion: m.GetResourceVersion(),
		Event:           e.Type,
		Err:             fmt.Errorf("it is a %T", e.Object),
	}
}

// clientWatchDecoding is the cause that client-go's clients put into the error
// event by which they tell of a frame that they could not decode.
const clientWatchDecoding = metav1.CauseType("ClientWatchDecoding")

// errorEvent is the error that an ERROR event holds.
func errorEvent[T any](obj runtime.Object) error {
	if obj == nil {
		return apierrors.NewInternalError(errors.New("the watch sent an error without saying which"))
	}
	err := apierrors.FromObject(obj)
	if apierrors.HasStatusCause(err, clientWatchDecoding) {
		return &DecodeError{Type: reflect.TypeFor[T]().String(), Err: err}
	}
	return err
}

// keyOf is the key of an object, "" when the name is not known.
func keyOf(namespace, name string) string {
	if namespace == "" || name == "" {
		return name
	}
	return namespace + "/" + name
}
