package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// pace is how the benchmarks run for the results whose names begin with area.
type pace struct {
	area, benchtime string
	// shared says that those over as many objects run in one process and
	// share stores: filling one takes longer than to measure it.
	shared bool
	// setup is about what a benchmark takes besides benchtime.
	setup time.Duration
}

// paces are tried in their order. Those that share a process have one benchtime.
// Ten rounds of all rows take about an hour on two processors.
var paces = []pace{
	{area: "Store/scale/objects=1000000/", benchtime: "50ms", shared: true, setup: 4 * time.Second},
	{area: "Store/scale/", benchtime: "50ms", shared: true, setup: 100 * time.Millisecond},
	{area: "Store/readers=40", benchtime: "100ms", shared: true, setup: 2 * time.Second},
	{area: "Store/readers=80", benchtime: "100ms", shared: true, setup: 4 * time.Second},
	{area: "Store/", benchtime: "100ms", shared: true, setup: 450 * time.Millisecond},
	{area: "Cluster/", benchtime: "100ms", shared: true, setup: 300 * time.Millisecond},
	{area: "DelayingQueue/", benchtime: "200ms", setup: 2 * time.Second},
	{area: "Reflector/first-peak/", benchtime: "1x", setup: 3 * time.Second},
	{area: "Reflector/relist-peak/", benchtime: "1x", setup: 5 * time.Second},
	{area: "Reflector/at-rest/", benchtime: "1x", setup: 3 * time.Second},
	{area: "Reflector/sync-", benchtime: "200ms", setup: 1500 * time.Millisecond},
	{area: "Factory/", benchtime: "200ms", setup: 1500 * time.Millisecond},
	{area: "Reflector/one-core/", benchtime: "1s", setup: time.Second},
	{area: "Informer/latency/", benchtime: "1s", setup: 300 * time.Millisecond},
	{area: "Informer/grid/", benchtime: "300ms", setup: 300 * time.Millisecond},
	{area: "Informer/stalled", benchtime: "10000000x", setup: 30 * time.Second},
	{area: "", benchtime: "200ms", setup: 500 * time.Millisecond},
}

func paceOf(bench string) pace {
	return paces[slices.IndexFunc(paces, func(p pace) bool { return strings.HasPrefix(bench, p.area) })]
}

// runnable is a benchmark that there is, with one of its engines.
type runnable struct {
	build         *build
	bench, engine string
}

// benchFolders are those whose benchmarks have rows, with the arguments that
// have them name their benchmarks in no time.
var benchFolders = []struct {
	dir  string
	list []string
}{
	{"bench", []string{"-bench.list"}},
	{"clientgo/controllerruntime", nil},
}

// list names the benchmarks of a build that a pattern of go test matches.
func (b *build) list(ctx context.Context, pattern string, args []string) (all []runnable, err error) {
	lines, _, err := b.run(ctx, pattern, append([]string{"-test.benchtime", "1x"}, args...)...)
	for _, line := range lines {
		if figures := parseLine(line); len(figures) > 0 {
			all = append(all, runnable{b, figures[0].bench, figures[0].engine})
		}
	}
	return all, err
}

// planned compiles the benchmarks and returns what is to run: the rows that a
// pattern of go test matches. A row without its benchmark is an error.
func planned(ctx context.Context, b *builder, rows []target, o options) ([]contest, error) {
	var there, chosen []runnable
	for _, folder := range benchFolders {
		made, err := b.folder(ctx, folder.dir)
		if err != nil {
			return nil, err
		}
		all, err := made.list(ctx, ".", folder.list)
		if err != nil {
			return nil, err
		}
		some, err := made.list(ctx, cmp.Or(o.bench, "."), folder.list)
		if err != nil {
			return nil, err
		}
		there, chosen = append(there, all...), append(chosen, some...)
	}
	if err := missing(rows, there); err != nil {
		return nil, err
	}
	contests := contestsFor(rows, chosen, o.benchtime)
	if len(contests) == 0 {
		return nil, fmt.Errorf("no row has a benchmark that is named %q: -bench takes a pattern as go test -bench does", o.bench)
	}
	return contests, nil
}

// missing says which benchmarks rows need that are not there.
func missing(rows []target, there []runnable) error {
	var errs []error
	for _, t := range rows {
		for _, s := range t.bases() {
			if !slices.ContainsFunc(there, func(r runnable) bool { return r.bench == s.bench && r.engine == s.engine }) {
				errs = append(errs, fmt.Errorf("the row %s needs Benchmark%s/impl=%s, which is not there: add it, or say in the row which work brings it",
					caseOf(t.ours()), s.bench, s.engine))
			}
		}
	}
	return errors.Join(errs...)
}

// contestsFor are the benchmarks of the rows with the engines that these need.
// Each runs as long as benchtime says or, if it is empty, the pace of its area.
func contestsFor(rows []target, chosen []runnable, benchtime string) (all []contest) {
	for _, r := range chosen {
		if !slices.ContainsFunc(rows, func(t target) bool { return t.needs(r) }) {
			continue
		}
		p := paceOf(r.bench)
		name := alone
		if p.shared {
			name = together
		}
		var in *contest
		all, in = contestNamed(all, name(r.bench))
		in.add(r.bench, turn{build: r.build, engine: r.engine, benchtime: cmp.Or(benchtime, p.benchtime)})
	}
	return all
}

// estimate is about what a round takes.
func estimate(contests []contest) (sum time.Duration) {
	for _, c := range contests {
		for _, t := range c.turns {
			for _, bench := range t.benches {
				sum += paceOf(bench).setup
				if d, err := time.ParseDuration(t.benchtime); err == nil {
					sum += d * 3 / 2 // go test tries shorter runs first
				}
			}
		}
	}
	return sum
}
