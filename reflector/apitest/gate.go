package apitest

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// gate is a listener that can be shut and opened again at the same address.
// While it is shut, nobody listens: dials are refused.
type gate struct {
	listen func() (net.Listener, error)
	addr   net.Addr

	mu      sync.Mutex
	current net.Listener  // nil while shut
	opened  chan struct{} // closed when current is set again, or by Close
	closed  bool
}

// newGate opens a gate; listen is called each time that it opens.
func newGate(listen func() (net.Listener, error)) (*gate, error) {
	l, err := listen()
	if err != nil {
		return nil, err
	}
	return &gate{listen: listen, addr: l.Addr(), current: l}, nil
}

// Accept waits through times in which the gate is shut.
func (g *gate) Accept() (net.Conn, error) {
	for {
		l, opened, closed := g.state()
		if closed {
			return nil, net.ErrClosed
		}
		if l == nil {
			<-opened
			continue
		}
		c, err := l.Accept()
		if err == nil {
			return c, nil
		}
		if now, _, _ := g.state(); now == l {
			return nil, err
		}
	}
}

func (g *gate) state() (l net.Listener, opened <-chan struct{}, closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.current, g.opened, g.closed
}

// Addr is the same while the gate is shut.
func (g *gate) Addr() net.Addr { return g.addr }

// Close shuts the gate for good.
func (g *gate) Close() error {
	err := g.shut()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.closed = true
		close(g.opened)
	}
	return err
}

// shut refuses dials from now on.
func (g *gate) shut() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current == nil {
		return nil
	}
	err := g.current.Close()
	g.current, g.opened = nil, make(chan struct{})
	return err
}

// open accepts dials again.
func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.current != nil {
		return nil
	}
	l, err := g.listen()
	if err != nil {
		return fmt.Errorf("apitest: cannot listen on %s again: %w", g.addr, err)
	}
	g.current = l
	close(g.opened)
	return nil
}

// dialPipe connects to a gate whose listeners are pipes.
func (g *gate) dialPipe(ctx context.Context, _, _ string) (net.Conn, error) {
	l, _, _ := g.state()
	if p, ok := l.(*pipe); ok {
		return p.dial(ctx)
	}
	return nil, refused(g.addr)
}

// Down makes the server unreachable, as if its process had died: all
// connections break and new ones are refused, until Up. The objects stay, and
// the methods that work on the store go on working.
func (s *Server) Down() {
	_ = s.gate.shut() // a listener that is closed twice is closed
	s.breakConnections()
}

// breakConnections closes all connections, whatever is under way on them.
func (s *Server) breakConnections() {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Up makes the server reachable again at the same URL. On a loopback port it
// fails if somebody else has taken the port meanwhile.
func (s *Server) Up() error { return s.gate.open() }
