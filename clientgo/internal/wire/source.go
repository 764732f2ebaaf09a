package wire

import (
	"context"
	"reflect"
	"strings"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// place is what a source is for. While it is the same, so is the source.
type place struct {
	schema.GroupVersionResource
	namespace, labels, fields string
}

func (r request) place() place {
	return place{r.GroupVersionResource, r.namespace, r.opts.LabelSelector, r.opts.FieldSelector}
}

// newSource returns a source of httpsource of the objects at p.
func (w *Wire) newSource(p place, e example) (reflector.ListerWatcher[any], error) {
	if e.form == formUnstructured {
		return untyped(httpsource.New(configOf[*unstructured.Unstructured](w, p)))
	}
	config := configOf[httpsource.Object](w, p)
	made := e.typ.Elem()
	config.New = func() httpsource.Object { return reflect.New(made).Interface().(httpsource.Object) }
	config.JSONOnly = w.jsonOnly && e.form == formTyped
	return untyped(httpsource.New(config))
}

func configOf[T httpsource.Object](w *Wire, p place) httpsource.Config[T] {
	return httpsource.Config[T]{
		Client: w.sends, BaseURL: w.base.String(), UserAgent: w.config.UserAgent,
		Group: p.Group, Version: p.Version, Resource: p.Resource, Namespace: p.namespace,
		LabelSelector: p.labels, FieldSelector: p.fields,
	}
}

// untyped is a source as one of any.
func untyped[T httpsource.Object](source *httpsource.Source[T], err error) (reflector.ListerWatcher[any], error) {
	if err != nil {
		return nil, err
	}
	return &anySource[T]{source}, nil
}

type anySource[T httpsource.Object] struct{ source *httpsource.Source[T] }

// List implements reflector.ListerWatcher.
func (s *anySource[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[any]) error) (metav1.ListMeta, error) {
	var items []any
	return s.source.List(ctx, opts, func(p reflector.Part[T]) error {
		for _, item := range p.Items {
			items = append(items, item)
		}
		err := part(reflector.Part[any]{Items: items, Refused: p.Refused})
		clear(items)
		items = items[:0]
		return err
	})
}

// Watch implements reflector.ListerWatcher.
func (s *anySource[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[any], error) {
	stream, err := s.source.Watch(ctx, opts)
	if err != nil {
		return nil, err
	}
	return anyStream[T]{stream}, nil
}

type anyStream[T httpsource.Object] struct{ reflector.Stream[T] }

// Next implements reflector.Stream.
func (s anyStream[T]) Next() (reflector.Event[any], error) {
	event, err := s.Stream.Next()
	if err != nil {
		return reflector.Event[any]{}, err
	}
	converted := reflector.Event[any]{Type: event.Type, ResourceVersion: event.ResourceVersion, InitialEventsEnd: event.InitialEventsEnd}
	if event.Type != "BOOKMARK" {
		converted.Object = event.Object
	}
	return converted, nil
}

// isProtobuf reports whether a content type is that of protobuf.
func isProtobuf(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "application/vnd.kubernetes.protobuf")
}
