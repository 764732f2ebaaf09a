package realserver

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// startTimeout bounds a start, which takes about three seconds on an idle
// machine.
const startTimeout = 3 * time.Minute

// Server is a running API server. Its methods may be called by any goroutine.
type Server struct {
	process    *process
	kubeconfig string
	config     *rest.Config
	client     *http.Client
	stop       func() error
}

// Start runs a server until the end of the test or benchmark t, which it fails
// if the server cannot be built or started or does not end well.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Launch(t.Context(), o)
	if err != nil {
		t.Fatalf("starting the API server: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stopping the API server: %v", err)
		}
	})
	return s
}

// Launch is Start without a test: the server runs until Stop or the end of this
// process. The context bounds the start alone. After an error nothing is left
// running.
func Launch(ctx context.Context, o Options) (*Server, error) {
	path, err := executable()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(path, o.args())
	if err != nil {
		return nil, err
	}
	s, err := connect(ctx, p)
	if err != nil {
		_ = p.stop() // err already tells how the process ended.
		return nil, err
	}
	return s, nil
}

// connect waits until the process is ready.
func connect(ctx context.Context, p *process) (*Server, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready after %v", startTimeout))
	defer cancel()
	line, err := p.line(ctx)
	if err != nil {
		return nil, err
	}
	kubeconfig, ok := strings.CutPrefix(line, "READY ")
	if !ok {
		return nil, fmt.Errorf("the API server said %q, not READY", line)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	// Tests are not to wait for a client's own rate limit.
	config.QPS = -1
	client, err := newClient(config)
	if err != nil {
		return nil, err
	}
	s := &Server{process: p, kubeconfig: kubeconfig, config: config, client: client}
	s.stop = sync.OnceValue(func() error {
		s.client.CloseIdleConnections()
		return p.stop()
	})
	return s, nil
}

// URL is the server's base URL, https and without a path. It stays the same
// over restarts.
func (s *Server) URL() string { return s.config.Host }

// Kubeconfig is the path of a kubeconfig for other processes, for as long as
// the server runs.
func (s *Server) Kubeconfig() string { return s.kubeconfig }

// Client is an HTTP client that knows the server's CA, authenticates as a member
// of system:masters and speaks HTTP/2. It is the same at each call.
func (s *Server) Client() *http.Client { return s.client }

// NewClient is a Client with connections of its own, which the caller closes
// with CloseIdleConnections.
func (s *Server) NewClient() *http.Client {
	client, err := newClient(s.config)
	if err != nil {
		// The same configuration made the first client.
		panic(err)
	}
	return client
}

// RESTConfig is a configuration for client-go without a rate limit. The caller
// owns it.
func (s *Server) RESTConfig() *rest.Config { return rest.CopyConfig(s.config) }

// Compact makes etcd forget all history before its current revision, which it
// returns. The state at that revision and the event that led to it stay, so a
// list of version revision-1 is gone and a watch from there is not: a test makes
// two writes after the version that it wants to expire. A server with
// NoWatchCache answers 410 at once. One with the watch cache does so for lists
// within about 15 seconds, for watches after Restart.
func (s *Server) Compact(ctx context.Context) (int64, error) {
	answer, err := s.process.ask(ctx, "compact")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(answer, 10, 64)
}

// Restart stops the API server and starts it again on the same etcd and URL,
// with an empty watch cache. It returns when the server is ready.
func (s *Server) Restart(ctx context.Context) error {
	_, err := s.process.ask(ctx, "restart")
	return err
}

// Down stops the API server and leaves etcd running: connections are refused
// until Up.
func (s *Server) Down(ctx context.Context) error {
	_, err := s.process.ask(ctx, "down")
	return err
}

// Up starts the API server after Down and returns when it is ready.
func (s *Server) Up(ctx context.Context) error {
	_, err := s.process.ask(ctx, "up")
	return err
}

// Kill ends the API server as a crash does, by SIGKILL; etcd keeps running. Up starts
// it again.
func (s *Server) Kill(ctx context.Context) error {
	_, err := s.process.ask(ctx, "kill")
	return err
}

// KillEtcd ends etcd as a crash does. What it has acknowledged is there after UpEtcd.
func (s *Server) KillEtcd(ctx context.Context) error {
	_, err := s.process.ask(ctx, "killetcd")
	return err
}

// UpEtcd starts etcd after KillEtcd, with the same data and URL, and returns when it
// answers.
func (s *Server) UpEtcd(ctx context.Context) error {
	_, err := s.process.ask(ctx, "upetcd")
	return err
}

// Etcd is the URL of etcd, which asks for no credentials.
func (s *Server) Etcd(ctx context.Context) (string, error) { return s.process.ask(ctx, "etcd") }

// Second starts a second API server, which reaches etcd at the URL, that of Etcd or
// of something in between. It has the options and the credentials of the first, and
// runs as long. Second returns its base URL when it is ready. It can be called once.
func (s *Server) Second(ctx context.Context, etcd string) (string, error) {
	return s.process.ask(ctx, "second "+etcd)
}

// Stop ends the server and returns when its processes are gone. Later calls
// return the same error. A server made by Start is stopped with its test.
func (s *Server) Stop() error { return s.stop() }
