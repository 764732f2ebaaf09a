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
	second   *child // another API server, nil for none
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
	api, address, err := c.startServer(ctx, c.address, c.etcd.url)
	if err != nil {
		return err
	}
	// A free port, once found, stays: clients come back to it after a restart.
	c.api, c.address = api, address
	return nil
}

// startSecond starts another API server, which reaches etcd at a URL, and returns
// its own.
func (c *cluster) startSecond(ctx context.Context, etcd string) (string, error) {
	if c.second != nil {
		return "", errors.New("there is a second API server")
	}
	api, address, err := c.startServer(ctx, "127.0.0.1:0", etcd)
	if err != nil {
		return "", err
	}
	c.second = api
	return "https://" + address, nil
}

// startServer starts an API server and returns it, and its address, when it is ready.
func (c *cluster) startServer(ctx context.Context, address, etcd string) (*child, string, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	l, err := listen(ctx, address)
	if err != nil {
		return nil, "", err
	}
	address = l.Addr().String()
	api, err := startAPIServer(l, c.dir, c.flags(etcd))
	if err != nil {
		return nil, "", err
	}
	if err := c.awaitReady(ctx, api, address); err != nil {
		_ = api.stop() // err already says what is wrong
		return nil, "", fmt.Errorf("%w\n%s", err, c.dir.logTail())
	}
	return api, address, nil
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

// kill ends the API server as a crash does.
func (c *cluster) kill() error {
	if c.api == nil {
		return errors.New("the API server is down")
	}
	err := c.api.kill()
	c.api = nil
	return err
}

// stop ends everything and removes a temporary directory.
func (c *cluster) stop() error {
	var errs []error
	if c.second != nil {
		errs = append(errs, c.second.stop())
	}
	if c.api != nil {
		errs = append(errs, c.down())
	}
	if c.etcd != nil {
		errs = append(errs, c.etcd.close())
	}
	return errors.Join(append(errs, c.dir.close())...)
}

// ended is closed when the process of c has ended; nil if there is none.
func ended(c *child) <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.done
}

// obey carries out commands until ctx ends or a process of the cluster does.
func (c *cluster) obey(ctx context.Context, commands <-chan string, out io.Writer) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ended(c.api):
			return c.died(ctx, &c.api)
		case <-ended(c.second):
			return c.died(ctx, &c.second)
		case <-ended(c.etcd.child):
			return c.died(ctx, &c.etcd.child)
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

// died returns the error of a process that ended by itself.
func (c *cluster) died(ctx context.Context, which **child) error {
	p := *which
	*which = nil
	// Ctrl-C reaches the whole process group; the child may be first.
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%s ended by itself: %v\n%s", p.name, p.err, c.dir.logTail())
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

// flags is the command line of a kube-apiserver that reaches etcd at a URL.
func (c *cluster) flags(etcd string) []string {
	flags := []string{
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + c.dir.certificate(),
		"--tls-private-key-file=" + c.dir.key(),
		"--etcd-servers=" + etcd,
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
func (c *cluster) awaitReady(ctx context.Context, api *child, address string) error {
	p, err := newProbe("https://"+address, c.dir)
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
