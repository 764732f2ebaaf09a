package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/kubeletlike"
	"github.com/informant-go/informant/examples/operators/stage"
	"github.com/informant-go/informant/reflector/apitest"
)

// Program is a command.
type Program struct {
	// Name and About are what -h shows.
	Name, About string

	// Flags, if not nil, adds flags of its own.
	Flags func(*flag.FlagSet)

	// Resources are what a server of its own has to serve besides built-in ones.
	Resources []apitest.Resource

	// Run does the work until ctx ends. own says that the server is the program's.
	Run func(ctx context.Context, cfg *rest.Config, e engine.Engine, own bool) error

	// Demo shows, on a server of its own, what Run does; the program ends with it.
	Demo func(ctx context.Context, cfg *rest.Config, out io.Writer) error
}

// Main runs the program of this process, and ends it.
func Main(p Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log.SetLogger(klog.Background())
	os.Exit(p.Command(logr.NewContext(ctx, klog.Background()), os.Args[1:], os.Stdout, os.Stderr))
}

// Command is the program but for its process. It returns the exit code.
func (p Program) Command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "%s\n\n", strings.TrimSpace(p.About))
		flags.PrintDefaults()
	}
	e := engine.Ours
	flags.Var(&e, "engine", "whose informers and queues: `ours or stock`")
	kubeconfig := flags.String("kubeconfig", "", "`file` with the address of a server and credentials;\nwithout it the program brings a server in memory")
	if p.Flags != nil {
		p.Flags(flags)
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil: // flags has said it
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "%s: unexpected argument %q; see -h\n", p.Name, flags.Arg(0))
		return 2
	}
	if err := p.run(ctx, *kubeconfig, e, stdout); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return 1
	}
	return 0
}

func (p Program) run(ctx context.Context, kubeconfig string, e engine.Engine, out io.Writer) error {
	if kubeconfig == "" {
		return p.runOnOwnServer(ctx, e, out)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	return p.Run(ctx, cfg, e, false)
}

// runOnOwnServer is the demonstration: the program, the players of what a server
// lacks, and the life of an object.
func (p Program) runOnOwnServer(ctx context.Context, e engine.Engine, out io.Writer) error {
	klog.LogToStderr(false) // but for errors: what goes on shows in out
	klog.SetOutput(io.Discard)
	server, err := stage.Serve(p.Resources...)
	if err != nil {
		return err
	}
	defer server.Close()
	cfg := stage.Config(server)
	fmt.Fprintf(out, "An API server in memory, at %s, on the engine %q.\n", server.URL, e)
	return together(ctx,
		func(ctx context.Context) error { return stage.Play(ctx, cfg, "") },
		func(ctx context.Context) error { return playNode(ctx, cfg, e) },
		func(ctx context.Context) error { return p.Run(ctx, cfg, e, true) },
		func(ctx context.Context) error { return p.Demo(ctx, cfg, out) },
	)
}

// playNode runs the pods of the stage.
func playNode(ctx context.Context, cfg *rest.Config, e engine.Engine) error {
	k, err := kubeletlike.New(cfg, kubeletlike.Options{Engine: e, Node: stage.NodeName})
	if err != nil {
		return err
	}
	return k.Run(ctx)
}

// together runs all at once. The first that returns ends the others; the errors are
// those of all.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, run := range all {
		group.Go(func() {
			defer cancel()
			errs[i] = run(ctx)
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
