//go:build unix

package controllerruntime

import (
	"fmt"
	"syscall"
)

// reservePort returns a port of 127.0.0.1 that nobody else is given until release
// is called, and on which this process can listen: a socket that is bound and does
// not listen lets another one in, whereas a port that was merely free a moment
// ago may not be any more.
func reservePort() (port int, release func(), err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, nil, err
	}
	syscall.CloseOnExec(fd)
	release = func() { _ = syscall.Close(fd) }
	port, err = bind(fd)
	if err != nil {
		release()
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	return port, release, nil
}

func bind(fd int) (int, error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	return bound.(*syscall.SockaddrInet4).Port, nil
}

// port reserves one until the end of the trial.
func (x *trial) port() int {
	x.Helper()
	port, release, err := reservePort()
	x.must(err)
	x.Cleanup(release)
	return port
}
