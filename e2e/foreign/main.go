package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
)

// options are the command line.
type options struct {
	suite, engine, run, packages string
	timeout                      time.Duration
	again                        int
	race, write                  bool
}

func main() {
	var o options
	flag.StringVar(&o.suite, "suite", "", "the tests to run: client-go or controllers")
	flag.StringVar(&o.engine, "engine", "both", "the engine: ours, stock or both")
	flag.StringVar(&o.run, "run", "", "runs only the tests whose names match this regular expression")
	flag.StringVar(&o.packages, "packages", "", "runs only these packages of the suite, separated by commas")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long the tests of a package may take")
	flag.IntVar(&o.again, "again", 2, "how many times a test that fails is tried again, alone")
	flag.BoolVar(&o.race, "race", false, "builds the tests with the race detector")
	flag.BoolVar(&o.write, "write", false, "writes the results into foreign/README.md")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "foreign:", err)
		os.Exit(1)
	}
}

// suites are those that there are, by the word for them.
var suites = map[string]func() suite{
	"client-go":   func() suite { return &ownTests{} },
	"controllers": func() suite { return &controllers{} },
}

// engines are those that -engine means.
var engines = map[string][]bridge.Engine{
	"ours":  {bridge.EngineInformant},
	"stock": {bridge.EngineClientGo},
	"both":  {bridge.EngineClientGo, bridge.EngineInformant},
}

func (o options) runner() (*runner, error) {
	only, err := regexp.Compile(o.run)
	switch {
	case err != nil:
		return nil, fmt.Errorf("-run: %w", err)
	case suites[o.suite] == nil:
		return nil, fmt.Errorf("-suite is %q: say client-go or controllers", o.suite)
	case engines[o.engine] == nil:
		return nil, fmt.Errorf("-engine is %q: say ours, stock or both", o.engine)
	case o.write && (o.run != "" || o.engine != "both"):
		return nil, errors.New("-write is for whole packages on both engines: leave -run and -engine out")
	case o.again < 0 || o.timeout <= 0:
		return nil, errors.New("-again must not be negative, -timeout must be positive")
	}
	return &runner{
		suite: suites[o.suite](), listed: func(pkg string) []exception { return exceptions[o.suite+" "+pkg] }, engines: engines[o.engine], only: only, timeout: o.timeout, again: o.again,
		log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}, nil
}

func run(ctx context.Context, o options) (err error) {
	r, err := o.runner()
	if err != nil {
		return err
	}
	w, err := openWorkspace(ctx, o.race)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := r.suite.open(ctx, w); err != nil {
		return err
	}
	packages := r.suite.packages()
	if o.packages != "" {
		packages = strings.Split(o.packages, ",")
	}
	results, err := r.run(ctx, packages)
	if err != nil {
		return err
	}
	about := report{suite: o.suite, command: o.command(), date: time.Now(), all: r.suite.packages(), results: results}
	about.title, about.version = r.suite.about()
	for _, of := range results {
		about.verdicts = append(about.verdicts, judge(of, r.listed(of.pkg), r.only))
	}
	fmt.Print(about.text())
	fmt.Print(about.outputs())
	if o.write {
		if err := about.writeInto(w.root + "/foreign/README.md"); err != nil {
			return err
		}
	}
	return about.err()
}

// command is the command line that says the same.
func (o options) command() string {
	line := "GOWORK=off go -C e2e run ./foreign -suite " + o.suite
	if o.packages != "" {
		line += " -packages " + o.packages
	}
	if o.run != "" {
		line += " -run '" + o.run + "'"
	}
	if o.engine != "both" {
		line += " -engine " + o.engine
	}
	if o.race {
		line += " -race"
	}
	return line
}
