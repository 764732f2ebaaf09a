package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// designRows are the rows of the table for each size. A case that was not
// measured at a size is left out there.
var designRows = []struct{ label, name, unit string }{
	{"get", "get", "ns/op"},
	{"get-parallel", "get-parallel", "ns/op"},
	{"update", "update", "ns/op"},
	{"update", "update", "B/op"},
	{"update", "update", "allocs/op"},
	{"update-moving", "update-moving", "ns/op"},
	{"update-moving", "update-moving", "B/op"},
	{"delete-add", "delete-add", "ns/op"},
	{"delete-add", "delete-add", "B/op"},
	{"replace", "replace", "ns/object"},
	{"replace-unchanged", "replace-unchanged", "ns/object"},
	{"list", "list", "ns/object"},
	{"iterate", "iterate", "ns/object"},
	{"by-index", "by-index", "ns/object"},
	{"snapshot", "snapshot", "ns/op"},
	{"fill an empty store", "bytes", "ns/object"},
	{"bytes besides the object", "bytes", "B/object"},
}

const designBench = "StoreDesign/objects="

// designTable puts the two designs of the store side by side, one table for each
// size.
func designTable(r results) (string, error) {
	var doc strings.Builder
	for _, n := range designSizes(r) {
		fmt.Fprintf(&doc, "### %s objects\n\n| case | slots | tries | tries / slots | floor |\n|---|---|---|---|---|\n", digits(float64(n)))
		for _, row := range designRows {
			of := func(engine string) series {
				return series{designBench + strconv.Itoa(n) + "/" + row.name, engine, row.unit}
			}
			slots, ok := r.median(of(informant))
			tries, both := r.median(of(trie))
			if !ok || !both {
				continue
			}
			fmt.Fprintf(&doc, "| %s | %s | %s | %s | %s |\n",
				row.label, r.figure(of(informant)), r.figure(of(trie)), ratio(tries, slots), r.figure(of(floor)))
		}
		doc.WriteString("\n")
	}
	if doc.Len() == 0 {
		return "", errors.New("no results of BenchmarkStoreDesign with both designs")
	}
	return doc.String() + legend(r), nil
}

func designSizes(r results) []int {
	sizes := map[int]bool{}
	for s := range r {
		rest, ok := strings.CutPrefix(s.bench, designBench)
		size, _, _ := strings.Cut(rest, "/")
		if n, err := strconv.Atoi(size); ok && err == nil {
			sizes[n] = true
		}
	}
	return slices.Sorted(maps.Keys(sizes))
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

// ratio is that of two figures, of which the second may be nothing.
func ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return times(a / b)
}
