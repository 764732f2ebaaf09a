package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// enough rounds make a result; what is measured with fewer is a look.
const enough = 10

// comparison measures two builds in turn.
type comparison struct {
	base, new *build
	contests  []contest
	rounds    int
	// run runs benchmarks of a build, as build.run does.
	run func(ctx context.Context, b *build, pattern string) (lines []string, used time.Duration, err error)
	// busy and settle are for load: what it asks, and how long it looks at
	// the machine before the first round.
	busy   func() (time.Duration, bool)
	settle time.Duration
	// loaded says that a loaded machine will do.
	loaded bool
	// header begins the records.
	header [][2]string
	// progress is told of each run.
	progress io.Writer
}

// contest is a benchmark, or several that share what they need, with all whose
// figures are put side by side. Each runs alone, and right after the one before.
type contest struct {
	name    string
	benches []string
	turns   []turn
}

type turn struct {
	build  *build
	engine string
}

// compare is report -compare: it measures, writes the document, and with -gate
// returns an error that names what became worse.
func compare(ctx context.Context, root string, o options) (err error) {
	if err := o.checkComparison(); err != nil {
		return err
	}
	header, err := newRecord(root, o.comparisonCommand())
	if err != nil {
		return err
	}
	b, err := newBuilder(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	c, err := newComparison(ctx, b, o)
	if err != nil {
		return err
	}
	c.header = header.from
	runs, verdict := c.runs(ctx, o.gate)
	if len(runs) == 0 {
		return verdict
	}
	return errors.Join(verdict, o.keep(runs))
}

// keep writes the document of the one run, or of that and the one that made sure
// of it, and what -raw asks for.
func (o options) keep(runs []*record) error {
	var doc []byte
	for i, rec := range runs {
		table, err := comparisonTable(rec)
		if err != nil {
			return err
		}
		if i == 0 {
			doc = document(rec, o.comparisonCommand(), table)
		} else {
			doc = append(append(doc, "\n## Again, what was worse\n\n"...), section(rec, o.comparisonCommand(), table)...)
		}
		if o.raw != "" {
			if err := write(o.raw+strings.Repeat(".again", i), rec.bytes()); err != nil {
				return err
			}
		}
	}
	return write(o.out, doc)
}

func (o options) checkComparison() error {
	switch {
	case o.into != "" || o.from != "":
		return errors.New("-compare makes a document of its own: use it with -out, and -from with -table comparison")
	case o.gate && o.count < enough:
		return fmt.Errorf("-gate needs at least %d rounds to tell a change from noise: give -count %d", enough, enough)
	}
	return nil
}

// comparisonCommand makes the comparison again.
func (o options) comparisonCommand() string {
	args := []string{"run", "./bench/report", "-compare", o.compare, "-bench", cmp.Or(o.bench, "."),
		"-benchtime", o.comparisonTime(), "-count", fmt.Sprint(o.count)}
	for _, o := range []struct {
		flag  string
		given bool
	}{{"-gate", o.gate}, {"-together", o.together}, {"-loaded", o.loaded}} {
		if o.given {
			args = append(args, o.flag)
		}
	}
	return quoted(args)
}

func (o options) comparisonTime() string { return cmp.Or(o.benchtime, "100ms") }

// newComparison compiles the two builds and finds out what there is to measure.
func newComparison(ctx context.Context, b *builder, o options) (c *comparison, err error) {
	c = &comparison{rounds: o.count, loaded: o.loaded, busy: busyTime, settle: 2 * time.Second, progress: os.Stderr}
	base, later, two := strings.Cut(o.compare, "..")
	if c.base, err = b.commit(ctx, "base", base); err != nil {
		return nil, err
	}
	if two {
		c.new, err = b.commit(ctx, "new", later)
	} else {
		c.new, err = b.checkout(ctx, "new")
	}
	if err != nil {
		return nil, err
	}
	names, _, err := c.new.run(ctx, cmp.Or(o.bench, "."), "-test.benchtime", "1x", "-bench.list")
	if err != nil {
		return nil, err
	}
	name := alone
	if o.together {
		name = together
	}
	if c.contests = c.contestsOf(names, name); len(c.contests) == 0 {
		return nil, fmt.Errorf("no benchmark with engines is named %q: -bench takes a pattern as go test -bench does", o.bench)
	}
	c.run = func(ctx context.Context, b *build, pattern string) ([]string, time.Duration, error) {
		return b.run(ctx, pattern, "-test.benchtime", o.comparisonTime(), "-test.timeout", o.timeout)
	}
	return c, nil
}

// contestsOf reads the lines of -bench.list; name says which contest a benchmark
// belongs to. What this library is compared with runs once, its own engines in
// both builds; what both are judged by elsewhere is left out.
func (c *comparison) contestsOf(lines []string, name func(bench string) string) (all []contest) {
	for _, line := range lines {
		figures := parseLine(line)
		if len(figures) == 0 || figures[0].engine == floor || figures[0].engine == control {
			continue
		}
		bench := figures[0].bench
		at := slices.IndexFunc(all, func(c contest) bool { return c.name == name(bench) })
		if at < 0 {
			at, all = len(all), append(all, contest{name: name(bench)})
		}
		all[at].add(bench, c.turnsOf(figures[0].engine))
	}
	return all
}

func (c *comparison) turnsOf(engine string) []turn {
	if engine == clientGo || engine == controllerRuntime {
		return []turn{{c.new, engine}}
	}
	return []turn{{c.base, engine}, {c.new, engine}}
}

func (c *contest) add(bench string, turns []turn) {
	if !slices.Contains(c.benches, bench) {
		c.benches = append(c.benches, bench)
	}
	for _, t := range turns {
		if !slices.Contains(c.turns, t) {
			c.turns = append(c.turns, t)
		}
	}
}

// alone makes a contest of each benchmark.
func alone(bench string) string { return bench }

// together makes one of all benchmarks that are over as many objects, or that
// name no number: it is that of an area.
func together(bench string) string {
	elements := strings.Split(bench, "/")
	at := slices.IndexFunc(elements, func(element string) bool { return strings.HasPrefix(element, "objects=") })
	return strings.Join(elements[:max(at, 0)+1], "/")
}

// runs measures once, and with gate once more what became worse. With an error,
// which may be the gate's, it returns what was measured before.
func (c *comparison) runs(ctx context.Context, gate bool) (runs []*record, err error) {
	first, err := c.record(ctx)
	if first != nil {
		runs = append(runs, first)
	}
	if err != nil {
		return runs, err
	}
	if gate && first.isLoaded() && !c.loaded {
		return runs, errors.New("-gate: other programs came while it measured, there is no verdict: run it again when nothing else runs")
	}
	suspects := worse(first)
	if !gate || len(suspects) == 0 {
		return runs, nil
	}
	second := *c
	second.contests = slices.DeleteFunc(slices.Clone(c.contests), func(c contest) bool {
		return !slices.ContainsFunc(suspects, func(s series) bool { return slices.Contains(c.benches, s.bench) })
	})
	again, err := second.record(ctx)
	if again != nil {
		runs = append(runs, again)
	}
	if err != nil {
		return runs, err
	}
	still := worse(again)
	both := slices.DeleteFunc(suspects, func(s series) bool { return !slices.Contains(still, s) })
	if len(both) == 0 {
		return runs, nil
	}
	return runs, fmt.Errorf("-gate: worse than %s by more than %.0f%% in two runs: %s", c.base.of, 100*(tolerance-1), namesOf(both))
}

// record measures everything and says where the figures come from. If it is
// interrupted it has the rounds that are complete, and an error besides.
func (c *comparison) record(ctx context.Context) (*record, error) {
	if !c.loaded {
		if err := c.others().quiet(ctx, c.settle); err != nil {
			return nil, err
		}
	}
	others := c.others()
	lines, err := c.measure(ctx, others)
	if err != nil && ctx.Err() != nil {
		err = errors.New("it was interrupted; rounds that were complete are kept")
	}
	if len(lines) == 0 {
		return nil, err
	}
	rec := &record{from: slices.Concat(c.header, [][2]string{{baseKey, c.base.of}, {newKey, c.new.of}, {othersKey, others.String()}}), lines: lines}
	return rec, errors.Join(err, rec.check())
}

func (c *comparison) others() *load { return &load{busy: c.busy, cpus: runtime.NumCPU()} }

// buildKey stands in a record before the figures of a build.
const buildKey = "build: "

// measure runs all contests once in each round. Of one contest the turns follow
// one another, in an order that changes from round to round. With an error it
// returns the rounds that are complete if ctx has ended, else nothing.
func (c *comparison) measure(ctx context.Context, others *load) (lines []string, err error) {
	missing := map[string]bool{}
	for round := range c.rounds {
		got, err := c.round(ctx, round, missing, others)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, got...)
	}
	return lines, nil
}

// round is one of measure. missing are the builds that do not have a benchmark,
// with its pattern: they are asked once.
func (c *comparison) round(ctx context.Context, number int, missing map[string]bool, others *load) (lines []string, err error) {
	for i, contest := range c.contests {
		fmt.Fprintf(c.progress, "round %d of %d, %d of %d: %s\n", number+1, c.rounds, i+1, len(c.contests), contest.name)
		for _, turn := range rotated(contest.turns, number) {
			pattern := turn.pattern(contest.benches)
			if missing[turn.build.name+pattern] {
				continue
			}
			got, err := c.take(ctx, turn.build, pattern, others)
			if err != nil {
				return nil, err
			}
			missing[turn.build.name+pattern] = !slices.ContainsFunc(got, hasFigures)
			lines = append(append(lines, buildKey+turn.build.name), got...)
		}
	}
	return lines, nil
}

// take runs benchmarks and returns their figures, and what they say of the
// processor.
func (c *comparison) take(ctx context.Context, b *build, pattern string, others *load) (lines []string, err error) {
	err = others.during(func() (used time.Duration, err error) {
		lines, used, err = c.run(ctx, b, pattern)
		return used, err
	})
	return slices.DeleteFunc(lines, func(line string) bool { return !hasFigures(line) && !strings.HasPrefix(line, "cpu: ") }), err
}

func hasFigures(line string) bool { return len(parseLine(line)) > 0 }

func rotated(turns []turn, by int) []turn {
	by %= max(1, len(turns))
	return slices.Concat(turns[by:], turns[:by])
}

// pattern matches the benchmarks with this engine and no other.
func (t turn) pattern(benches []string) string {
	patterns := make([]string, len(benches))
	for i, bench := range benches {
		elements := strings.Split("Benchmark"+bench+"/impl="+t.engine, "/")
		for i, element := range elements {
			elements[i] = "^" + regexp.QuoteMeta(element) + "$"
		}
		patterns[i] = strings.Join(elements, "/")
	}
	return strings.Join(patterns, "|")
}
