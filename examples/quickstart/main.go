// Command quickstart shows the whole data flow at work: an API server's
// objects flow through reflector, queue of deltas and informer into an
// indexer and to a handler, whose keys go through a work queue to workers.
//
// Without flags it brings its own server, troubles it in four ways, and says
// after each what the library did and for how long the cache was behind. Then
// it compares the cache with the server, object by object. Read pipeline.go
// first: it is the data flow; faults.go has the troubles.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
)

// settings are the flags, and what tests put in the place of the outside.
type settings struct {
	server     string
	kubeconfig string
	resource   string
	namespace  string
	duration   time.Duration
	debug      string

	objects int
	pace    time.Duration // between two changes of an object
	workers int
	client  *http.Client // for a cluster; nil is the library's own
	start   func(apitest.Options) (*apitest.Server, error)
}

const usage = `quickstart keeps a cache of an API server's objects, with three indexes and a
work queue, and compares it with the server at the end. It exits with 0 only
if both agree. Ctrl-C ends it.

  quickstart                     on a server of its own, in memory, which it
                                 troubles on the way: about 20 seconds
  quickstart -server URL         on a cluster, read-only; "kubectl proxy"
                                 gives the URL
  quickstart -kubeconfig FILE    on a cluster, read-only, without kubectl

With -debug localhost:8080 a page at that address shows, for as long as the
program runs, how the informer is doing: open it in a browser, and reload it.

From a clone of the repository, which has a real API server for those without
a cluster (the first build takes minutes; Ctrl-C ends it):

  GOWORK=off go -C e2e run ./apiserver     prints READY and a file's path
  go run ./examples/quickstart -kubeconfig FILE -resource v1/namespaces

The columns that it prints once a second:

  in cache     objects that the cache holds
  events       what the handler was told: added, updated or deleted objects
  waiting      keys in the work queue that no worker has taken yet
  done         keys that a worker was done with
  watches      watches that were asked for, streamed lists included
  full lists   lists of everything that were asked for

`

// flagSet returns the flags, which set s.
func flagSet(s *settings, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.server, "server", "", "base `URL` of an API server, such as\nhttp://127.0.0.1:8001 of kubectl proxy")
	flags.StringVar(&s.kubeconfig, "kubeconfig", "", "`FILE` with a cluster's address and credentials;\ntokens and certificates have to be in the file itself")
	flags.StringVar(&s.resource, "resource", "v1/configmaps", "on a cluster: what to watch, as `version/plural` or\ngroup/version/plural")
	flags.StringVar(&s.namespace, "namespace", "", "on a cluster: only this `namespace` (default all)")
	flags.DurationVar(&s.duration, "for", 10*time.Second, "on a cluster: how `long` to run before the comparison")
	flags.StringVar(&s.debug, "debug", "", "`address` to serve the debug page at, host:port; port 0\nis any that is free, and who reaches it can read it")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	return flags
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := settings{objects: 5000, pace: 2 * time.Millisecond, workers: 4, start: apitest.Start}
	os.Exit(command(ctx, s, os.Args[1:], os.Stdout, os.Stderr))
}

// command is the program but for its process. It returns the exit code.
func command(ctx context.Context, s settings, args []string, stdout, stderr io.Writer) int {
	flags := flagSet(&s, stderr)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil: // flags has said it
		return 2
	}
	complain := newScreen(stderr)
	if err := check(s, flags); err != nil {
		complain.say("quickstart: ", "%v; see -h", err)
		return 2
	}
	if err := run(ctx, s, newScreen(stdout)); err != nil {
		complain.say("quickstart: ", "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

// check refuses a command line that would not do what it says.
func check(s settings, flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.duration <= 0 {
		return fmt.Errorf("-for %v: the time has to be positive", s.duration)
	}
	if s.server != "" && s.kubeconfig != "" {
		return errors.New("-server and -kubeconfig both name a cluster: give one of them")
	}
	var stray error
	flags.Visit(func(f *flag.Flag) {
		if s.server == "" && s.kubeconfig == "" && f.Name != "debug" {
			stray = fmt.Errorf("-%s is for a cluster: name one with -server or -kubeconfig", f.Name)
		}
	})
	return stray
}

func run(ctx context.Context, s settings, out *screen) error {
	if s.server != "" || s.kubeconfig != "" {
		return runOnCluster(ctx, s, out)
	}
	return runOnOwnServer(ctx, s, out)
}
