package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// compactRevKey is where API servers tell one another what has been compacted.
const compactRevKey = "compact_rev_key"

// etcd is an etcd of one member in a process of its own, which comes and goes.
type etcd struct {
	dir    directory
	url    string // stays the same
	child  *child // nil while it is down
	client *clientv3.Client
}

// startEtcd returns an etcd that answers. After an error nothing is left running.
func startEtcd(ctx context.Context, dir directory) (*etcd, error) {
	e := &etcd{dir: dir, url: "http://127.0.0.1:0"}
	if err := e.up(ctx); err != nil {
		return nil, err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{e.url}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", errors.Join(err, e.child.stop()))
	}
	e.client = client
	return e, nil
}

// up starts the process, on the same data and port as before, and returns when it
// is ready.
func (e *etcd) up(ctx context.Context) error {
	if e.child != nil {
		return errors.New("etcd is up")
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	child, err := startChild(etcdName, write, e.dir, []string{e.dir.etcd(), e.url})
	write.Close()
	if err != nil {
		return err
	}
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(read).ReadString('\n') // "" when it ends before
		ready <- strings.TrimSpace(line)
	}()
	select {
	case url := <-ready:
		if url == "" {
			<-child.done
			return fmt.Errorf("etcd ended during its start: %v\n%s", child.err, e.dir.logTail())
		}
		e.url, e.child = url, child
		return nil
	case <-ctx.Done():
		_ = child.kill() // which ends the pipe, and with it the goroutine
		<-ready
		return fmt.Errorf("etcd is not ready: %w", context.Cause(ctx))
	}
}

// kill ends the process as a crash does.
func (e *etcd) kill() error {
	if e.child == nil {
		return errors.New("etcd is down")
	}
	err := e.child.kill()
	e.child = nil
	return err
}

// compact forgets all history before the current revision, which it returns. An
// API server without watch cache answers 410 from then on; one with it reads
// compactRevKey within seconds, for lists.
func (e *etcd) compact(ctx context.Context) (int64, error) {
	now, err := e.client.Get(ctx, compactRevKey, clientv3.WithCountOnly())
	if err != nil {
		return 0, err
	}
	revision := now.Header.Revision
	if _, err := e.client.Compact(ctx, revision, clientv3.WithCompactPhysical()); err != nil {
		return 0, fmt.Errorf("compaction at revision %d: %w", revision, err)
	}
	_, err = e.client.Put(ctx, compactRevKey, strconv.FormatInt(revision, 10))
	return revision, err
}

func (e *etcd) close() error {
	err := e.client.Close()
	if e.child != nil {
		err = errors.Join(err, e.child.stop())
	}
	return err
}
