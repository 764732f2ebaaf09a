package operatorstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/connrotation"
)

// Line is the connection of one program to its server. Its methods may be called by any
// goroutine.
type Line struct {
	// Config is that of the server, over this line.
	Config *rest.Config

	dialer *connrotation.Dialer

	mu       sync.Mutex
	down     bool       // guarded by mu
	refusals []*Refusal // guarded by mu
}

// Refusal are requests that get an error 503 in the place of the server's answer.
type Refusal struct {
	matches func(*http.Request) bool
	line    *Line
	left    int // guarded by line.mu; below 0 until the end
	hits    int // guarded by line.mu
}

// NewLine returns a line to the server of cfg, which ends with the test.
func NewLine(t testing.TB, cfg *rest.Config) *Line {
	l := &Line{Config: rest.CopyConfig(cfg)}
	l.dialer = connrotation.NewDialer((&net.Dialer{}).DialContext)
	l.Config.Dial = l.dial
	l.Config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &refusing{l, next} })
	t.Cleanup(l.Down)
	return l
}

func (l *Line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		conn.Close()
		return nil, errors.New("operatorstest: the line is down")
	}
	return conn, nil
}

// Cut breaks every connection that is open, with the watches on it.
func (l *Line) Cut() { l.dialer.CloseAll() }

// Down cuts the line for good.
func (l *Line) Down() {
	l.mu.Lock()
	l.down = true
	l.mu.Unlock()
	l.Cut()
}

// Refuse refuses the next n requests of a kind, all if n is below 0.
func (l *Line) Refuse(n int, matches func(*http.Request) bool) *Refusal {
	r := &Refusal{matches: matches, line: l, left: n}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals = append(l.refusals, r)
	return r
}

// End lets the requests through again.
func (r *Refusal) End() {
	r.line.mu.Lock()
	defer r.line.mu.Unlock()
	r.left = 0
}

// Hits is how many requests were refused.
func (r *Refusal) Hits() int {
	r.line.mu.Lock()
	defer r.line.mu.Unlock()
	return r.hits
}

func (l *Line) refuses(req *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.refusals {
		if r.left != 0 && r.matches(req) {
			r.left, r.hits = r.left-1, r.hits+1
			return true
		}
	}
	return false
}

// refusing is the transport of a Line.
type refusing struct {
	line *Line
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r *refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if !r.line.refuses(req) {
		return r.next.RoundTrip(req)
	}
	if req.Body != nil {
		req.Body.Close()
	}
	status := apierrors.NewServiceUnavailable("refused by the test").Status()
	status.Kind, status.APIVersion = "Status", "v1"
	body, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: int(status.Code), Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// WrappedRoundTripper lets client-go find the transport below.
func (r *refusing) WrappedRoundTripper() http.RoundTripper { return r.next }
