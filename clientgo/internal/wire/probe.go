package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
)

// probe marks the calls of a ListerWatcher by their context.
type probe struct {
	answer func(request) ([]byte, error)

	mu    sync.Mutex
	asked []request // guarded by mu, as is odd
	odd   error     // the first request that was not understood
}

type probeKey struct{}

func (p *probe) mark(ctx context.Context) context.Context {
	return context.WithValue(ctx, probeKey{}, p)
}

// take reads a request and returns what it is to be answered.
func (p *probe) take(w *Wire, req *http.Request) ([]byte, error) {
	asked, err := read(w.base, req)
	var answer []byte
	if err == nil {
		answer, err = p.answer(asked)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.odd = err
		return nil, err
	}
	p.asked = append(p.asked, asked)
	return answer, nil
}

var (
	errNothingAsked = errors.New("its ListerWatcher asks nothing over the client of the config, or without the context that it is given")
	errAskedMore    = errors.New("its ListerWatcher sends several requests for one list or watch")
)

// request is the one that was made.
func (p *probe) request() (request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.odd != nil:
		return request{}, fmt.Errorf("its ListerWatcher is not understood: %w", p.odd)
	case len(p.asked) == 0:
		return request{}, errNothingAsked
	case len(p.asked) > 1:
		return request{}, errAskedMore
	}
	return p.asked[0], nil
}

// prober is the transport of the clients that are asked: it answers marked requests that
// it understands, and sends the others, to the server of the config alone.
type prober struct {
	wire *Wire
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (p *prober) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameServer(req.URL, p.wire.base) {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, fmt.Errorf("this client is one of %s, to which its credentials belong, and sends nothing to %s: give WithConfig the rest.Config that the others are made from", p.wire.base.Host, req.URL.Host)
	}
	if probe, marked := req.Context().Value(probeKey{}).(*probe); marked {
		if answer, err := probe.take(p.wire, req); err == nil {
			return answered(req, answer), nil
		}
	}
	return p.next.RoundTrip(req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (p *prober) CloseIdleConnections() { closeIdle(p.next) }

func answered(req *http.Request, body []byte) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}

func closeIdle(transport http.RoundTripper) {
	if t, ok := transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// notes is the transport of what is sent: it notes the encoding of an answer, and gives
// the server's warnings to whom client-go gives them.
type notes struct {
	next http.RoundTripper
	warn func(context.Context, utilnet.WarningHeader)
}

type encodingKey struct{}

// encoding is the content type of an answer, for the caller of the source that gets it.
type encoding struct {
	mu          sync.Mutex
	contentType string // guarded by mu, as is came
	came        bool
}

func (e *encoding) mark(ctx context.Context) context.Context {
	return context.WithValue(ctx, encodingKey{}, e)
}

func (e *encoding) isProtobuf() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return isProtobuf(e.contentType)
}

// answered reports whether there was an answer.
func (e *encoding) answered() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.came
}

// RoundTrip implements http.RoundTripper.
func (n *notes) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := n.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if e, ok := req.Context().Value(encodingKey{}).(*encoding); ok {
		e.mu.Lock()
		e.contentType, e.came = resp.Header.Get("Content-Type"), true
		e.mu.Unlock()
	}
	warnings, _ := utilnet.ParseWarningHeaders(resp.Header["Warning"]) // malformed ones say nothing
	for _, warning := range warnings {
		n.warn(req.Context(), warning)
	}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (n *notes) CloseIdleConnections() { closeIdle(n.next) }

// warner returns what config has warnings handled by. The handler for the whole process
// cannot be read; without one of its own, warnings are logged, as is client-go's default.
func warner(config *rest.Config) func(context.Context, utilnet.WarningHeader) {
	switch {
	case config.WarningHandlerWithContext != nil:
		return func(ctx context.Context, w utilnet.WarningHeader) {
			config.WarningHandlerWithContext.HandleWarningHeaderWithContext(ctx, w.Code, w.Agent, w.Text)
		}
	case config.WarningHandler != nil:
		return func(_ context.Context, w utilnet.WarningHeader) {
			config.WarningHandler.HandleWarningHeader(w.Code, w.Agent, w.Text)
		}
	}
	return func(ctx context.Context, w utilnet.WarningHeader) {
		rest.WarningLogger{}.HandleWarningHeaderWithContext(ctx, w.Code, w.Agent, w.Text)
	}
}
