package apitest

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// pipe is a network of its own for one server: what dials it gets one end of
// a net.Pipe and the server the other. All waiting happens on channels, so
// inside testing/synctest time passes while everybody waits.
type pipe struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipe() *pipe {
	return &pipe{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for a dial.
func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses all further dials.
func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr names the network and the address, both of which are made up.
func (p *pipe) Addr() net.Addr { return pipeAddr{} }

// dial connects to the server.
func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, refused(pipeAddr{})
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "apitest" }

// refused is the error of a dial that nobody answers.
func refused(addr net.Addr) error {
	return &net.OpError{Op: "dial", Net: addr.Network(), Addr: addr, Err: syscall.ECONNREFUSED}
}
