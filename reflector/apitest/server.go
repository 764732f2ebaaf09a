package apitest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Server is an API server in memory. Its methods may be called by any
// goroutine at any time; those that change objects work on the store
// directly, past faults and request log.
type Server struct {
	// URL is the base of all paths, such as http://127.0.0.1:40001. That of
	// a server on a pipe resolves only through Client.
	URL string

	opts   Options
	ids    *ids
	client *http.Client
	http   http.Server
	log    *requestLog
	faults faults

	// closing is closed when Close begins; running counts the connections
	// and the accepting goroutine, which Close waits for.
	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup

	mu sync.Mutex // guards what follows, and the tables and streams
	// rv is the version of the latest write to any resource.
	rv      uint64
	tables  map[schema.GroupVersionResource]*table
	streams map[*stream]struct{}
	// moved is closed by the next write, opened by the next stream; nil when
	// nobody waits.
	moved  chan struct{}
	opened chan struct{}
}

// Start serves opts.Resources on a free loopback port until Close.
func Start(opts Options) (*Server, error) {
	s, err := newServer(opts)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("apitest: no loopback port: %w", err)
	}
	s.URL = "http://" + listener.Addr().String()
	s.serve(listener, &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64})
	return s, nil
}

// StartPipe serves opts.Resources on an in-memory pipe until Close: only
// Client reaches it, and no network is involved. Inside a testing/synctest
// bubble every goroutine of the server is durably blocked while it waits, so
// bookmarks and timeouts happen in virtual time; the bubble must Close the
// server before it ends.
func StartPipe(opts Options) (*Server, error) {
	s, err := newServer(opts)
	if err != nil {
		return nil, err
	}
	p := newPipe()
	s.URL = "http://" + p.Addr().String()
	// A connection for each request: one that is used again makes the
	// transport repeat a refused request on its own.
	s.serve(p, &http.Transport{
		DisableCompression: true,
		DisableKeepAlives:  true,
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx) },
	})
	return s, nil
}

func newServer(opts Options) (*Server, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts:    opts,
		ids:     newIDs(opts.Seed),
		log:     newRequestLog(opts.RequestLog),
		closing: make(chan struct{}),
		rv:      1, // as after the start of an etcd
		tables:  map[schema.GroupVersionResource]*table{},
		streams: map[*stream]struct{}{},
	}
	for _, res := range opts.Resources {
		if err := s.Serve(res); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// serve accepts connections until Close.
func (s *Server) serve(listener net.Listener, transport *http.Transport) {
	s.client = &http.Client{Transport: transport}
	s.http.Handler = http.HandlerFunc(s.handle)
	s.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	s.http.ConnState = s.track
	s.running.Go(func() { _ = s.http.Serve(listener) }) // always ErrServerClosed
}

// track counts the connections. One that is accepted while Close runs has been
// missed by it and is closed here.
func (s *Server) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
		select {
		case <-s.closing:
			_ = c.Close() // nobody has used it yet
		default:
		}
	case http.StateClosed, http.StateHijacked:
		s.running.Done()
	}
}

// connKey finds the connection in the context of a request.
type connKey struct{}

// Client returns the client that reaches the server. It is the same at each
// call and belongs to the server; a server on a loopback port can be reached
// with any other client as well.
func (s *Server) Client() *http.Client { return s.client }

// Close ends all streams and connections, stalled ones too, and returns when
// no goroutine of the server runs any more. It may be called more than once.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.closing)
		_ = s.http.Close() // the listener's error helps nobody now
		s.client.CloseIdleConnections()
	})
	s.running.Wait()
}

// Serve adds a resource, empty at first. Serving one that is there already is
// an error.
func (s *Server) Serve(res Resource) error {
	if err := res.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	gvr := res.GroupVersionResource()
	if s.tables[gvr] != nil {
		return fmt.Errorf("apitest: resource %s is served already: name each resource once", gvr)
	}
	t := newTable(res)
	t.compacted = s.rv
	s.tables[gvr] = t
	return nil
}

// ResourceVersion returns the version of the latest write to any resource.
func (s *Server) ResourceVersion() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return formatVersion(s.rv)
}

// table finds the resource, nil if it is not served.
func (s *Server) table(gvr schema.GroupVersionResource) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tables[gvr]
}
