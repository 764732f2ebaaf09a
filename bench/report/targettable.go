package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// targetTable writes what was measured beside what was to be reached. A target
// whose figures are missing is left out.
func targetTable(r results, all []target) (string, error) {
	var doc strings.Builder
	met, measured := 0, 0
	var missing []string
	for _, t := range all {
		row, ok := t.row(r)
		if !ok {
			missing = append(missing, t.bench)
			continue
		}
		measured++
		if row.met {
			met++
		}
		doc.WriteString(row.String())
	}
	if measured == 0 {
		return "", errors.New("no results of a benchmark that has a target")
	}
	return "| case | client-go | ours | floor, control | what counts | measured | target | met |\n|---|---|---|---|---|---|---|---|\n" +
		doc.String() + fmt.Sprintf("\n%d of %d targets are met.%s ", met, measured, unmeasured(missing)) + legend(r), nil
}

func unmeasured(benches []string) string {
	if len(benches) == 0 {
		return ""
	}
	return " Not measured: " + strings.Join(slices.Compact(benches), ", ") + "."
}

// row is a target with what was measured.
type row struct {
	cells []string
	met   bool
}

func (r row) String() string {
	verdict := "no"
	if r.met {
		verdict = "yes"
	}
	return "| " + strings.Join(append(r.cells, verdict), " | ") + " |\n"
}

func (t target) row(r results) (row, bool) {
	ours := series{t.bench, cmp.Or(t.engine, informant), cmp.Or(t.unit, "ns/op")}
	base := series{cmp.Or(t.base.bench, ours.bench), cmp.Or(t.base.engine, clientGo), cmp.Or(t.base.unit, ours.unit)}
	value, ok := r.median(ours)
	against, hasBase := r.median(base)
	if !ok || t.is != atMost && !hasBase {
		return row{}, false
	}
	counts, got, want, met := t.judge(value, against, base, ours)
	return row{[]string{caseOf(ours), t.theirs(r, ours, base), r.figure(ours), judges(r, ours), counts, got, want}, met}, true
}

// judge says what is compared, what came out, what was to come out, and whether
// it did.
func (t target) judge(value, against float64, base, ours series) (counts, got, want string, met bool) {
	switch t.is {
	case atMost:
		return "ours", amount(value, ours.unit), "≤ " + amount(t.want, ours.unit), value <= t.want
	case atLeast:
		return "ours / " + differs(base, ours), ratio(value, against), "≥ " + times(t.want), value >= t.want*against
	case grows:
		return "ours / " + differs(base, ours), ratio(value, against), "≤ " + times(t.want), value <= t.want*against
	default:
		return differs(base, ours) + " / ours", ratio(against, value), "≥ " + times(t.want), against >= t.want*value
	}
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

// theirs is what the other library takes: for a cost that may grow, how it grows
// there; where the target has another base of theirs, that one too.
func (t target) theirs(r results, ours, base series) string {
	engine := clientGo
	if base.engine == controllerRuntime {
		engine = controllerRuntime
	}
	same := series{ours.bench, engine, ours.unit}
	text := r.figure(same)
	if base.engine == engine && base != same {
		text += ", " + r.figure(base) + " " + differs(base, ours)
	}
	if now, ok := r.median(same); ok && t.is == grows {
		before, _ := r.median(series{base.bench, engine, base.unit})
		text += ", grew " + ratio(now, before)
	}
	return text
}

// judges are the figures of the engines that the two libraries are judged by.
func judges(r results, ours series) string {
	var all []string
	for _, engine := range []string{floor, control} {
		s := series{ours.bench, engine, ours.unit}
		if _, ok := r.median(s); ok {
			all = append(all, r.figure(s))
		}
	}
	return strings.Join(all, ", ")
}

// legend says what the figures are.
func legend(r results) string {
	runs := map[int]bool{}
	for _, values := range r {
		runs[len(values)] = true
	}
	counts := slices.Sorted(maps.Keys(runs))
	of := fmt.Sprint(counts[0])
	if last := counts[len(counts)-1]; last != counts[0] {
		of += fmt.Sprintf(" to %d", last)
	}
	return fmt.Sprintf("Medians of %s runs, ± half of the distance between the quartiles where that is 2%% or more. "+
		"The floor is the harness with what no store can do without: the functions of key, version and indexes called once, "+
		"and the pointers copied that were asked for.\n", of)
}
