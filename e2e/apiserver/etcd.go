package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// compactRevKey is where API servers tell one another what has been compacted.
const compactRevKey = "compact_rev_key"

// etcd is an etcd of one member in this process, with a client that takes no
// detour over the network.
type etcd struct {
	server *embed.Etcd
	client *clientv3.Client
}

func startEtcd(ctx context.Context, dir directory) (*etcd, error) {
	server, err := embed.StartEtcd(etcdConfig(dir))
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	select {
	case <-server.Server.ReadyNotify():
		return &etcd{server: server, client: v3client.New(server.Server)}, nil
	case err := <-server.Err():
		err = fmt.Errorf("etcd: %w", err)
		server.Close()
		return nil, err
	case <-ctx.Done():
		server.Close()
		return nil, fmt.Errorf("etcd is not ready: %w", context.Cause(ctx))
	}
}

func etcdConfig(dir directory) *embed.Config {
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	c := embed.NewConfig()
	c.Name = "informant"
	c.Dir = dir.etcd()
	c.ListenClientUrls, c.AdvertiseClientUrls = anyPort, anyPort
	c.ListenPeerUrls, c.AdvertisePeerUrls = anyPort, anyPort
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	// The data need not outlive a power cut.
	c.UnsafeNoFsync = true
	// Bookmarks of an idle watch depend on it.
	c.WatchProgressNotifyInterval = 5 * time.Second
	c.EnableGRPCGateway = false
	c.LogLevel = "fatal"
	return c
}

func (e *etcd) url() string {
	return "http://" + e.server.Clients[0].Addr().String()
}

// failed yields the error that ended etcd.
func (e *etcd) failed() <-chan error {
	return e.server.Err()
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

func (e *etcd) close() {
	// The client's context is cancelled by its own Close and says nothing new.
	_ = e.client.Close()
	e.server.Close()
}
