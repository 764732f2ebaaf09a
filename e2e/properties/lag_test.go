package properties

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// lag passes on bytes between an API server and etcd. What etcd sends comes later, or
// not before it is let go.
type lag struct {
	listener net.Listener
	target   string
	group    sync.WaitGroup

	mu    sync.Mutex
	by    time.Duration
	held  chan struct{} // closed when what is held goes on, nil for nothing held
	conns map[net.Conn]struct{}
	over  bool
}

// newLag runs a lag in front of etcd until the end of the test.
func newLag(t *testing.T, etcd string) *lag {
	t.Helper()
	target, err := url.Parse(etcd)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lag{listener: listener, target: target.Host, conns: make(map[net.Conn]struct{})}
	l.group.Go(l.accept)
	t.Cleanup(l.close)
	return l
}

func (l *lag) url() string { return "http://" + l.listener.Addr().String() }

func (l *lag) close() {
	l.listener.Close()
	l.release()
	l.mu.Lock()
	l.over = true
	for c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	l.group.Wait()
}

// keep notes a connection, to be closed in the end.
func (l *lag) keep(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		c.Close()
	}
	l.conns[c] = struct{}{}
}

func (l *lag) accept() {
	for {
		api, err := l.listener.Accept()
		if err != nil {
			return
		}
		etcd, err := net.Dial("tcp", l.target)
		if err != nil {
			api.Close()
			continue
		}
		l.keep(api)
		l.keep(etcd)
		l.group.Go(func() {
			_, _ = io.Copy(etcd, api)
			etcd.Close()
		})
		l.group.Go(func() { l.passOn(api, etcd) })
	}
}

// late is some bytes, and when they are due.
type late struct {
	bytes []byte
	due   time.Time
}

// passOn passes on what etcd sends. Bytes wait beside one another, so that a delay
// costs no throughput.
func (l *lag) passOn(api, etcd net.Conn) {
	line := make(chan late, 1<<12)
	l.group.Go(func() {
		defer api.Close()
		for b := range line {
			timer := time.NewTimer(time.Until(b.due))
			<-timer.C
			if held := l.gate(); held != nil {
				<-held
			}
			if _, err := api.Write(b.bytes); err != nil {
				etcd.Close() // which ends the other loop, and so this one
			}
		}
	})
	defer close(line)
	for {
		buffer := make([]byte, 16<<10)
		n, err := etcd.Read(buffer)
		if err != nil {
			return
		}
		line <- late{buffer[:n], time.Now().Add(l.latency())}
	}
}

func (l *lag) latency() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.by
}

func (l *lag) gate() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// delay makes all that etcd sends from now on come later.
func (l *lag) delay(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.by = by
}

// hold keeps back what etcd sends, until release.
func (l *lag) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(chan struct{})
	}
}

func (l *lag) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		close(l.held)
		l.held = nil
	}
}
