package main

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchmath"
)

// The engines, as the names of benchmarks have them.
const (
	informant         = "informant"
	clientGo          = "client-go"
	controllerRuntime = "controller-runtime"
	dropIn            = "drop-in"
	floor             = "floor"
	control           = "control"
)

// isOurs reports whether an engine is of this library, and not what it is compared
// with or judged by.
func isOurs(engine string) bool { return strings.HasPrefix(engine, informant) || engine == dropIn }

// theirs is what this library replaces, as in a benchmark in which its base is
// engine.
func theirs(engine string) string {
	if engine == controllerRuntime {
		return controllerRuntime
	}
	return clientGo
}

// series names the figures of one benchmark with one engine in one unit.
type series struct{ bench, engine, unit string }

// results are the figures of all runs.
type results map[series][]float64

var procs = regexp.MustCompile(`-\d+$`)

// parseResults takes the lines that have figures of an engine, and leaves the
// rest.
func parseResults(lines []string) results {
	all := results{}
	for _, line := range lines {
		for _, f := range parseLine(line) {
			all[f.series] = append(all[f.series], f.value)
		}
	}
	return all
}

// figure is one figure of one run.
type figure struct {
	series
	value float64
}

// parseLine returns the figures of a line, in their order; none if it is not one
// of a benchmark with an engine.
func parseLine(line string) (all []figure) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return nil
	}
	name, isBench := strings.CutPrefix(fields[0], "Benchmark")
	bench, engine, isEngine := strings.Cut(procs.ReplaceAllString(name, ""), "/impl=")
	if !isBench || !isEngine {
		return nil
	}
	for i := 2; i < len(fields); i += 2 {
		if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
			all = append(all, figure{series{bench, engine, fields[i+1]}, v})
		}
	}
	return all
}

// confidence is that of the intervals which are given around medians.
const confidence = 0.95

// summary is the median of the figures with its interval. It reports whether
// there is one.
func (r results) summary(s series) (benchmath.Summary, bool) { return summaryOf(r[s]) }

func summaryOf(values []float64) (benchmath.Summary, bool) {
	if len(values) == 0 {
		return benchmath.Summary{}, false
	}
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds), confidence), true
}

// median is the figure in the middle.
func (r results) median(s series) (m float64, ok bool) {
	sum, ok := r.summary(s)
	return sum.Center, ok
}

// spread is how far the interval of the median reaches from it at most, in parts
// of the median. Of a few figures nobody knows.
func (r results) spread(s series) float64 {
	sum, ok := r.summary(s)
	if !ok || sum.Center == 0 || !isKnown(sum) {
		return 0
	}
	return max(sum.Hi/sum.Center-1, 1-sum.Lo/sum.Center)
}

// isKnown reports whether there were figures enough for an interval.
func isKnown(sum benchmath.Summary) bool { return !math.IsInf(sum.Lo, 0) && !math.IsInf(sum.Hi, 0) }

// quotient is a divided by b. In each round they ran one after the other, so it is
// that of the rounds of which this is the median, where there are as many of both. It
// reports whether there are figures to divide.
func (r results) quotient(a, b series) (q benchmath.Summary, ok bool) {
	over, under := r[a], r[b]
	if len(over) == 0 || len(under) == 0 || slices.Contains(under, 0) {
		return q, false
	}
	if len(over) != len(under) {
		x, _ := r.median(a)
		y, _ := r.median(b)
		return benchmath.Summary{Center: x / y, Lo: math.Inf(-1), Hi: math.Inf(1)}, true
	}
	all := make([]float64, len(over))
	for i := range all {
		all[i] = over[i] / under[i]
	}
	return summaryOf(all)
}

// better is how many times better ours is than theirs.
func (r results) better(theirs, ours series) (benchmath.Summary, bool) {
	if isRate(ours.unit) {
		return r.quotient(ours, theirs)
	}
	return r.quotient(theirs, ours)
}
