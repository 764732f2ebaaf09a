package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"
)

// tolerance is how many times worse a median may be.
const tolerance = 1.1

// builds are the figures of a comparison: of each build apart, and their names
// in the order in which they came.
type builds struct {
	base, new results
	order     []series
}

func parseBuilds(lines []string) builds {
	b := builds{base: results{}, new: results{}}
	into := b.new
	for _, line := range lines {
		if name, ok := strings.CutPrefix(line, buildKey); ok {
			into = b.new
			if name == baseKey {
				into = b.base
			}
			continue
		}
		for _, f := range parseLine(line) {
			if !slices.Contains(b.order, f.series) {
				b.order = append(b.order, f.series)
			}
			into[f.series] = append(into[f.series], f.value)
		}
	}
	b.order = slices.DeleteFunc(b.order, b.again)
	return b
}

// again reports whether s is a time that another unit of its benchmark tells
// better: for an object, or as a rate.
func (b builds) again(s series) bool {
	return s.unit == "ns/op" && slices.ContainsFunc(b.order, func(other series) bool {
		return other.bench == s.bench && other.engine == s.engine && other != s &&
			(strings.Contains(other.unit, "ns/") || isRate(other.unit))
	})
}

// isRate reports whether more is better.
func isRate(unit string) bool { return strings.HasSuffix(unit, "/s") }

// ours are the series that both builds may have, and that are not nothing in both.
func (b builds) ours() []series {
	return slices.DeleteFunc(slices.Clone(b.order), func(s series) bool {
		base, _ := b.base.median(s)
		fresh, _ := b.new.median(s)
		return !isOurs(s.engine) || base == 0 && fresh == 0
	})
}

// better is how many times better the new figure is than another. It reports
// whether both are there and the other is not nothing.
func better(s series, fresh, other float64, ok bool) (times float64, known bool) {
	if isRate(s.unit) {
		fresh, other = other, fresh
	}
	return other / fresh, ok && fresh != 0
}

// difference is the probability that the two builds do not differ, as benchmath
// sees it, and whether it is small enough to say that they do.
func (b builds) difference(s series) (p float64, differs bool) {
	sample := func(r results) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(r[s]), &benchmath.DefaultThresholds)
	}
	c := benchmath.AssumeNothing.Compare(sample(b.base), sample(b.new))
	return c.P, c.P < c.Alpha
}

// worse are the series whose median is worse by more than the tolerance, with a
// difference that is significant.
func worse(rec *record) []series {
	b := parseBuilds(rec.lines)
	return slices.DeleteFunc(b.ours(), func(s series) bool { return !b.isWorse(s) })
}

func (b builds) isWorse(s series) bool {
	base, hasBase := b.base.median(s)
	fresh, hasNew := b.new.median(s)
	if !hasBase || !hasNew {
		return false
	}
	if isRate(s.unit) {
		base, fresh = fresh, base
	}
	_, differs := b.difference(s)
	return fresh > tolerance*base && differs
}

// comparisonTable puts base, new and what this library is compared with side by
// side.
func comparisonTable(rec *record) (string, error) {
	b := parseBuilds(rec.lines)
	ours := b.ours()
	if len(ours) == 0 {
		return "", errors.New("no figures of this library: does -bench match a benchmark of it?")
	}
	var doc strings.Builder
	doc.WriteString("| case | client-go | base | new | new to base | p | new to client-go |\n|---|---|---|---|---|---|---|\n")
	for _, s := range ours {
		doc.WriteString("| " + strings.Join(b.cells(s), " | ") + " |\n")
	}
	return doc.String() + "\n" + b.explained(rec), nil
}

func (b builds) cells(s series) []string {
	theirs := series{s.bench, clientGo, s.unit}
	if _, ok := b.new.median(theirs); !ok {
		theirs.engine = controllerRuntime
	}
	against := func(r results, other series) string {
		fresh, hasNew := b.new.median(s)
		value, ok := r.median(other)
		if n, known := better(s, fresh, value, ok && hasNew); known {
			return times(n)
		}
		return "–"
	}
	p := "–"
	if len(b.base[s]) > 0 && len(b.new[s]) > 0 {
		p = "~"
		if value, differs := b.difference(s); differs {
			p = fmt.Sprintf("%.3f", value)
		}
	}
	return []string{caseOf(s), b.new.figure(theirs), b.base.figure(s), b.new.figure(s), against(b.base, s), p, against(b.new, theirs)}
}

func caseOf(s series) string {
	if s.engine == informant {
		return s.bench + ", " + s.unit
	}
	return s.bench + " (" + s.engine + "), " + s.unit
}

func namesOf(all []series) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = caseOf(s)
	}
	return strings.Join(names, "; ")
}

// explained says what the figures are, and what became worse.
func (b builds) explained(rec *record) string {
	rounds := 0
	for _, values := range b.new {
		rounds = max(rounds, len(values))
	}
	text := fmt.Sprintf("Medians of %d rounds, in each of which the builds and client-go ran one after the other, in changing order; "+
		"± how far the %.0f%% interval of the median reaches where that is 2%% or more. \"New to\" is how many times better new is: "+
		"below 1 it is worse. p is from benchmath's comparison of base and new, ~ where it sees no difference.\n", rounds, 100*confidence)
	text += caveats(rounds, rec)
	return text + fmt.Sprintf("\nWorse than base by more than %.0f%%, and significantly: %s.\n", 100*(tolerance-1), cmp.Or(namesOf(worse(rec)), "nothing"))
}
