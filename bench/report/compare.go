package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// comparison measures two builds in turn.
type comparison struct {
	measurement
	base, new *build
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
	c = &comparison{measurement: newMeasurement(o)}
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
	for _, contest := range c.contests {
		for i := range contest.turns {
			contest.turns[i].benchtime = o.comparisonTime()
		}
	}
	return c, nil
}

// contestsOf reads the lines of -bench.list; name says which contest a benchmark
// belongs to. This library's engines run in both builds, what it is compared with
// once; what both are judged by elsewhere is left out.
func (c *comparison) contestsOf(lines []string, name func(bench string) string) (all []contest) {
	for _, line := range lines {
		figures := parseLine(line)
		if len(figures) == 0 || figures[0].engine == floor || figures[0].engine == control {
			continue
		}
		var in *contest
		all, in = contestNamed(all, name(figures[0].bench))
		for _, t := range c.turnsOf(figures[0].engine) {
			in.add(figures[0].bench, t)
		}
	}
	return all
}

func (c *comparison) turnsOf(engine string) []turn {
	if !isOurs(engine) {
		return []turn{{build: c.new, engine: engine}}
	}
	return []turn{{build: c.base, engine: engine}, {build: c.new, engine: engine}}
}

// errNoVerdict is that of a gate whose figures are no results.
var errNoVerdict = errors.New("-gate: other programs came while it measured, there is no verdict: run it again when nothing else runs")

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
		return runs, errNoVerdict
	}
	suspects := worse(first)
	if !gate || len(suspects) == 0 {
		return runs, nil
	}
	second := *c
	second.contests = slices.DeleteFunc(slices.Clone(c.contests), func(c contest) bool {
		return !slices.ContainsFunc(suspects, func(s series) bool { return c.has(s.bench) })
	})
	again, err := second.record(ctx)
	if again != nil {
		runs = append(runs, again)
	}
	if err != nil {
		return runs, err
	}
	if again.isLoaded() && !c.loaded {
		return runs, errNoVerdict
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
	if err := c.quiet(ctx); err != nil {
		return nil, err
	}
	others := c.others()
	lines, err := c.measure(ctx, others)
	err = interrupted(ctx, err, "rounds that were complete are kept")
	if len(lines) == 0 {
		return nil, err
	}
	rec := &record{from: slices.Concat(c.header, [][2]string{{baseKey, c.base.of}, {newKey, c.new.of}, {othersKey, others.String()}}), lines: lines}
	return rec, errors.Join(err, rec.check())
}

// measure runs all rounds. With an error it returns those that are complete if
// ctx has ended, else nothing.
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
