package pipeline

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/informant-go/informant/e2e/realserver"
)

// relay passes on bytes between clients and the server, over loopback. It knows
// nothing of what they mean, so that it cuts in the midst of a frame.
type relay struct {
	listener net.Listener
	target   string
	group    sync.WaitGroup
	bell     bell // rung by each connection

	mu      sync.Mutex
	pairs   map[*pair]struct{}
	latency time.Duration
}

// pair is a client's connection and the one to the server.
type pair struct {
	client, server net.Conn
	stalled        chan struct{} // closed when nothing from the server is passed on any more
	stall          func()
}

func (p *pair) close() {
	p.client.Close()
	p.server.Close()
	p.stall()
}

// newRelay runs a relay until the end of the test.
func newRelay(t *testing.T, s *realserver.Server) *relay {
	t.Helper()
	target, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, target: target.Host, pairs: make(map[*pair]struct{})}
	r.group.Go(r.accept)
	t.Cleanup(func() {
		listener.Close()
		r.cut()
		r.group.Wait()
	})
	return r
}

func (r *relay) url() string { return "https://" + r.listener.Addr().String() }

// newClient is a client for s by way of the relay. It speaks HTTP/1.1, in which
// each open watch has a connection of its own.
func (r *relay) newClient(t *testing.T, s *realserver.Server) *http.Client {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return newClient(t, s, &http.Transport{Protocols: &protocols})
}

// newPingingClient is one that speaks HTTP/2, in which all requests share a
// connection, and asks now and then whether that is alive.
func (r *relay) newPingingClient(t *testing.T, s *realserver.Server) *http.Client {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	return newClient(t, s, &http.Transport{
		Protocols: &protocols,
		HTTP2:     &http.HTTP2Config{SendPingTimeout: time.Second, PingTimeout: 2 * time.Second},
	})
}

func newClient(t *testing.T, s *realserver.Server, transport *http.Transport) *http.Client {
	t.Helper()
	config := s.RESTConfig()
	roots, err := tlsRoots(config.CAData)
	if err != nil {
		t.Fatal(err)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: withToken{token: config.BearerToken, base: transport}}
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.target)
		if err != nil {
			client.Close()
			continue
		}
		r.connect(client, server)
	}
}

func (r *relay) connect(client, server net.Conn) {
	stalled := make(chan struct{})
	p := &pair{client: client, server: server, stalled: stalled, stall: sync.OnceFunc(func() { close(stalled) })}
	r.mu.Lock()
	r.pairs[p] = struct{}{}
	r.mu.Unlock()
	r.bell.ring()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, client); p.close() })
	both.Go(func() { r.passOn(p); p.close() })
	r.group.Go(func() {
		both.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.pairs, p)
	})
}

// passOn passes on what the server sends. What it sends to a pair that stalls
// is read and lost.
func (r *relay) passOn(p *pair) {
	buffer := make([]byte, 4<<10)
	for {
		n, err := p.server.Read(buffer)
		if err != nil {
			select {
			case <-p.stalled: // the client is not to learn of it
				_, _ = io.Copy(io.Discard, p.client)
			default:
			}
			return
		}
		if !r.wait(p) {
			continue
		}
		if _, err := p.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// wait lets the latency pass; false means that the pair stalls.
func (r *relay) wait(p *pair) bool {
	r.mu.Lock()
	latency := r.latency
	r.mu.Unlock()
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-p.stalled:
		return false
	default:
	}
	select {
	case <-p.stalled:
		return false
	case <-timer.C:
		return true
	}
}

// each calls f for the connections that are open, and tells how many.
func (r *relay) each(f func(*pair)) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.pairs {
		f(p)
	}
	return len(r.pairs)
}

// cut closes all connections; new ones are passed on.
func (r *relay) cut() int { return r.each((*pair).close) }

// stall makes all connections go silent without closing; new ones are passed
// on.
func (r *relay) stall() int { return r.each(func(p *pair) { p.stall() }) }

// delay makes everything that the server sends come later.
func (r *relay) delay(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latency = by
}
