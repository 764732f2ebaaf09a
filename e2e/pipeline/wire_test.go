package pipeline

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/informant-go/informant/e2e/realserver"
)

// wire is the transport between a pipeline and the server. It records the
// requests and can hold, answer and cut them.
type wire struct {
	base http.RoundTripper

	// fault, if not nil, may answer a request in place of the server, or do
	// something before it is sent. It is set before the first request.
	fault func(asked) (*http.Response, error)

	mu   sync.Mutex
	all  []asked
	open map[*cuttable]struct{} // the streams that are open
	gate chan struct{}          // requests wait until it is closed, nil for none
}

// asked is a request to the collection.
type asked struct {
	at    time.Time
	query url.Values
}

func (a asked) watch() bool    { return a.query.Get("watch") == "true" }
func (a asked) streamed() bool { return a.query.Get("sendInitialEvents") == "true" }
func (a asked) list() bool     { return !a.watch() }

func newWire(s *realserver.Server) *wire {
	return &wire{base: s.Client().Transport, open: make(map[*cuttable]struct{})}
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w} }

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	a := asked{at: time.Now(), query: req.URL.Query()}
	w.mu.Lock()
	w.all = append(w.all, a)
	gate := w.gate
	w.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if w.fault != nil {
		if resp, err := w.fault(a); resp != nil || err != nil {
			if resp != nil {
				resp.Request = req
			}
			return resp, err
		}
	}
	resp, err := w.base.RoundTrip(req)
	if err != nil || !a.watch() {
		return resp, err
	}
	c := &cuttable{ReadCloser: resp.Body, w: w}
	resp.Body = c
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[c] = struct{}{}
	return resp, nil
}

// hold makes requests wait until release.
func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = make(chan struct{})
}

func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.gate)
	w.gate = nil
}

// cut breaks the open streams, and tells how many there were.
func (w *wire) cut() int {
	w.mu.Lock()
	streams := w.open
	w.open = make(map[*cuttable]struct{})
	w.mu.Unlock()
	for c := range streams {
		c.cut()
	}
	return len(streams)
}

// requests are those for which keep is true, in order.
func (w *wire) requests(keep func(asked) bool) []asked {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kept []asked
	for _, a := range w.all {
		if keep(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

// cuttable is the body of a watch.
type cuttable struct {
	io.ReadCloser
	w *wire

	mu  sync.Mutex
	off bool
}

func (c *cuttable) cut() {
	c.mu.Lock()
	c.off = true
	c.mu.Unlock()
	c.ReadCloser.Close()
}

func (c *cuttable) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func (c *cuttable) Close() error {
	c.w.mu.Lock()
	delete(c.w.open, c)
	c.w.mu.Unlock()
	return c.ReadCloser.Close()
}

// answer is a response that the server never sent. header holds pairs.
func answer(code int, contentType, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
