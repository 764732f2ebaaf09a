package main

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// stopTimeout bounds the stop of a child, which takes about a second.
const stopTimeout = 30 * time.Second

// child is the process of the API server or of etcd. It runs until its standard
// input ends, which the death of this process brings about as well.
type child struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when the process is gone
	err   error         // how it ended; read it after done
}

// startChild runs this program as name, with file, which stays the caller's.
func startChild(name string, file *os.File, dir directory, flags []string) (*child, error) {
	log, err := os.OpenFile(dir.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	path, err := self()
	if err != nil {
		return nil, err
	}

	cmd := exec.Command(path, append([]string{name}, flags...)...)
	cmd.Dir = dir.path
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{file}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{name: name, cmd: cmd, stdin: stdin, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
	}()
	return c, nil
}

// startAPIServer runs the API server on l, which it takes over: an open listener
// leaves no moment in which another process can take the port.
func startAPIServer(l *net.TCPListener, dir directory, flags []string) (*child, error) {
	defer l.Close()
	socket, err := l.File()
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	return startChild(childName, socket, dir, flags)
}

// stop returns when the process is gone.
func (c *child) stop() error {
	c.stdin.Close()
	limit := time.NewTimer(stopTimeout)
	defer limit.Stop()
	select {
	case <-c.done:
		return c.err
	case <-limit.C:
		err := c.cmd.Process.Kill()
		<-c.done
		return errors.Join(errors.New(c.name+" had to be killed"), err)
	}
}

// kill ends the process as a crash does, and returns when it is gone.
func (c *child) kill() error {
	err := c.cmd.Process.Kill()
	<-c.done
	c.stdin.Close()
	return err
}

// self is the path of this executable. On Linux it is good for a file that a
// newer build has replaced, too.
func self() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}
