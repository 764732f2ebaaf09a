package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/informant-go/informant/internal/watchdog"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Source is the reflector.ListerWatcher of an API server that speaks protobuf, CBOR
// or JSON over HTTP. New makes one; the zero Source answers every call with an error. All
// methods may be called by several goroutines at once.
//
// Errors of the server are or wrap *apierrors.StatusError, also where the answer
// is not the server's but that of something in between. All errors name method,
// URL and resource, once, and hold nothing of what is in an object but its key,
// its kind and the names of its fields.
type Source[T Object] struct {
	config Config[T]
	client *http.Client
	url    url.URL // without a query
	query  string  // the selectors
	codec  codec[T]

	pages tally // of the list that is under way

	// plain is set once the server has refused to choose among encodings.
	plain atomic.Bool

	bytes atomic.Uint64 // of all answers
}

var _ fmt.Stringer = (*Source[Object])(nil)

// New returns the ListerWatcher that config describes. The error says which
// field is missing or cannot be right, and what to set. Nothing is sent yet.
func New[T Object](config Config[T]) (*Source[T], error) {
	s := &Source[T]{config: config}
	err := s.complete()
	if err != nil {
		return nil, fmt.Errorf("httpsource: New for %s: %w", reflect.TypeFor[T](), err)
	}
	return s, nil
}

// CloseIdleConnections closes the client's connections that carry no request.
// Otherwise they end by themselves some time after the last one.
func (s *Source[T]) CloseIdleConnections() {
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
}

// URL is the address of the collection, without selectors. User name
// and password are left out.
func (s *Source[T]) URL() string { return shown(&s.url) }

// String is the path of the collection with the selectors as its query, such as
// /apis/apps/v1/deployments?labelSelector=app%3Dweb. It identifies the source
// on its server, in log lines for example.
func (s *Source[T]) String() string {
	path := "/" + strings.TrimPrefix(s.url.EscapedPath(), "/")
	if s.query == "" {
		return path
	}
	return path + "?" + s.query
}

// Bytes is how many bytes of answers the Source has read since it was made, lists,
// watches and errors together, headers left out. What the client has decompressed counts
// as it is then. It is what reflector.Stats and Status say.
func (s *Source[T]) Bytes() uint64 { return s.bytes.Load() }

// List makes one request and calls part with its objects as they arrive. An error
// of part comes back as it is; any other names the request.
func (s *Source[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	if s.client == nil {
		return metav1.ListMeta{}, errZero
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, dog := watchdog.New(ctx, 0, s.config.ReadSilence, fmt.Errorf("%w (%v)", reflector.ErrSilent, s.config.ReadSilence))
	defer dog.Stop()
	resp, err := s.get(ctx, cancel, opts)
	if err != nil {
		return metav1.ListMeta{}, s.failed(asCut(ctx, err))
	}
	abort := func() {
		cancel()
		resp.Body.Close()
	}
	defer abort()
	dog.Got()
	body := &boundedReader{r: resp.Body, max: s.config.MaxListBytes, read: s.pages.before(opts.Continue)}
	meta, err := s.decodeList(ctx, &watchedReader{r: body, dog: dog}, s.codec.dialectOf(resp), abort, part)
	if err == nil {
		s.pages.promise(meta.Continue, body.read)
	}
	if given, ok := err.(*partError); ok {
		return meta, given.err
	}
	return meta, s.failed(asCut(ctx, err))
}

// Watch opens a stream of events. It returns when the server has sent its
// headers. The end of ctx, or Close, ends the stream.
func (s *Source[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[T], error) {
	if s.client == nil {
		return nil, errZero
	}
	opts.Watch = true
	ctx, cancel := context.WithCancel(ctx)
	resp, err := s.get(ctx, cancel, opts)
	if err != nil {
		cancel()
		return nil, s.failed(err)
	}
	streamed := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	body := &boundedReader{r: resp.Body, max: s.config.MaxListBytes, ended: !streamed}
	return newStream(ctx, s, resp, body, cancel), nil
}

// errZero is what the zero Source answers.
var errZero = errors.New("httpsource: the Source is the zero value: make one with New")

// failed names the request that err is about.
func (s *Source[T]) failed(err error) error { return s.codec.target.failed(err) }

// asCut replaces err by the silence that ended ctx, if one did.
func asCut(ctx context.Context, err error) error {
	if err != nil {
		if cut := watchdog.Cut(ctx); cut != nil {
			return cut
		}
	}
	return err
}

// countedBody counts what is read of an answer.
type countedBody struct {
	io.ReadCloser
	n *atomic.Uint64
}

func (c countedBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(uint64(n))
	return n, err
}

// watchedReader reports each Read to the watchdog.
type watchedReader struct {
	r   io.Reader
	dog *watchdog.Watchdog
}

func (w *watchedReader) Read(p []byte) (int, error) {
	w.dog.Waits()
	n, err := w.r.Read(p)
	w.dog.Got()
	return n, err
}
