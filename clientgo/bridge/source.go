package bridge

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/reflector"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/watchlist"

	upstream "k8s.io/client-go/tools/cache"
)

// ErrNoSource is the error for a ListerWatcher that is nil.
var ErrNoSource = errors.New("bridge: the ListerWatcher is nil: pass one, such as a *cache.ListWatch")

// SourceOf returns lw as a source of this library's reflectors and informers; T is the type
// of its objects, such as *corev1.Pod or *unstructured.Unstructured. lw may be anything that
// client-go's informers take: a ListWatch of a clientset, of a dynamic or a metadata
// client, or of a fake one. The error is ErrNoSource when lw is nil, or a nil pointer.
//
// Give the reflector, or the informer, the options that SourceOptions returns as well.
func SourceOf[T metav1.Object](lw cache.ListerWatcher) (reflector.ListerWatcher[T], error) {
	if listwatch.IsNil(lw) {
		return nil, ErrNoSource
	}
	return &source[T]{lw: upstream.ToListerWatcherWithContext(lw), noStream: watchlist.DoesClientNotSupportWatchListSemantics(lw)}, nil
}

// SourceOptions returns the options with which a reflector reads lw. They are zero but
// for a source that says that it has no streamed lists, as those of fake clients do by
// client-go's ToListWatcherWithWatchListSemantics: of such a one the versions are made
// up too.
func SourceOptions(lw cache.ListerWatcher) reflector.Options {
	fake := !listwatch.IsNil(lw) && watchlist.DoesClientNotSupportWatchListSemantics(lw)
	return reflector.Options{DisableStreaming: fake, UnorderedVersions: fake}
}

// source is a ListerWatcher of client-go with objects of type T.
type source[T metav1.Object] struct {
	lw       upstream.ListerWatcherWithContext
	noStream bool
}

// List implements reflector.ListerWatcher.
func (s *source[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	list, err := listwatch.List(ctx, s.lw, opts)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	about, err := meta.ListAccessor(list)
	if err != nil {
		return metav1.ListMeta{}, fmt.Errorf("bridge: the ListerWatcher returned a %T, which is no list: %w", list, err)
	}
	switch ended, odd := listwatch.HandOn(list, convertTo[T], part); {
	case ended != nil:
		return metav1.ListMeta{}, ended
	case odd != nil:
		return metav1.ListMeta{}, fmt.Errorf("bridge: the items of a %T cannot be read: %w", list, odd)
	}
	return listwatch.Meta(about), nil
}

func convertTo[T any](obj runtime.Object) (T, error) {
	item, ok := obj.(T)
	if !ok {
		return item, wrongType[T](obj)
	}
	return item, nil
}

func wrongType[T any](obj runtime.Object) error {
	refused := &reflector.DecodeError{Type: reflect.TypeFor[T]().String(), Err: fmt.Errorf("it is a %T", obj)}
	if about, err := meta.Accessor(obj); err == nil {
		refused.ResourceVersion = about.GetResourceVersion()
		refused.Key, _ = cache.MetaNamespaceKeyFunc(obj)
	}
	return refused
}

// Watch implements reflector.ListerWatcher.
func (s *source[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[T], error) {
	if s.noStream && opts.SendInitialEvents != nil && *opts.SendInitialEvents {
		return nil, reflector.ErrNoStreamedList
	}
	return reflector.WatchOf[T](s.lw.WatchWithContext)(ctx, opts)
}
