package properties

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// balancer is an http.RoundTripper in front of several API servers: all requests go
// to the one that it has turned to.
type balancer struct {
	base http.RoundTripper

	mu     sync.Mutex
	hosts  []string
	at     int
	asked  int                  // how many requests this one has had since the turn
	gone   int                  // how many watches are still to be told that their version is gone
	before func(url.Values)     // is called before each request is sent; nil for nothing
	open   map[*flight]struct{} // requests whose answers are not at their end
	moved  chan struct{}        // closed by the next request; nil when nobody waits
}

func newBalancer(t *testing.T, base http.RoundTripper, urls ...string) *balancer {
	t.Helper()
	b := &balancer{base: base, open: map[*flight]struct{}{}}
	for _, u := range urls {
		at, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		b.hosts = append(b.hosts, at.Host)
	}
	return b
}

func (b *balancer) client() *http.Client { return &http.Client{Transport: b} }

// answerGone is what a server says to a watch from a version that it has forgotten.
const answerGone = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}}` + "\n"

func (b *balancer) RoundTrip(req *http.Request) (*http.Response, error) {
	query := req.URL.Query()
	ctx, cancel := context.WithCancel(req.Context())
	f := &flight{of: b, cancel: cancel}
	host, gone, before := b.direct(query, f)
	if before != nil {
		before(query)
	}
	if gone {
		f.land()
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answerGone)), ContentLength: -1,
		}, nil
	}
	req = req.Clone(ctx)
	req.URL.Host, req.Host = host, ""
	resp, err := b.base.RoundTrip(req)
	if err != nil {
		f.land()
		return nil, err
	}
	resp.Body = body{resp.Body, f}
	return resp, nil
}

// direct tells where a request goes, and whether its version is said to be gone.
func (b *balancer) direct(query url.Values, f *flight) (host string, gone bool, before func(url.Values)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	b.open[f] = struct{}{}
	if b.moved != nil {
		close(b.moved)
		b.moved = nil
	}
	if gone = b.gone > 0 && query.Get("watch") == "true" && query.Get("sendInitialEvents") != "true"; gone {
		b.gone--
	}
	return b.hosts[b.at], gone, b.before
}

// turn sends what is asked from now on to another server, tells the next watches that
// their version is gone, and cuts what is open.
func (b *balancer) turn(to, gone int) {
	b.mu.Lock()
	b.at, b.asked, b.gone = to, 0, gone
	open := b.open
	b.open = map[*flight]struct{}{}
	b.mu.Unlock()
	for f := range open {
		f.cancel()
	}
}

// await waits until there were n requests since the turn.
func (b *balancer) await(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	for {
		b.mu.Lock()
		if b.moved == nil {
			b.moved = make(chan struct{})
		}
		asked, moved := b.asked, b.moved
		b.mu.Unlock()
		if asked >= n {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			t.Fatalf("%d requests came, and not %d: %v", asked, n, context.Cause(ctx))
		}
	}
}

// flight is a request until its answer is at its end.
type flight struct {
	of     *balancer
	cancel context.CancelFunc
}

func (f *flight) land() {
	f.of.mu.Lock()
	delete(f.of.open, f)
	f.of.mu.Unlock()
	f.cancel()
}

// body is an answer.
type body struct {
	io.ReadCloser
	flight *flight
}

func (a body) Close() error {
	err := a.ReadCloser.Close()
	a.flight.land()
	return err
}
