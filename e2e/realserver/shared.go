package realserver

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// Shared is one server for all tests of a package, since a start takes seconds.
// Its zero value is ready. Tests keep apart by namespace.
type Shared struct {
	// Options are read by the first call of Server.
	Options Options

	once   sync.Once
	server *Server
	err    error
}

// Server starts the server if no test did so before, and returns it.
func (s *Shared) Server(t testing.TB) *Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = Launch(t.Context(), s.Options) })
	if s.err != nil {
		t.Fatalf("starting the shared API server: %v", s.err)
	}
	return s.server
}

// Stop ends the server if there is one. It is called after the tests.
func (s *Shared) Stop() error {
	if s.server == nil {
		return nil
	}
	return s.server.Stop()
}

// Runner is what TestMain gets: a *testing.M, or a wrapper of one.
type Runner interface {
	// Run runs the tests and returns the exit code.
	Run() int
}

// StopAfter returns a Runner that runs m and then stops the servers, so that a
// check for leaked goroutines comes after them.
func StopAfter(m Runner, servers ...*Shared) Runner {
	return &stopAfter{m: m, servers: servers}
}

type stopAfter struct {
	m       Runner
	servers []*Shared
}

func (r *stopAfter) Run() int {
	code := r.m.Run()
	for _, s := range r.servers {
		if err := s.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the shared API server:", err)
			code = max(code, 1)
		}
	}
	return code
}
