// Command report runs the benchmarks and writes a document with what they say,
// and with the machine, versions, date and commands that it comes from. Run it
// from anywhere in the checkout:
//
//	go run ./bench/report -bench Informer -out bench/results/informer.md
//	go run ./bench/report -table targets -out bench/results/targets.md
//	go run ./bench/report -table designs -into indexer/DESIGN.md
//
// The tables are benchstat's comparison of the engines (the default), what was
// measured beside the targets, and the two designs of the store. With -raw the
// lines of the benchmarks are kept, from which -from makes a document again
// without a run. A document that takes a table with -into has the lines
//
//	<!-- report designs -->
//	<!-- end of report -->
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

type options struct {
	table, bench, benchtime, timeout string
	count                            int
	raw, from, out, into             string
}

func main() {
	var o options
	flag.StringVar(&o.table, "table", "benchstat", "which table to make: benchstat, targets or designs")
	flag.StringVar(&o.bench, "bench", "", "which benchmarks, as for go test -bench; those that the table needs without it")
	flag.StringVar(&o.benchtime, "benchtime", "", "how long each runs, as for go test -benchtime; what the table takes without it")
	flag.StringVar(&o.timeout, "timeout", "6h", "how long each run of go test may take")
	flag.IntVar(&o.count, "count", 10, "how often each runs; fewer than 10 is a look, not a result")
	flag.StringVar(&o.raw, "raw", "", "a file for the lines of the benchmarks, with where they come from")
	flag.StringVar(&o.from, "from", "", "a file that -raw wrote, to be used instead of a run")
	flag.StringVar(&o.out, "out", "", "the document to write; standard output without it")
	flag.StringVar(&o.into, "into", "", "a document of which the table replaces what stands between its marks; see -table")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	table, ok := tables[o.table]
	if !ok {
		return fmt.Errorf("-table %s: there are benchstat, targets and designs", o.table)
	}
	root, err := checkout()
	if err != nil {
		return err
	}
	rec, err := recorded(o, root, table)
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
func recorded(o options, root string, t table) (*record, error) {
	if o.from == "" {
		return measure(root, t.runs(o))
	}
	file, err := os.Open(o.from)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readRecord(file)
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
