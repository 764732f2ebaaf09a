package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcdName as first argument makes this program etcd alone.
const etcdName = "etcd"

// readyFD is where it says where it is, in one line: the first of ExtraFiles.
const readyFD = 3

// serveEtcd runs etcd with its data in a directory and its clients at a URL, whose
// port may be 0, until standard input ends.
func serveEtcd(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%s takes a directory and a URL, not %q", etcdName, args)
	}
	signal.Ignore(os.Interrupt) // Ctrl-C is for the parent
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	config, err := etcdConfig(args[0], args[1])
	if err != nil {
		return err
	}
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer server.Close()
	select {
	case <-server.Server.ReadyNotify():
	case err := <-server.Err():
		return fmt.Errorf("etcd: %w", err)
	case <-ctx.Done():
		return errors.New("etcd was stopped before it was ready")
	}
	ready := os.NewFile(readyFD, "ready")
	_, err = fmt.Fprintln(ready, "http://"+server.Clients[0].Addr().String())
	if err := errors.Join(err, ready.Close()); err != nil {
		return err
	}
	select {
	case err := <-server.Err():
		return fmt.Errorf("etcd: %w", err)
	case <-ctx.Done():
		return nil
	}
}

func etcdConfig(dir, clients string) (*embed.Config, error) {
	at, err := url.Parse(clients)
	if err != nil {
		return nil, err
	}
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	c := embed.NewConfig()
	c.Name = "informant"
	c.Dir = dir
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*at}, []url.URL{*at}
	c.ListenPeerUrls, c.AdvertisePeerUrls = anyPort, anyPort
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	// The data need not outlive a power cut.
	c.UnsafeNoFsync = true
	// Bookmarks of an idle watch depend on it.
	c.WatchProgressNotifyInterval = 5 * time.Second
	c.EnableGRPCGateway = false
	c.LogLevel = "fatal"
	return c, nil
}
