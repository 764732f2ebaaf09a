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
	gate   *gate
	client *http.Client
	http   http.Server
	log    *requestLog
	faults faults

	// closing is closed when Close begins; running counts the connections
	// and the accepting goroutine, which Close waits for.
	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup

	connMu sync.Mutex
	conns  map[net.Conn]struct{} // open ones, for Down

	mu sync.Mutex // guards what follows, and the tables and streams
	// rv is the version of the latest write to any resource.
	rv      uint64
	tables  map[schema.GroupVersionResource]*table
	streams map[*stream]struct{}
	traces  map[schema.GroupVersionResource][]*trace
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
	addr := "127.0.0.1:0"
	s.gate, err = newGate(func() (net.Listener, error) {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			addr = l.Addr().String() // the same port the next time
		}
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("apitest: no loopback port: %w", err)
	}
	s.serve(&http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64})
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
	s.gate, err = newGate(func() (net.Listener, error) { return newPipe(), nil })
	if err != nil {
		return nil, err
	}
	// A connection for each request: one that is used again makes the
	// transport repeat a refused request on its own.
	s.serve(&http.Transport{DisableCompression: true, DisableKeepAlives: true, DialContext: s.gate.dialPipe})
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
		conns:   map[net.Conn]struct{}{},
		rv:      1, // as after the start of an etcd
		tables:  map[schema.GroupVersionResource]*table{},
		streams: map[*stream]struct{}{},
		traces:  map[schema.GroupVersionResource][]*trace{},
	}
	for _, res := range opts.Resources {
		if err := s.add(res); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// serve accepts connections until Close.
func (s *Server) serve(transport *http.Transport) {
	s.URL = "http://" + s.gate.Addr().String()
	s.client = &http.Client{Transport: transport}
	s.http.Handler = http.HandlerFunc(s.handle)
	s.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	s.http.ConnState = s.track
	s.running.Go(func() { _ = s.http.Serve(s.gate) }) // always ErrServerClosed
}

// track counts the connections. One that is accepted while Close runs has been
// missed by it and is closed here.
func (s *Server) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
		s.connMu.Lock()
		defer s.connMu.Unlock()
		s.conns[c] = struct{}{}
		select {
		case <-s.closing:
			_ = c.Close() // nobody has used it yet
		default:
		}
	case http.StateClosed, http.StateHijacked:
		s.connMu.Lock()
		delete(s.conns, c)
		s.connMu.Unlock()
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
// What works for a response in the client ends when its body is closed, which
// is up to whoever sent the request.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.closing)
		_ = s.http.Close() // the listener's error helps nobody now
		s.client.CloseIdleConnections()
	})
	s.running.Wait()
}

// Serve adds a resource, empty at first. As on a real server that is a write,
// of its definition, and a version from before it is gone for the resource,
// which may have been served already and withdrawn. Serving one that is there
// is an error.
func (s *Server) Serve(res Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.add(res); err != nil {
		return err
	}
	s.step()
	t := s.tables[res.GroupVersionResource()]
	t.compact(s.rv)
	s.beginAnew(t, s.rv)
	return nil
}

// add makes the table of res. The caller holds mu, once the server runs.
func (s *Server) add(res Resource) error {
	if err := res.validate(); err != nil {
		return err
	}
	gvr := res.GroupVersionResource()
	if s.tables[gvr] != nil {
		return fmt.Errorf("apitest: resource %s is served already: name each resource once", gvr)
	}
	t := newTable(res)
	t.compacted = s.rv
	s.tables[gvr] = t
	return nil
}

// Withdraw stops serving a resource, as when its definition is deleted: the
// objects are gone, requests are answered with 404, those that are under way
// as well, open watches end. It reports whether the resource was served.
func (s *Server) Withdraw(res Resource) bool {
	gvr := res.GroupVersionResource()
	s.mu.Lock()
	t := s.tables[gvr]
	if t != nil {
		t.withdrawn = true
		delete(s.tables, gvr)
	}
	s.mu.Unlock()
	s.Cut(Match{Func: func(req Request) bool { return req.Resource == gvr }}, Cleanly)
	return t != nil
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

// Compact forgets the history: lists at earlier versions, and watches from
// them, are 410 from now on. Watches that are open go on, as in a real server
// that has nothing old left to send to them; continue tokens of earlier lists
// are answered with 410 and a token for the rest as it is now.
func (s *Server) Compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compact()
}

// Expire makes every resource version that anybody has seen so far one that is
// answered with 410: the counter moves on, as by a write to a resource that
// nobody looks at, and then the history is compacted.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step()
	s.compact()
}

// step moves the counter and wakes who waits for it.
func (s *Server) step() {
	s.rv++
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}

func (s *Server) compact() {
	for _, t := range s.tables {
		t.compact(s.rv)
	}
}
