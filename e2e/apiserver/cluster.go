package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// startTimeout bounds one start of the API server: it takes three seconds on an
// idle machine and a multiple of that beside a compiler.
const startTimeout = 2 * time.Minute

// cluster is etcd and the API server on it, which comes and goes.
type cluster struct {
	settings settings
	dir      directory
	etcd     *etcd
	address  string
	api      *child // nil while it is down
}

// startCluster returns a cluster that answers requests. After an error nothing
// is left running.
func startCluster(ctx context.Context, o settings) (*cluster, error) {
	dir, err := openDirectory(o.dir)
	if err != nil {
		return nil, err
	}
	c := &cluster{settings: o, dir: dir, address: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port))}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context) (err error) {
	if c.etcd, err = startEtcd(ctx, c.dir); err != nil {
		return err
	}
	if err := c.up(ctx); err != nil {
		return err
	}
	return c.dir.writeKubeconfig("https://" + c.address)
}

// up starts the API server and returns when it is ready.
func (c *cluster) up(ctx context.Context) error {
	if c.api != nil {
		return errors.New("the API server is up")
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	l, err := listen(ctx, c.address)
	if err != nil {
		return err
	}
	// A free port, once found, stays: clients come back to it after a restart.
	c.address = l.Addr().String()
	api, err := startChild(l, c.dir, c.flags())
	if err != nil {
		return err
	}
	if err := c.awaitReady(ctx, api); err != nil {
		api.stop()
		return fmt.Errorf("%w\n%s", err, c.dir.logTail())
	}
	c.api = api
	return nil
}

// down stops the API server and returns when its process is gone.
func (c *cluster) down() error {
	if c.api == nil {
		return errors.New("the API server is down")
	}
	err := c.api.stop()
	c.api = nil
	return err
}

// stop ends everything and removes a temporary directory.
func (c *cluster) stop() error {
	var errs []error
	if c.api != nil {
		errs = append(errs, c.down())
	}
	if c.etcd != nil {
		c.etcd.close()
	}
	return errors.Join(append(errs, c.dir.close())...)
}

// obey carries out commands until ctx ends or a process of the cluster does.
func (c *cluster) obey(ctx context.Context, commands <-chan string, out io.Writer) error {
	for {
		var died <-chan struct{}
		if c.api != nil {
			died = c.api.done
		}
		select {
		case <-ctx.Done():
			return nil
		case <-died:
			err := c.api.err
			c.api = nil
			// Ctrl-C reaches the whole process group; the child may be first.
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("kube-apiserver ended by itself: %v\n%s", err, c.dir.logTail())
		case err := <-c.etcd.failed():
			return fmt.Errorf("etcd ended by itself: %w", err)
		case line := <-commands:
			answer, err := c.command(ctx, line)
			if err != nil {
				answer = "ERROR " + line + " " + oneLine(err)
			}
			if _, err := fmt.Fprintln(out, answer); err != nil {
				return err
			}
		}
	}
}

// listen binds address. The port of an API server that just stopped may be
// taken for a moment by an outgoing connection, so it tries until ctx ends.
func listen(ctx context.Context, address string) (*net.TCPListener, error) {
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for first := time.Now(); ; {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp4", address)
		if err == nil {
			return l.(*net.TCPListener), nil
		}
		if time.Since(first) > 10*time.Second {
			return nil, err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// flags is the command line of kube-apiserver.
func (c *cluster) flags() []string {
	flags := []string{
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + c.dir.certificate(),
		"--tls-private-key-file=" + c.dir.key(),
		"--etcd-servers=" + c.etcd.url(),
		// Tests decide when history is forgotten.
		"--etcd-compaction-interval=0",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.dir.key(),
		"--service-account-signing-key-file=" + c.dir.key(),
		"--token-auth-file=" + c.dir.tokens(),
		"--authorization-mode=RBAC",
		"--disable-admission-plugins=ServiceAccount",
		// Open watches otherwise hold the shutdown for a minute.
		"--shutdown-watch-termination-grace-period=1s",
		"--watch-cache=" + strconv.FormatBool(c.settings.watchCache),
	}
	if g := c.settings.featureGates; g != "" {
		flags = append(flags, "--feature-gates="+g)
	}
	return append(flags, c.settings.more...)
}

// awaitReady polls the API server until it is ready, ctx ends or it dies.
func (c *cluster) awaitReady(ctx context.Context, api *child) error {
	p, err := newProbe("https://"+c.address, c.dir)
	if err != nil {
		return err
	}
	defer p.close()
	retry := time.NewTicker(25 * time.Millisecond)
	defer retry.Stop()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-retry.C:
		case <-api.done:
			return fmt.Errorf("kube-apiserver ended during its start: %v", api.err)
		case <-ctx.Done():
			return fmt.Errorf("kube-apiserver is not ready: %w", err)
		}
	}
}
