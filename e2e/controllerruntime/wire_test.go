package controllerruntime

import (
	"io"
	"net/http"
	"strings"
	"sync"
)

// wire is between a manager and the server. It can refuse a resource, and hold
// back what watches bring.
type wire struct {
	base http.RoundTripper

	mu      sync.Mutex
	refused string        // a resource, or nothing; guarded by mu
	held    chan struct{} // closed when watches bring something again; guarded by mu
}

func newWire(base http.RoundTripper) *wire {
	open := make(chan struct{})
	close(open)
	return &wire{base: base, held: open}
}

// refuse makes the server forbid a resource, such as "configmaps"; nothing ends that.
func (w *wire) refuse(resource string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = resource
}

// hold keeps back what watches bring, until the function that it returns is called.
func (w *wire) hold() (release func()) {
	held := make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = held
	return sync.OnceFunc(func() { close(held) })
}

func (w *wire) holding() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held
}

func (w *wire) refuses(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused != "" && strings.HasSuffix(path, "/"+w.refused)
}

const forbidden = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"the wire refuses this"}`

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.refuses(request.URL.Path) {
		return &http.Response{
			StatusCode: http.StatusForbidden, Status: "403 Forbidden", Request: request,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   io.NopCloser(strings.NewReader(forbidden)),
		}, nil
	}
	response, err := w.base.RoundTrip(request)
	if err == nil && request.URL.Query().Get("watch") == "true" {
		response.Body = &heldBody{ReadCloser: response.Body, wire: w, closed: make(chan struct{})}
	}
	return response, err
}

// heldBody is the body of a watch.
type heldBody struct {
	io.ReadCloser
	wire   *wire
	once   sync.Once
	closed chan struct{}
}

// Read returns what it has read when nothing is held back any more.
func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	select {
	case <-b.wire.holding():
	case <-b.closed:
	}
	return n, err
}

func (b *heldBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.ReadCloser.Close()
}
