package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
)

// errNilListerWatcher is the answer of every List and Watch of an informer
// that was made without a source. client-go panics in its reflector instead.
var errNilListerWatcher = errors.New("the ListerWatcher is nil: pass one to the constructor, such as a *cache.ListWatch")

// source is a ListerWatcher of client-go as a reflector of ours reads it.
type source struct {
	lw     upstream.ListerWatcherWithContext
	wired  listwatch.Wired // nil unless lw is one
	name   string
	expect expectation
}

func newSource(lw ListerWatcher, name string, expect expectation) *source {
	s := &source{name: name, expect: expect}
	if !listwatch.IsNil(lw) {
		s.lw = upstream.ToListerWatcherWithContext(lw)
		s.wired, _ = lw.(listwatch.Wired)
	}
	return s
}

// List implements reflector.ListerWatcher.
func (s *source) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[any]) error) (metav1.ListMeta, error) {
	if s.lw == nil {
		return metav1.ListMeta{}, errNilListerWatcher
	}
	if s.wired != nil {
		if about, handled, err := s.wired.ListOver(ctx, opts, part); handled {
			return about, err
		}
	}
	list, err := listwatch.List(ctx, s.lw, opts)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	if gvk, isTable := tableList(list); isTable {
		return metav1.ListMeta{}, fmt.Errorf("unsupported list gvk: %v, type: %v", gvk, s.expect.description)
	}
	about, err := meta.ListAccessor(list)
	if err != nil {
		return metav1.ListMeta{}, fmt.Errorf("returned object must be a list: %w", err)
	}
	switch ended, odd := listwatch.HandOn(list, asItIs, part); {
	case ended != nil:
		return metav1.ListMeta{}, ended
	case odd != nil:
		return metav1.ListMeta{}, &oddListError{list, odd}
	}
	return listwatch.Meta(about), nil
}

// asItIs takes every object: the items of a list are not held against the expectation,
// as in client-go.
func asItIs(obj runtime.Object) (any, error) { return obj, nil }

// Watch implements reflector.ListerWatcher.
func (s *source) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[any], error) {
	if s.lw == nil {
		return nil, &openError{errNilListerWatcher}
	}
	if s.wired != nil {
		if stream, handled, err := s.wired.WatchOver(ctx, opts); handled {
			return s.checked(stream, err)
		}
	}
	w, err := s.lw.WatchWithContext(ctx, opts)
	if err != nil {
		return nil, &openError{s.streamed(opts, err)}
	}
	if listwatch.IsNil(w) {
		return nil, fmt.Errorf("%s: the watch function returned neither a watch nor an error", s.name)
	}
	return &stream{ctx: ctx, watch: w, closed: make(chan struct{}), source: s}, nil
}

// streamed judges the answer to a request for a streamed list. What is neither
// a server's answer nor a failure of the way there is the word of a source that
// is no server, such as client-go's FakeControllerSource: it has no streamed
// lists. client-go asks for a list in pages then, and so does our reflector.
func (s *source) streamed(opts metav1.ListOptions, err error) error {
	if opts.SendInitialEvents == nil || !*opts.SendInitialEvents {
		return err
	}
	var status apierrors.APIStatus
	var network net.Error
	if errors.As(err, &status) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", reflector.ErrNoStreamedList, err)
}

// stream is a watch of client-go as a reflector of ours reads it.
type stream struct {
	ctx    context.Context
	watch  watch.Interface
	source *source

	closed chan struct{}
	once   sync.Once
}

// Next implements reflector.Stream. An event that cannot be used is a
// DecodeError, which the reflector answers with a list. A bookmark that cannot
// be used is reported and skipped: no object is missed by it.
func (s *stream) Next() (reflector.Event[any], error) {
	for {
		select {
		case <-s.closed:
			return reflector.Event[any]{}, io.EOF
		case <-s.ctx.Done():
			return reflector.Event[any]{}, s.ctx.Err()
		case event, open := <-s.watch.ResultChan():
			switch {
			case !open:
				return reflector.Event[any]{}, io.EOF
			case event.Type == watch.Error:
				return reflector.Event[any]{}, apierrors.FromObject(event.Object)
			}
			converted, err := s.source.convert(event)
			if err == nil || event.Type != watch.Bookmark {
				return converted, err
			}
			utilruntime.HandleErrorWithContext(s.ctx, err, "Bookmark not usable", "reflector", s.source.name, "type", s.source.expect.description)
		}
	}
}

// Close implements reflector.Stream.
func (s *stream) Close() {
	s.once.Do(func() {
		close(s.closed)
		s.watch.Stop()
	})
}

// convert reads an event. The error is a DecodeError.
func (s *source) convert(event watch.Event) (reflector.Event[any], error) {
	err, cause := s.expect.check(event.Object), reflector.RefusalKind
	about, noMeta := meta.Accessor(event.Object)
	if err == nil {
		err, cause = noMeta, reflector.RefusalUndecodable
	}
	if err != nil {
		bad := &reflector.DecodeError{Type: s.expect.description, Event: event.Type, Cause: cause, Err: err}
		if noMeta == nil {
			bad.Key, bad.ResourceVersion = nameOf(event.Object), about.GetResourceVersion()
		}
		return reflector.Event[any]{}, bad
	}
	converted := reflector.Event[any]{Type: event.Type, Object: event.Object, ResourceVersion: about.GetResourceVersion()}
	if event.Type == watch.Bookmark {
		converted.Object = nil
		converted.InitialEventsEnd = about.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
	}
	return converted, nil
}

// nameOf is the key of obj for a message, as far as it has one.
func nameOf(obj any) string {
	key, err := upstream.MetaNamespaceKeyFunc(obj)
	if err != nil {
		return "unknown"
	}
	return key
}
