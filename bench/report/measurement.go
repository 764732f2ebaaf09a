package main

import (
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

// measurement runs benchmarks in rounds.
type measurement struct {
	contests []contest
	rounds   int
	// run runs what a turn is about, as build.run does.
	run func(ctx context.Context, t turn) (lines []string, used time.Duration, err error)
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

// newMeasurement is one without contests yet.
func newMeasurement(o options) measurement {
	return measurement{
		rounds: o.count, loaded: o.loaded, busy: busyTime, settle: 2 * time.Second, progress: os.Stderr,
		run: func(ctx context.Context, t turn) ([]string, time.Duration, error) {
			return t.build.run(ctx, t.pattern(), "-test.benchtime", t.benchtime, "-test.timeout", o.timeout)
		},
	}
}

// contest is a benchmark, or several that share what they need, with all whose
// figures are put side by side. Each turn follows right after the one before.
type contest struct {
	name  string
	turns []turn
}

// turn is a process that runs benchmarks with one engine.
type turn struct {
	build     *build
	engine    string
	benches   []string
	benchtime string
}

// add has bench run in a turn of that build and engine.
func (c *contest) add(bench string, t turn) {
	at := slices.IndexFunc(c.turns, func(other turn) bool { return other.build == t.build && other.engine == t.engine })
	if at < 0 {
		at, c.turns = len(c.turns), append(c.turns, t)
	}
	if !slices.Contains(c.turns[at].benches, bench) {
		c.turns[at].benches = append(c.turns[at].benches, bench)
	}
}

func (c *contest) has(bench string) bool {
	return slices.ContainsFunc(c.turns, func(t turn) bool { return slices.Contains(t.benches, bench) })
}

// contestNamed returns the contest of that name, which is made if it is not there.
func contestNamed(all []contest, name string) ([]contest, *contest) {
	at := slices.IndexFunc(all, func(c contest) bool { return c.name == name })
	if at < 0 {
		at, all = len(all), append(all, contest{name: name})
	}
	return all, &all[at]
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

// quiet returns an error if other programs use the machine, unless that will do.
func (m *measurement) quiet(ctx context.Context) error {
	if m.loaded {
		return nil
	}
	return m.others().quiet(ctx, m.settle)
}

func (m *measurement) others() *load { return &load{busy: m.busy, cpus: runtime.NumCPU()} }

// buildKey stands in a record before the figures of a build.
const buildKey = "build: "

// round runs all contests once. Of one contest the turns follow one another, in
// an order that changes from round to round. missing are the builds that do not
// have a benchmark, with its pattern: they are asked once.
func (m *measurement) round(ctx context.Context, number int, missing map[string]bool, others *load) (lines []string, err error) {
	for i, contest := range m.contests {
		fmt.Fprintf(m.progress, "round %d of %d, %d of %d: %s\n", number+1, m.rounds, i+1, len(m.contests), contest.name)
		for _, turn := range rotated(contest.turns, number) {
			name := turn.build.name + turn.pattern()
			if missing[name] {
				continue
			}
			got, err := m.take(ctx, turn, others)
			if err != nil {
				return nil, err
			}
			missing[name] = !slices.ContainsFunc(got, hasFigures)
			lines = append(append(lines, buildKey+turn.build.name), got...)
		}
	}
	return lines, nil
}

// take runs benchmarks and returns their figures, and what they say of the
// processor.
func (m *measurement) take(ctx context.Context, t turn, others *load) (lines []string, err error) {
	err = others.during(func() (used time.Duration, err error) {
		lines, used, err = m.run(ctx, t)
		return used, err
	})
	return slices.DeleteFunc(lines, func(line string) bool { return !hasFigures(line) && !strings.HasPrefix(line, "cpu: ") }), err
}

func hasFigures(line string) bool { return len(parseLine(line)) > 0 }

func rotated(turns []turn, by int) []turn {
	by %= max(1, len(turns))
	return slices.Concat(turns[by:], turns[:by])
}

// pattern matches the benchmarks of the turn with its engine and no other.
func (t turn) pattern() string {
	patterns := make([]string, len(t.benches))
	for i, bench := range t.benches {
		elements := strings.Split("Benchmark"+bench+"/impl="+t.engine, "/")
		for i, element := range elements {
			elements[i] = "^" + regexp.QuoteMeta(element) + "$"
		}
		patterns[i] = strings.Join(elements, "/")
	}
	return strings.Join(patterns, "|")
}

// interrupted is the error of who ended a run, whatever err is that it caused.
func interrupted(ctx context.Context, err error, kept string) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("it was interrupted; " + kept)
	}
	return err
}
