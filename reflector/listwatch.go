package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// List is one page of a list as a function returns it.
type List[T any] struct {
	metav1.ListMeta
	Items []T

	// Copy, if it is not nil, makes what is handed on of each item, just before
	// that is handed on. ListOf sets it for items that are parts of one slice, so
	// that an object that is kept does not keep the whole page, and one that is not
	// kept is gone before the next ones are copied. Who makes a List of the items of
	// another one takes its Copy along. nil hands on the items as they are.
	Copy func(item T) T
}

// each calls part with the items of l: with all of them, or with a few at a time where
// they are copied.
func (l List[T]) each(part func(Part[T]) error) error {
	if l.Copy == nil && len(l.Items) > 0 {
		return part(Part[T]{Items: l.Items})
	}
	copies := make([]T, 0, min(chunk, len(l.Items)))
	for some := range slices.Chunk(l.Items, chunk) {
		copies = copies[:0]
		for _, item := range some {
			copies = append(copies, l.Copy(item))
		}
		if err := part(Part[T]{Items: copies}); err != nil {
			return err
		}
		clear(copies)
	}
	return nil
}

// ListWatch makes a ListerWatcher of two functions. It corresponds to
// client-go's ListWatch. For a generated client:
//
//	pods := client.CoreV1().Pods(namespace)
//	lw := &reflector.ListWatch[*corev1.Pod]{
//		ListFunc: func(ctx context.Context, opts metav1.ListOptions) (reflector.List[*corev1.Pod], error) {
//			l, err := pods.List(ctx, opts)
//			if err != nil {
//				return reflector.List[*corev1.Pod]{}, err
//			}
//			return reflector.ListOf(l.ListMeta, l.Items), nil
//		},
//		WatchFunc: reflector.WatchOf[*corev1.Pod](pods.Watch),
//	}
//
// The functions may be called by several goroutines at once. The fields must
// not be changed once the ListWatch is in use.
type ListWatch[T any] struct {
	// ListFunc makes one request. The items become the Reflector's, the
	// slice too.
	ListFunc func(ctx context.Context, opts metav1.ListOptions) (List[T], error)

	// WatchFunc opens a stream; WatchOf makes one of a client's Watch.
	WatchFunc func(ctx context.Context, opts metav1.ListOptions) (Stream[T], error)

	// NoStreamedLists makes Watch refuse a streamed list instead of handing
	// the request on. Set it when the functions ignore SendInitialEvents,
	// as those of fake clientsets do.
	NoStreamedLists bool
}

var _ ListerWatcher[any] = (*ListWatch[any])(nil)

// What a ListWatch answers when it cannot.
var (
	errNoListFunc  = errors.New("reflector: ListWatch has no ListFunc: set it to a function that lists")
	errNoWatchFunc = errors.New("reflector: ListWatch has no WatchFunc: set it to a function that watches, WatchOf makes one of a client's Watch")
)

// check returns which function is missing, or nil.
func (lw *ListWatch[T]) check() error {
	switch {
	case lw == nil || lw.ListFunc == nil:
		return errNoListFunc
	case lw.WatchFunc == nil:
		return errNoWatchFunc
	}
	return nil
}

// List calls ListFunc.
func (lw *ListWatch[T]) List(ctx context.Context, opts metav1.ListOptions, part func(Part[T]) error) (metav1.ListMeta, error) {
	if lw == nil || lw.ListFunc == nil {
		return metav1.ListMeta{}, errNoListFunc
	}
	list, err := lw.ListFunc(ctx, opts)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	if err := list.each(part); err != nil {
		return metav1.ListMeta{}, err
	}
	return list.ListMeta, nil
}

// Watch calls WatchFunc.
func (lw *ListWatch[T]) Watch(ctx context.Context, opts metav1.ListOptions) (Stream[T], error) {
	if lw == nil || lw.WatchFunc == nil {
		return nil, errNoWatchFunc
	}
	if lw.NoStreamedLists && opts.SendInitialEvents != nil && *opts.SendInitialEvents {
		return nil, ErrNoStreamedList
	}
	stream, err := lw.WatchFunc(ctx, opts)
	if err == nil && stream == nil {
		err = errors.New("reflector: WatchFunc returned neither a stream nor an error")
	}
	return stream, err
}

// ListOf makes the result of a ListFunc of a typed client's list: its metadata
// and its items, which become the Reflector's. Items of the List point into the slice;
// its Copy copies each of them (not deeply) when it is handed on, so that an object that
// is kept does not keep the whole page.
func ListOf[E any](meta metav1.ListMeta, items []E) List[*E] {
	l := List[*E]{ListMeta: meta, Items: make([]*E, len(items)), Copy: copyOf[E]}
	for i := range items {
		l.Items[i] = &items[i]
	}
	return l
}

func copyOf[E any](item *E) *E {
	copied := *item
	return &copied
}

// WatchOf makes a WatchFunc of a client's Watch. An object that is no T is
// refused (R4).
func WatchOf[T any](open func(context.Context, metav1.ListOptions) (watch.Interface, error)) func(context.Context, metav1.ListOptions) (Stream[T], error) {
	if open == nil {
		return nil
	}
	return func(ctx context.Context, opts metav1.ListOptions) (Stream[T], error) {
		w, err := open(ctx, opts)
		if err != nil {
			return nil, err
		}
		if w == nil {
			return nil, fmt.Errorf("reflector: the client's Watch for %s returned neither a watch nor an error", reflect.TypeFor[T]())
		}
		return FromWatch[T](w), nil
	}
}

// FromWatch makes a Stream of an apimachinery watch, which it owns from then
// on. An object that is no T comes out as a *DecodeError. w must not be nil.
//
// Close stops w. It cannot wait for w's producer: watch.Interface does not say
// when that has ended.
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
	case e, ok := <-s.events: // to ask one channel costs a fifth of asking two
		return s.received(e, ok)
	default:
	}
	select {
	case <-s.closed:
		return Event[T]{}, io.EOF
	case e, ok := <-s.events:
		return s.received(e, ok)
	}
}

// received is what came from the channel: e, or its end.
func (s *watchStream[T]) received(e watch.Event, ok bool) (Event[T], error) {
	if !ok {
		return Event[T]{}, io.EOF
	}
	return typedEvent[T](e)
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
		Cause:           RefusalKind,
		Err:             fmt.Errorf("it is a %T", e.Object),
	}
}

// clientWatchDecoding is the cause that client-go's clients put into the error
// event for a frame that they could not decode.
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
