package main

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"
)

// ours names the figures that a target is about.
func (t target) ours() series {
	return series{t.bench, cmp.Or(t.engine, informant), cmp.Or(t.unit, "ns/op")}
}

// against names the figures that those are compared with.
func (t target) against() series {
	ours := t.ours()
	return series{cmp.Or(t.base.bench, ours.bench), cmp.Or(t.base.engine, clientGo), cmp.Or(t.base.unit, ours.unit)}
}

// theirs names the figures of the other library in the same benchmark.
func (t target) theirs() series {
	ours := t.ours()
	ours.engine = theirs(t.against().engine)
	return ours
}

// bases are the figures without which there is no row.
func (t target) bases() []series {
	switch {
	case t.comes != "":
		return nil
	case t.is == atMost:
		return []series{t.ours()}
	}
	return []series{t.ours(), t.against()}
}

// needs reports whether a benchmark has to run for the target: with what is
// compared, with the other library, and with what judges both.
func (t target) needs(r runnable) bool {
	ours, base := t.ours(), t.against()
	if t.comes != "" {
		return false
	}
	judges := r.engine == floor || r.engine == control
	return r.bench == ours.bench && (r.engine == ours.engine || r.engine == t.theirs().engine || judges && base.bench == ours.bench) ||
		r.bench == base.bench && (r.engine == base.engine || r.engine == t.theirs().engine)
}

// row is a target with what was measured.
type row struct {
	target
	cells []string
	// times is how many times better than the other library's our figure is.
	// It is 0 where nothing can be said.
	times float64
	met   bool
}

// behind reports whether the other library's figure is the better one.
func (r row) behind() bool { return r.times != 0 && r.times < 1 }

// row reports whether there are the figures for one.
func (t target) row(r results) (row, bool) {
	for _, s := range t.bases() {
		if len(r[s]) == 0 {
			return row{}, false
		}
	}
	ratio := "–"
	made := row{target: t}
	if better, ok := r.better(t.theirs(), t.ours()); ok {
		made.times, ratio = better.Center, ranged(better)
	}
	want, met := t.judge(r)
	made.met = met && (t.is != shown || !made.behind())
	made.cells = []string{caseOf(t.ours()), t.theirFigures(r), r.figure(t.ours()), ratio, want, t.limits(r), made.verdict()}
	return made, true
}

func (r row) String() string { return "| " + strings.Join(r.cells, " | ") + " |\n" }

func (r row) verdict() string {
	verdict := "**no**"
	switch {
	case r.is == shown && r.against() == r.theirs():
		verdict = "–"
	case r.met:
		verdict = "yes"
	}
	if r.behind() {
		verdict += ", **behind " + r.theirs().engine + "**"
	}
	return verdict
}

// judge says what was to come out, with what came out where the row does not say
// it elsewhere, and whether it did.
func (t target) judge(r results) (text string, met bool) {
	ours, base := t.ours(), t.against()
	value, _ := r.median(ours)
	switch t.is {
	case atMost:
		return "≤ " + amount(t.want, ours.unit), value <= t.want
	case grows:
		q, known := r.quotient(ours, base)
		return "ours / " + differs(base, ours) + " ≤ " + times(t.want) + is(q, known), known && q.Center <= t.want || !known && value == 0
	case atLeast:
		q, known := r.quotient(ours, base)
		return t.bound("ours / "+differs(base, ours), q, known), !known || q.Center >= t.want
	case shown:
		if base == t.theirs() {
			return "–", true
		}
		q, known := r.better(base, ours)
		return "as good as " + differs(base, ours) + is(q, known), !known || q.Center >= 1
	default:
		q, known := r.quotient(base, ours) // not known if ours is nothing
		return t.bound(differs(base, ours)+" / ours", q, known), !known || q.Center >= t.want
	}
}

// bound writes the least that a ratio is to be; with its name and what it is,
// unless it is the one to the other library, which the row has.
func (t target) bound(name string, q benchmath.Summary, known bool) string {
	if t.against() == t.theirs() {
		return "≥ " + times(t.want)
	}
	return name + " ≥ " + times(t.want) + is(q, known)
}

func is(q benchmath.Summary, known bool) string {
	if !known {
		return ""
	}
	return ", is " + ranged(q)
}

// ranged writes a ratio with its interval, if there is one.
func ranged(q benchmath.Summary) string {
	text := times(q.Center)
	lo, hi := strings.TrimSuffix(times(q.Lo), "×"), strings.TrimSuffix(times(q.Hi), "×")
	if !isKnown(q) || lo == hi {
		return text
	}
	return text + " (" + lo + " to " + hi + ")"
}

// differs names base by what it does not share with ours.
func differs(base, ours series) string {
	var words []string
	if base.engine != ours.engine {
		words = append(words, base.engine)
	}
	if base.bench != ours.bench {
		words = append(words, base.bench)
	}
	if base.unit != ours.unit {
		words = append(words, base.unit)
	}
	return strings.Join(words, " ")
}

// theirFigures is what the other library takes: for a cost that may grow, how it
// grows there; where the target has another base of theirs, that one too.
func (t target) theirFigures(r results) string {
	base, same := t.against(), t.theirs()
	text := r.figure(same)
	if base.engine == same.engine && base != same {
		text += ", " + r.figure(base) + " " + differs(base, same)
	}
	if t.is == grows && base.bench != t.bench {
		if q, ok := r.quotient(same, series{base.bench, same.engine, base.unit}); ok {
			text += ", grew " + times(q.Center)
		}
	}
	return text
}

// limits are what no engine can do without: in words, and the figures of the
// engines by which both libraries are judged.
func (t target) limits(r results) string {
	var all []string
	for _, engine := range []string{floor, control} {
		s := series{t.bench, engine, t.ours().unit}
		if _, ok := r.median(s); ok {
			all = append(all, engine+" "+r.figure(s))
		}
	}
	if t.limit != "" {
		all = append(all, t.limit)
	}
	return strings.Join(all, ", ")
}

// rows are all targets of which there are figures, those first that are behind the
// other library, the farthest first, then those that miss their target. late is how
// many these are. The rest is unmeasured, or not there yet.
func rows(r results, all []target) (measured []row, late int, unmeasured, coming []target) {
	for _, t := range all {
		made, ok := t.row(r)
		switch {
		case t.comes != "":
			coming = append(coming, t)
		case !ok:
			unmeasured = append(unmeasured, t)
		default:
			measured = append(measured, made)
		}
	}
	slices.SortStableFunc(measured, func(a, b row) int { return cmp.Compare(a.place(), b.place()) })
	for _, made := range measured {
		if made.place() < 2 {
			late++
		}
	}
	return measured, late, unmeasured, coming
}

// place is where a row stands: below 1 it is behind, below 2 it misses its target.
func (r row) place() float64 {
	switch {
	case r.behind():
		return r.times
	case !r.met:
		return 1
	}
	return 2
}
