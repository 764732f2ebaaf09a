package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// median is the figure in the middle.
func (r results) median(s series) (m float64, ok bool) {
	sorted := slices.Sorted(slices.Values(r[s]))
	n := len(sorted)
	if n == 0 {
		return 0, false
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2, true
}

// spread is half of the distance between the quartiles, in parts of the median.
func (r results) spread(s series) float64 {
	sorted := slices.Sorted(slices.Values(r[s]))
	m, ok := r.median(s)
	if !ok || m == 0 {
		return 0
	}
	n := len(sorted)
	return (sorted[(n-1)*3/4] - sorted[(n-1)/4]) / 2 / m
}
