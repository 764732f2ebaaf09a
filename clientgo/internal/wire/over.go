package wire

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/watchlist"
	"k8s.io/klog/v2"
)

// ListerWatcher is one of client-go that can do without client-go's decoders.
type ListerWatcher struct {
	upstream.ListerWatcherWithContext
	stock upstream.ListerWatcher

	wire    *Wire
	example example
	name    string // in the log

	mu     sync.Mutex
	left   bool // guarded by mu, as is all that follows: the stock one is used for good
	kinds  kinds
	place  place
	source reflector.ListerWatcher[any] // for place
	brings string                       // what Wire returns
}

var _ listwatch.Wired = (*ListerWatcher)(nil)

// Over returns lw, whose client has w.Client() and which is not nil, as one whose objects
// are brought by httpsource. object is the informer's example; name is for the log. Where
// that cannot be, it says why, and answers as lw.
func (w *Wire) Over(lw upstream.ListerWatcher, object runtime.Object, name string) *ListerWatcher {
	l := &ListerWatcher{
		ListerWatcherWithContext: upstream.ToListerWatcherWithContext(lw), stock: lw,
		wire: w, name: name, brings: listwatch.WireUnknown,
	}
	var err error
	if l.example, err = exampleOf(object); err == nil && l.example.form == formTyped {
		err = w.typed
	}
	if err != nil {
		l.leave(err)
	}
	return l
}

// Stays logs why an informer's objects are decoded by its client as ever. name is the
// informer's.
func Stays(name string, why error) {
	klog.Background().Info("An informer decodes with its own client", "type", name, "reason", why.Error())
}

// leave leaves lw to itself for good, and says so once.
func (l *ListerWatcher) leave(why error) {
	l.mu.Lock()
	first := !l.left
	l.left, l.brings, l.source = true, listwatch.WireClient, nil
	l.mu.Unlock()
	if first {
		Stays(l.name, why)
	}
}

func (l *ListerWatcher) isLeft() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left
}

// List implements client-go's Lister.
func (l *ListerWatcher) List(opts metav1.ListOptions) (runtime.Object, error) {
	return l.ListWithContext(context.Background(), opts)
}

// Watch implements client-go's Watcher.
func (l *ListerWatcher) Watch(opts metav1.ListOptions) (watch.Interface, error) {
	return l.WatchWithContext(context.Background(), opts)
}

// IsWatchListSemanticsUnSupported is what client-go asks fakes.
func (l *ListerWatcher) IsWatchListSemanticsUnSupported() bool {
	return watchlist.DoesClientNotSupportWatchListSemantics(l.stock)
}

// Wire implements listwatch.Wired.
func (l *ListerWatcher) Wire() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.brings
}

// ListOver implements listwatch.Wired. The time that the config allows for a request is for
// the whole of a list.
func (l *ListerWatcher) ListOver(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[any]) error) (about metav1.ListMeta, handled bool, err error) {
	if l.isLeft() {
		return about, false, nil
	}
	r, source, err := l.askList(ctx, opts)
	if err != nil {
		return about, ctx.Err() != nil, ctx.Err()
	}
	err = retried(ctx, func() (again bool, err error) {
		again = true
		about, err = l.list(ctx, source, r, func(p reflector.Part[any]) error {
			again = false
			return part(p)
		})
		return again, err
	})
	return about, true, err
}

// list sends a list.
func (l *ListerWatcher) list(ctx context.Context, source reflector.ListerWatcher[any], r request, part func(reflector.Part[any]) error) (metav1.ListMeta, error) {
	if timeout := l.wire.config.Timeout; timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	came := &encoding{}
	var given error // by part
	about, err := source.List(came.mark(ctx), r.opts, func(p reflector.Part[any]) error {
		kind := l.kindOfItems(came)
		for _, item := range p.Items {
			setKind(item, kind)
		}
		given = part(p)
		return given
	})
	if given != nil {
		return about, given
	}
	switch {
	case err == nil:
		l.brought(came)
	case came.answered() && isUnreadable(err):
		l.leave(err) // client-go may be able to read it
	}
	return about, asClients(err, r, came.answered())
}

// kindOfItems is the kind that items of lists are given, nil for the one that they have.
// Protobuf has none in them; httpsource gives metadata that of its list.
func (l *ListerWatcher) kindOfItems(came *encoding) *schema.GroupVersionKind {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds.items == nil && l.example.form == formMetadata && came.isProtobuf() {
		return &schema.GroupVersionKind{}
	}
	return l.kinds.items
}

// setKind gives an object a kind, none for nil.
func setKind(object any, kind *schema.GroupVersionKind) {
	if kind == nil {
		return
	}
	if o, ok := object.(interface{ GetObjectKind() schema.ObjectKind }); ok {
		o.GetObjectKind().SetGroupVersionKind(*kind)
	}
}

// brought notes how the last answer came.
func (l *ListerWatcher) brought(came *encoding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.brings = listwatch.WireJSON
	if came.isProtobuf() {
		l.brings = listwatch.WireProtobuf
	}
}

// WatchOver implements listwatch.Wired.
func (l *ListerWatcher) WatchOver(ctx context.Context, opts metav1.ListOptions) (stream reflector.Stream[any], handled bool, err error) {
	if l.isLeft() {
		return nil, false, nil
	}
	r, source, err := l.askWatch(ctx, opts)
	if err != nil {
		return nil, ctx.Err() != nil, ctx.Err()
	}
	came := &encoding{}
	err = retried(ctx, func() (bool, error) {
		var err error
		stream, err = source.Watch(came.mark(ctx), r.opts)
		return true, err
	})
	switch err = asClients(err, r, came.answered()); {
	case err != nil && ctx.Err() == nil && endsEarly(err):
		return noStream{}, true, nil
	case err != nil:
		return nil, true, err
	}
	l.brought(came)
	l.mu.Lock()
	defer l.mu.Unlock()
	return &kindStream{Stream: stream, kind: l.kinds.events, request: r}, true, nil
}

// noStream is a watch that has ended.
type noStream struct{}

// Next implements reflector.Stream.
func (noStream) Next() (reflector.Event[any], error) { return reflector.Event[any]{}, io.EOF }

// Close implements reflector.Stream.
func (noStream) Close() {}

// kindStream gives objects a kind, if it is not nil, and errors client-go's types.
type kindStream struct {
	reflector.Stream[any]
	kind    *schema.GroupVersionKind
	request request
}

// Next implements reflector.Stream.
func (s *kindStream) Next() (reflector.Event[any], error) {
	event, err := s.Stream.Next()
	if err != nil {
		var refused *reflector.DecodeError
		if errors.As(err, &refused) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return event, err
		}
		return event, asClients(err, s.request, true)
	}
	setKind(event.Object, s.kind)
	return event, nil
}

// askList has the ListerWatcher list over the made-up answer.
func (l *ListerWatcher) askList(ctx context.Context, opts metav1.ListOptions) (request, reflector.ListerWatcher[any], error) {
	p := &probe{answer: l.example.list}
	list, failed := listwatch.List(p.mark(ctx), l.ListerWatcherWithContext, opts)
	r, err := p.request()
	if err == nil {
		err = failed
	}
	var kind *schema.GroupVersionKind
	if err == nil {
		kind, err = l.example.listed(r, list)
	}
	return l.learnt(ctx, r, err, func(k *kinds) { k.items = kind })
}

// askWatch has the ListerWatcher watch over the made-up answer.
func (l *ListerWatcher) askWatch(ctx context.Context, opts metav1.ListOptions) (request, reflector.ListerWatcher[any], error) {
	p := &probe{answer: l.example.watch}
	watching, failed := l.WatchWithContext(p.mark(ctx), opts)
	r, err := p.request()
	if err == nil {
		err = failed
	}
	var kind *schema.GroupVersionKind
	if err == nil {
		kind, err = l.example.watched(ctx, r, watching)
	} else if failed == nil && !listwatch.IsNil(watching) {
		end(watching)
	}
	return l.learnt(ctx, r, err, func(k *kinds) { k.events = kind })
}

// learnt notes what was learnt, and returns the source for r; or, if it was not understood,
// leaves the ListerWatcher to itself. The end of ctx teaches nothing.
func (l *ListerWatcher) learnt(ctx context.Context, r request, err error, note func(*kinds)) (request, reflector.ListerWatcher[any], error) {
	if ctx.Err() != nil {
		return r, nil, ctx.Err()
	}
	var source reflector.ListerWatcher[any]
	if err == nil {
		source, err = l.sourceFor(r, note)
	}
	if err != nil {
		l.leave(err)
		return r, nil, err
	}
	return r, source, nil
}

// sourceFor is the source for r, the last one if it is for the same.
func (l *ListerWatcher) sourceFor(r request, note func(*kinds)) (reflector.ListerWatcher[any], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	note(&l.kinds)
	if l.source != nil && l.place == r.place() {
		return l.source, nil
	}
	source, err := l.wire.newSource(r.place(), l.example)
	if err != nil {
		return nil, err
	}
	l.place, l.source = r.place(), source
	return source, nil
}
