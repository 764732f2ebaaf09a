// Command report runs the benchmarks and writes a document with what they say,
// and with the machine, versions, date and commands that it comes from. Run it
// from anywhere in the checkout:
//
//	go run ./bench/report -results -raw bench/results/rounds.txt -into README.md
//	go run ./bench/report -compare main -bench 'Store/(update|list)$' -out change.md
//	go run ./bench/report -bench Informer -out informer.md
//
// The first writes the results, the second compares two builds, the third has
// benchstat compare the engines, in whatever order go test runs them. With -raw the
// lines of the benchmarks are kept, from which -from makes a document again without
// a run: name the kind with -results or -table. A document that takes a table with
// -into has the lines
//
//	<!-- report benchstat -->
//	<!-- end of report -->
//
// # Results
//
// -results measures the rows of targets.go, or those that -bench matches, and
// writes bench/RESULTS.md, with its charts beside it, or the page that -out names.
// -into has six of the figures and a chart written into a README, between marks that
// name the table figures. In each of -count rounds every benchmark runs with its
// engines in turn, in an order that changes from round to round; benchmarks over as
// many objects that share a filled store run in one process. A row whose benchmark
// is not there is an error, unless the row says which work brings it. What a run did
// not measure is not in its page.
//
// Ten rounds take about an hour on two processors; the program says how long it
// expects to take. Each round is appended to the file of -raw when it is complete,
// and the same command goes on after the last one. Rounds of another machine, commit,
// version or command are refused.
//
// Some of the rows anew are a page of their own, with its own commit and date:
//
//	go run ./bench/report -results -bench 'Reflector/' -raw bench/results/reflector/rounds.txt -out bench/results/reflector/RESULTS.md
//
// # Two builds
//
// -compare COMMIT measures a commit, called base, and the checkout as it is,
// called new; -compare A..B measures two commits. Commits are compiled in
// worktrees of git that are gone afterwards. In each of -count rounds every row
// that -bench matches in new is run in turn by base, by new and by what this
// library is compared with, each alone in a process of its own and in an order
// that changes from round to round. With -together one process runs all rows
// over as many objects, which saves the time of filling stores and lies further
// apart. A row that base does not have shows what new and the other library make
// of it. The benchmarks are those of the folder bench. Who interrupts the command
// gets the document of the rounds that were complete.
//
// With -gate the rows that are worse than base by more than 10% of the median,
// significantly by golang.org/x/perf/benchmath, are all run once more, and the
// command fails for those that are so again.
//
// # A loaded machine
//
// On a machine that other programs use the command refuses to measure rounds; with
// -loaded it does, and says so in the document. If they begin later a comparison
// says so, and a round of results does not count and is measured again.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

type options struct {
	table, bench, benchtime, timeout string
	count                            int
	raw, from, out, into             string
	compare                          string
	results, gate, loaded, together  bool
}

func main() {
	var o options
	flag.StringVar(&o.table, "table", "", "which table to make: benchstat (the default), or comparison of what -from names")
	flag.StringVar(&o.bench, "bench", "", "which benchmarks, as for go test -bench; all that are asked for without it")
	flag.StringVar(&o.benchtime, "benchtime", "", "how long each runs, as for go test -benchtime; 1s, with -compare 100ms, and with -results what suits it")
	flag.StringVar(&o.timeout, "timeout", "6h", "how long each run of go test may take")
	flag.IntVar(&o.count, "count", 10, "how often each runs; fewer than 10 is a look, not a result")
	flag.StringVar(&o.raw, "raw", "", "a file for the lines of the benchmarks, with where they come from; with -results one to go on with")
	flag.StringVar(&o.from, "from", "", "a file that -raw wrote, to be used instead of a run")
	flag.StringVar(&o.out, "out", "", "the document to write; standard output without it, with -results bench/RESULTS.md")
	flag.StringVar(&o.into, "into", "", "a document of which the table replaces what stands between its marks; see -table")
	flag.BoolVar(&o.results, "results", false, "measure the rows of targets.go in rounds and write the results with their charts")
	flag.StringVar(&o.compare, "compare", "", "a commit that is measured in turn with the checkout, or two as A..B that are measured in turn")
	flag.BoolVar(&o.gate, "gate", false, "with -compare: fail for what is worse by more than 10%, significantly and in two runs")
	flag.BoolVar(&o.together, "together", false, "with -compare: run all rows over as many objects in one process, where filling a store takes longer than to measure it")
	flag.BoolVar(&o.loaded, "loaded", false, "with -compare or -results: measure although other programs use the machine, and mark the figures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.compare == "" && !o.results && (o.gate || o.loaded || o.together) {
		return errors.New("-gate and -together are about a comparison, -loaded about that or results: name a commit with -compare, or give -results")
	}
	root, err := checkout()
	if err != nil {
		return err
	}
	if o.results {
		return reportResults(ctx, root, o)
	}
	if o.compare != "" {
		return compare(ctx, root, o)
	}
	o.table = cmp.Or(o.table, "benchstat")
	table, ok := tables[o.table]
	if !ok {
		return fmt.Errorf("-table %s: there are benchstat and comparison; what was measured beside the targets is made by -results", o.table)
	}
	if !table.measured && o.from == "" {
		return fmt.Errorf("-table %s needs the figures of two builds: measure them with -compare, or name what -raw kept of that with -from", o.table)
	}
	rec, err := recorded(o, root)
	if err != nil {
		return err
	}
	if o.raw != "" {
		if err := write(o.raw, rec.bytes()); err != nil {
			return err
		}
	}
	body, err := table.make(root, rec)
	if err != nil {
		return err
	}
	if o.into != "" {
		return insert(o.into, o.table, section(rec, table.command, body))
	}
	return write(o.out, document(rec, table.command, body))
}

// recorded reads what -from names, or runs what the table needs.
func recorded(o options, root string) (*record, error) {
	if o.from == "" {
		return measure(root, o.run())
	}
	text, err := os.ReadFile(o.from)
	if err != nil {
		return nil, err
	}
	return readRecord(string(text))
}

// checkout is the folder of go.work.
func checkout() (string, error) {
	work, err := output("", "go", "env", "GOWORK")
	if err != nil {
		return "", err
	}
	if work == "" || work == "off" {
		return "", errors.New("no go.work found: run it inside the checkout, without GOWORK=off")
	}
	return filepath.Dir(work), nil
}

func write(name string, data []byte) error {
	if name == "" {
		_, err := os.Stdout.Write(data)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}
