// Command quickstart shows the whole data flow at work: an API server's objects
// flow through reflector, queue of deltas and informer into an indexer and to a
// handler, whose keys go through a work queue to workers.
//
// Without flags it brings its own server, disturbs it for ten seconds, and then
// compares the cache with the server, object by object. Read run.go first.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	server    string
	resource  string
	namespace string
	objects   int
	workers   int
	duration  time.Duration
}

const usage = `quickstart runs an informer with three indexes and a rate-limited work queue, shows
what it does once a second, and compares its cache with the server at the end.

  quickstart                   on an in-memory API server of its own: %d objects that keep
                               changing, a watch that is cut, a history that expires, and
                               workers that write a status back
  quickstart -server URL       on a real cluster, read-only; "kubectl proxy" gives the URL

The columns: time, whether the handler has got its whole first list, objects in the cache,
events that the handler has got, keys that wait for a worker, keys worked on, watches asked
for, full lists after the first. Ctrl-C ends it. It exits with 0 only if cache and server agree.

`

func main() {
	s := settings{objects: 5000, workers: 4}
	flag.StringVar(&s.server, "server", "", "base URL of a real API server, such as http://127.0.0.1:8001 of kubectl proxy")
	flag.StringVar(&s.resource, "resource", "v1/configmaps", "with -server: what to watch, as version/plural or group/version/plural")
	flag.StringVar(&s.namespace, "namespace", "", "with -server: only this namespace; all of them by default")
	flag.DurationVar(&s.duration, "for", 10*time.Second, "how long to run before the comparison")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), usage, s.objects)
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := check(s, flag.CommandLine); err != nil {
		fmt.Fprintf(os.Stderr, "quickstart: %v; see -h\n", err)
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// check refuses a command line that would not do what it says.
func check(s settings, flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.duration <= 0 {
		return fmt.Errorf("-for %v: the time has to be positive", s.duration)
	}
	var stray error
	flags.Visit(func(f *flag.Flag) {
		if s.server == "" && (f.Name == "resource" || f.Name == "namespace") {
			stray = fmt.Errorf("-%s speaks of a real cluster: give its address with -server", f.Name)
		}
	})
	return stray
}

func run(ctx context.Context, s settings) error {
	if s.server != "" {
		return runOnCluster(ctx, s)
	}
	return runOnOwnServer(ctx, s)
}
