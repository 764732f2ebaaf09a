package reflector

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// List is one page of a list as a function returns it.
type List[T any] struct {
	metav1.ListMeta
	Items []T
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
	if len(list.Items) > 0 {
		if err := part(Part[T]{Items: list.Items}); err != nil {
			return metav1.ListMeta{}, err
		}
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
// and its items. Each item is copied (not deeply), so that an object that is
// kept does not keep the whole page.
func ListOf[E any](meta metav1.ListMeta, items []E) List[*E] {
	l := List[*E]{ListMeta: meta, Items: make([]*E, len(items))}
	for i := range items {
		item := items[i]
		l.Items[i] = &item
	}
	return l
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
