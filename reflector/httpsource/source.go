package httpsource

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/informant-go/informant/internal/watchdog"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The defaults of Config.
const (
	DefaultMaxObjectBytes = 16 << 20
	DefaultMaxListBytes   = 32 << 30
	DefaultReadSilence    = 90 * time.Second
)

// Config says what to list and watch, and where. BaseURL, Version and
// Resource are required. New refuses what cannot be right and says which
// field to set.
type Config[T Object] struct {
	// Client sends the requests; its transport brings credentials and trust.
	// Its Timeout is not used: it would end every watch. Redirects are
	// followed to the same scheme, host and port only, since the transport
	// would send the credentials wherever they lead, and then only where its
	// CheckRedirect allows it too; one with a user name or password of its
	// own is refused. By default (nil) it is one
	// with the settings of http.DefaultTransport that asks idle HTTP/2
	// connections whether they are alive. A transport for https should do
	// that too (http.Transport.HTTP2, SendPingTimeout and PingTimeout): all
	// requests share a connection there, and a watch that was cut because
	// the connection is dead would else be tried again on the same one.
	Client *http.Client

	// BaseURL is the address of the API server, such as
	// https://10.0.0.1:6443, with the path of a proxy if there is one. It
	// has neither the resource's path nor a query. Errors show it without
	// user name and password.
	BaseURL string

	// Group, Version and Resource name the resource; the core group is "",
	// Version has no group in it (v1, not apps/v1), Resource is the plural
	// in lower case, such as pods.
	Group, Version, Resource string

	// Namespace restricts it to a namespace, "" means all.
	Namespace string

	// LabelSelector and FieldSelector restrict it further, in the server's
	// syntax, which labels.Parse and fields.ParseSelector read.
	LabelSelector, FieldSelector string

	// Kind is what each object has to be; others are refused (R4). By
	// default it is the name of the Go type, as in apimachinery's Scheme,
	// upper and lower case being the same; for types whose objects carry
	// their kind, *unstructured.Unstructured and
	// *metav1.PartialObjectMetadata, any kind of the group and version will
	// do. Set it where the Go type is named otherwise than the kind. ListKind
	// is the kind of a list, by default Kind with List behind it.
	//
	// A server that was asked, by Client's transport, for metadata alone
	// answers with PartialObjectMetadata of meta.k8s.io/v1, which is taken
	// for *metav1.PartialObjectMetadata; the objects are given Kind, if that
	// is set.
	Kind, ListKind string

	// New makes an empty object to decode into. It is called by several
	// goroutines at once. By default it is a new value of what T points to.
	New func() T

	// MaxObjectBytes is the largest object that is decoded; a larger one is
	// refused (R4). By default 16 MiB.
	MaxObjectBytes int

	// MaxListBytes is the largest answer to one request for a list, in bytes
	// after decompression; a list that is larger fails. It is there to end
	// lists that have no end. By default 32 GiB, some times as much as the
	// 8 GiB that an etcd holds at most can be in JSON: to lose a list that
	// is right would be worse than to read one that is not. Set it to what
	// the program's memory allows; below 0 there is no limit.
	MaxListBytes int64

	// ReadSilence is how long a list may bring not a single byte before it
	// is cut. By default 90 s, as a server gives up after 60. Watches are
	// cut by the Reflector.
	ReadSilence time.Duration

	// UserAgent tells the server who asks. By default "informant".
	UserAgent string
}

// HTTP is the ListerWatcher of an API server that speaks JSON over HTTP. It
// needs an *http.Client and no client-go. Lists are decoded as they arrive, so
// that no more than one part of a page is in memory, and watches frame by
// frame.
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
func (s *Source[T]) CloseIdleConnections() { s.client.CloseIdleConnections() }

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

// List makes one request and hands over its objects as they arrive.
func (s *Source[T]) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, dog := watchdog.New(ctx, 0, s.config.ReadSilence, fmt.Errorf("%w (%v)", reflector.ErrSilent, s.config.ReadSilence))
	defer dog.Stop()
	resp, err := s.get(ctx, cancel, opts)
	if err != nil {
		return metav1.ListMeta{}, s.failed(asCut(ctx, err))
	}
	defer resp.Body.Close()
	dog.Got()
	meta, err := s.decodeList(&watchedReader{r: resp.Body, dog: dog, max: s.config.MaxListBytes}, part)
	if given, ok := err.(*partError); ok {
		return meta, given.err
	}
	return meta, s.failed(asCut(ctx, err))
}

// Watch opens a stream. It returns when the server has sent its headers.
func (s *Source[T]) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[T], error) {
	opts.Watch = true
	ctx, cancel := context.WithCancel(ctx)
	resp, err := s.get(ctx, cancel, opts)
	if err != nil {
		cancel()
		return nil, s.failed(err)
	}
	return newStream(s, resp, cancel), nil
}

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

// watchedReader tells the watchdog of each Read, and ends after max bytes, if
// that is above 0.
type watchedReader struct {
	r         io.Reader
	dog       *watchdog.Watchdog
	read, max int64
}

func (w *watchedReader) Read(p []byte) (int, error) {
	w.dog.Waits()
	n, err := w.r.Read(p)
	w.dog.Got()
	w.read += int64(n)
	if w.max > 0 && w.read > w.max {
		return 0, fmt.Errorf("the list is larger than %d bytes: raise httpsource.Config.MaxListBytes if that is right", w.max)
	}
	return n, err
}
