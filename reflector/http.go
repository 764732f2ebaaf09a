package reflector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion/queryparams"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The defaults of HTTPConfig.
const (
	DefaultMaxObjectBytes = 16 << 20
	DefaultReadSilence    = 90 * time.Second
)

// HTTPConfig says what to list and watch, and where. BaseURL, Version and
// Resource are required.
type HTTPConfig[T Object] struct {
	// Client sends the requests; its transport brings credentials and trust.
	// Its Timeout is not used: it would end every watch. By default it is one
	// with the settings of http.DefaultTransport that asks idle HTTP/2
	// connections whether they are alive. A transport for https should do
	// that too (http.Transport.HTTP2, SendPingTimeout and PingTimeout): all
	// requests share a connection there, and a watch that was cut because
	// the connection is dead would else be tried again on the same one.
	Client *http.Client

	// BaseURL is the address of the API server, such as
	// https://10.0.0.1:6443, with the path of a proxy if there is one.
	BaseURL string

	// Group, Version and Resource name the resource; the core group is "",
	// Resource is the plural, such as pods.
	Group, Version, Resource string

	// Namespace restricts it to a namespace, "" means all.
	Namespace string

	// LabelSelector and FieldSelector restrict it further, in the server's
	// syntax.
	LabelSelector, FieldSelector string

	// Kind is what each object has to be; others are refused (R4). By
	// default it is the name of the Go type, as in apimachinery's Scheme,
	// upper and lower case being the same; for *unstructured.Unstructured
	// any kind of the group and version will do. ListKind is the kind of a
	// list, by default Kind with List behind it.
	Kind, ListKind string

	// New makes an empty object to decode into. It is called by several
	// goroutines at once. By default it is a new value of what T points to.
	New func() T

	// MaxObjectBytes is the largest object that is decoded; a larger one is
	// refused (R4). By default 16 MiB.
	MaxObjectBytes int

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
// Errors of the server are *apierrors.StatusError, also where the answer is
// not the server's but that of something in between.
type HTTP[T Object] struct {
	config HTTPConfig[T]
	client *http.Client
	url    url.URL // without a query
	codec  codec[T]
}

// NewHTTP returns the ListerWatcher that config describes. The error says what
// is missing.
func NewHTTP[T Object](config HTTPConfig[T]) (*HTTP[T], error) {
	h := &HTTP[T]{config: config}
	err := h.complete()
	if err != nil {
		return nil, fmt.Errorf("reflector: NewHTTP for %s: %w", reflect.TypeFor[T](), err)
	}
	return h, nil
}

func (h *HTTP[T]) complete() error {
	c := &h.config
	base, err := url.Parse(c.BaseURL)
	switch {
	case err != nil:
		return fmt.Errorf("BaseURL cannot be used: %w", err)
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return fmt.Errorf("BaseURL is %q: it has to begin with http:// or https:// and a host", c.BaseURL)
	case c.Version == "":
		return errors.New("no Version: set it, for example to v1")
	case c.Resource == "":
		return errors.New("no Resource: set it to the plural of the resource, for example pods")
	}
	if h.codec, err = newCodec(*c); err != nil {
		return err
	}
	if c.ListKind == "" && h.codec.kind != "" {
		c.ListKind = h.codec.kind + "List"
	}
	if c.MaxObjectBytes <= 0 {
		c.MaxObjectBytes = DefaultMaxObjectBytes
	}
	if c.ReadSilence <= 0 {
		c.ReadSilence = DefaultReadSilence
	}
	if c.UserAgent == "" {
		c.UserAgent = "informant"
	}
	h.url = *base.JoinPath(h.path()...)
	h.url.RawQuery, h.url.Fragment = "", ""
	h.client = patient(c.Client)
	return nil
}

// patient is client without its Timeout.
func patient(client *http.Client) *http.Client {
	if client == nil {
		return &http.Client{Transport: pinging()}
	}
	c := *client
	c.Timeout = 0
	return &c
}

// pinging is a transport that notices dead connections, as soon as client-go's
// do.
func pinging() *http.Transport {
	transport := &http.Transport{}
	if def, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = def.Clone()
	}
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	return transport
}

// CloseIdleConnections closes the client's connections that carry no request.
// Otherwise they end by themselves some time after the last one.
func (h *HTTP[T]) CloseIdleConnections() { h.client.CloseIdleConnections() }

// path is that of the collection on an API server.
func (h *HTTP[T]) path() []string {
	c := &h.config
	path := []string{"api", c.Version}
	if c.Group != "" {
		path = []string{"apis", c.Group, c.Version}
	}
	if c.Namespace != "" {
		path = append(path, "namespaces", c.Namespace)
	}
	path = append(path, c.Resource)
	for i, part := range path {
		path[i] = url.PathEscape(part)
	}
	return path
}

// URL is the address of the collection.
func (h *HTTP[T]) URL() string { return h.url.Redacted() }

func (h *HTTP[T]) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: h.config.Group, Resource: h.config.Resource}
}

// List makes one request and hands over its objects as they arrive.
func (h *HTTP[T]) List(ctx context.Context, opts metav1.ListOptions, part func(Part[T]) error) (metav1.ListMeta, error) {
	ctx, dog := newWatchdog(ctx, 0, h.config.ReadSilence)
	defer dog.stop()
	resp, err := h.get(ctx, opts)
	if err != nil {
		return metav1.ListMeta{}, asCut(ctx, err)
	}
	defer resp.Body.Close()
	dog.got()
	meta, err := h.decodeList(&watchedReader{r: resp.Body, dog: dog}, part)
	return meta, asCut(ctx, err)
}

// Watch opens a stream. It returns when the server has sent its headers.
func (h *HTTP[T]) Watch(ctx context.Context, opts metav1.ListOptions) (Stream[T], error) {
	opts.Watch = true
	ctx, cancel := context.WithCancel(ctx)
	resp, err := h.get(ctx, opts)
	if err != nil {
		cancel()
		return nil, err
	}
	return newHTTPStream(h, resp, cancel), nil
}

// get sends a request and returns the answer if it can be one of the API.
func (h *HTTP[T]) get(ctx context.Context, opts metav1.ListOptions) (*http.Response, error) {
	opts.LabelSelector, opts.FieldSelector = h.config.LabelSelector, h.config.FieldSelector
	query, err := queryparams.Convert(&opts)
	if err != nil {
		return nil, fmt.Errorf("reflector: list options cannot be sent: %w", err)
	}
	u := h.url
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("reflector: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", h.config.UserAgent)
	resp, err := h.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK && isJSON(resp) {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, statusError(resp, h.groupResource())
}

// isJSON tells whether resp says that it is JSON, or says nothing.
func isJSON(resp *http.Response) bool {
	t := strings.ToLower(resp.Header.Get("Content-Type"))
	return t == "" || strings.HasPrefix(t, "application/json")
}

// asCut replaces err by the silence that ended ctx, if one did.
func asCut(ctx context.Context, err error) error {
	if err != nil {
		if cut := cutBy(ctx); cut != nil {
			return cut
		}
	}
	return err
}

// watchedReader tells the watchdog of each Read.
type watchedReader struct {
	r   interface{ Read([]byte) (int, error) }
	dog *watchdog
}

func (w *watchedReader) Read(p []byte) (int, error) {
	w.dog.waits()
	n, err := w.r.Read(p)
	w.dog.got()
	return n, err
}
