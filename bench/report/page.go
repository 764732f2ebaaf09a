package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// resultsPage has all rows: those that are behind first, then those that are where
// they are to be, and a sentence for each that has no figures.
func resultsPage(rec *record, all []target, pictures []picture) ([]byte, error) {
	r := parseResults(rec.lines)
	measured, late, unmeasured, coming := rows(r, all)
	if len(measured) == 0 {
		return nil, errors.New("no row was measured: does -bench match the benchmark of one?")
	}
	var doc bytes.Buffer
	doc.WriteString("# Results\n\n")
	doc.Write(section(rec, rec.value(commandKey), summary(measured)+caveats(rec.rounds(), rec)))
	for _, p := range pictures {
		fmt.Fprintf(&doc, "\n![%s](%s)\n", p.alt, p.name)
	}
	writeRows(&doc, "Behind client-go, or behind the target", measured[:late])
	writeRows(&doc, "Where they are to be", measured[late:])
	if len(unmeasured) > 0 {
		doc.WriteString("\n## Not measured\n\n")
	}
	for _, t := range unmeasured {
		fmt.Fprintf(&doc, "- %s: not measured in this run.\n", caseOf(t.ours()))
	}
	if len(coming) > 0 {
		doc.WriteString("\n## Not there yet\n\n")
	}
	for _, t := range coming {
		fmt.Fprintf(&doc, "- %s comes %s.%s\n", t.bench, t.comes, goal(t))
	}
	doc.WriteString("\n" + legend)
	return doc.Bytes(), nil
}

// rounds is how many there are.
func (r *record) rounds() int {
	n, _ := strconv.Atoi(r.value(roundsKey))
	return n
}

// summary counts rows. What has several targets is compared with the other library
// once.
func summary(measured []row) string {
	compared, behind := map[series]bool{}, map[series]bool{}
	met, targets := 0, 0
	for _, m := range measured {
		if m.times != 0 {
			compared[m.ours()] = true
		}
		if m.behind() {
			behind[m.ours()] = true
		}
		if m.is != shown {
			targets++
			if m.met {
				met++
			}
		}
	}
	return fmt.Sprintf("%d of %d rows that the other library has too are behind it. %d of %d targets are met.\n", len(behind), len(compared), met, targets)
}

func writeRows(doc *bytes.Buffer, title string, all []row) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(doc, "\n## %s\n\n| case | client-go | ours | ratio | target | limit, floor, control | met |\n|---|---|---|---|---|---|---|\n", title)
	for _, made := range all {
		doc.WriteString(made.String())
	}
}

func goal(t target) string {
	var text strings.Builder
	if t.goal != "" {
		text.WriteString(" To be reached: " + t.goal + ".")
	}
	if t.limit != "" {
		text.WriteString(" Limit: " + t.limit + ".")
	}
	return text.String()
}

const legend = `## What the figures are

Medians of all rounds, ± how far the 95% interval of the median reaches where that is 2% or more.
In a round the engines of a benchmark run one after the other, in an order that changes from round
to round. The ratio says how many times better ours is than the other library's, below 1 it is worse: the
median of the ratios of the rounds, with its 95% interval. A row whose name ends in (drop-in) is this library
behind client-go's interface; the other library is client-go, for PriorityQueue it is
controller-runtime.

The floor is the harness with what no engine can do without: for a store the functions of key, version
and indexes called once, and the pointers copied that were asked for; for a queue its locks and a lookup;
for an informer one goroutine that receives, keeps the pods in a map and calls the handlers itself.
The control shares the processors as the engine does, but not what is written.
`
