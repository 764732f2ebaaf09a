package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/debug"
	"github.com/informant-go/informant/reflector/httpsource"
)

// patience is how long the cache may take for its first list, to recover from a
// fault, and to agree with the server at the end.
const patience = 20 * time.Second

var errDisagree = errors.New("cache and server do not agree")

// drive says what is to be seen, runs the pipeline while the world goes on, then
// compares and reports.
func drive[T httpsource.Object](ctx context.Context, s settings, p *pipeline[T], introduce func(), world func(context.Context) error) (err error) {
	end, err := p.serveDebugPage(s.debug)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	introduce()
	running, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	var runErr error
	group.Go(func() { runErr = p.run(running, s.workers) })
	group.Go(func() { p.show(running) })
	defer func() {
		stop()
		group.Wait()
		err = errors.Join(err, runErr)
		if ctx.Err() != nil {
			err = errors.New("interrupted before the comparison")
		}
	}()

	syncing, cancel := context.WithTimeout(running, patience)
	defer cancel()
	if err := informer.WaitForSync(syncing, p.handler); err != nil {
		return err
	}
	if err := world(running); err != nil {
		return err
	}
	v, err := p.compareUntilAgreed(running, patience)
	if err != nil {
		return err
	}
	p.report(v)
	if !v.agrees() {
		return errDisagree
	}
	p.screen.say("", "cache and server agree")
	return nil
}

// serveDebugPage serves the debug page of the informer at an address, if there is
// one, and says where. end ends that, with every connection, and returns what went
// wrong meanwhile.
func (p *pipeline[T]) serveDebugPage(addr string) (end func() error, err error) {
	if addr == "" {
		return func() error { return nil }, nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("-debug %s: the page cannot be served there: %w: give an address of this machine with a free port, such as localhost:0", addr, err)
	}
	server := &http.Server{Handler: debug.Handler(p.informer), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	p.screen.say("", "Debug page, until the program ends: %s", urlOf(listener.Addr()))
	p.screen.print("\n")
	return func() error {
		closing := server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			return errors.Join(err, closing)
		}
		return closing
	}, nil
}

// urlOf is where a browser on this machine finds a listener.
func urlOf(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d/", tcp.Port)
	}
	return fmt.Sprintf("http://%s/", addr)
}

func indexNames[T httpsource.Object](p *pipeline[T]) []string {
	return slices.Sorted(maps.Keys(p.informer.Indexer().GetIndexers()))
}
