// Command apiserver is a real Kubernetes API server on a real etcd, in one
// program, for tests, benchmarks and trying things out by hand. It needs Go and
// nothing else: no container, no cluster, no kubectl. From the root of the
// repository,
//
//	GOWORK=off go -C e2e run ./apiserver
//
// builds it, which takes minutes the first time and seconds later, and starts
// it. Once requests are answered it prints one line to standard output,
//
//	READY <path of a kubeconfig>
//
// and it stops at SIGTERM or SIGINT, which is Ctrl-C. The kubeconfig holds the
// URL on loopback, the CA and a token of the group system:masters. From another
// terminal,
//
//	go run ./examples/quickstart -kubeconfig <that path> -resource v1/namespaces
//
// keeps a cache of what is there and compares it with the server; with kubectl,
// KUBECONFIG=<that path> is all that is needed. The server begins with little
// more than its namespaces and roles. No controllers run: nothing is garbage
// collected by owner and pods stay Pending. Without -dir, everything is in a
// temporary directory and gone at the end.
//
// etcd and kube-apiserver are children of this process, the same executable again,
// so that each start is a fresh process and either can be killed alone. They end
// with their parent, however that ends. Their log is apiserver.log in the data
// directory.
//
// # Control
//
// With -control the program reads commands from standard input, one a line,
// and answers each with one line on standard output, in order:
//
//	compact   compacts etcd at its current revision and tells the API server
//	          so through compact_rev_key
//	down      stops the API server; etcd keeps running
//	up        starts the API server on the same etcd, port and credentials;
//	          answered once it is ready
//	restart   down, then up
//	kill      ends the API server as a crash does (SIGKILL)
//	etcd      tells where etcd is
//	killetcd  ends etcd as a crash does
//	upetcd    starts etcd on the same data and port
//	second U  starts a second API server, with the same credentials, that reaches
//	          etcd at the URL U
//
// The answer is "OK <command>", for compact "OK compact <revision>", for etcd and
// second with a URL at the end, or
// "ERROR <command> <message>". The end of standard input stops the program like
// a signal does, which ties it to the life of the process that holds the pipe.
// Typed by hand while a quickstart runs (-for 1m), they show what a restart
// does to a cache.
//
// etcd is compacted by command only: a server of this program never forgets
// history on its own. With the watch cache on, the API server goes on answering
// from memory after a compaction until it is restarted.
//
// Arguments after the flags go to kube-apiserver as they are, for example
// -- --max-requests-inflight=10.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case childName:
			exit(serve(os.Args[2:]))
			return
		case etcdName:
			exit(serveEtcd(os.Args[2:]))
			return
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends a stop that takes too long.
	context.AfterFunc(ctx, stop)
	exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

// run starts a cluster, serves commands and returns when ctx ends, the commands
// end or a part of the cluster fails.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	var o settings
	o.parse(args)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var commands <-chan string
	if o.control {
		commands = readCommands(in, cancel)
	}

	c, err := startCluster(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()

	fmt.Fprintln(out, "READY", c.dir.kubeconfig())
	return c.obey(ctx, commands, out)
}
