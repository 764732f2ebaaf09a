package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// headline is a row that a README shows, in words for who reads no further.
type headline struct {
	says string
	target
}

// headlines are of all areas. Not all of them are to our advantage.
var headlines = []headline{
	{"a key through the work queue: Add, Get, Done", target{bench: "Queue/cycle"}},
	{"an update in a store of 100,000 pods with three indexes", target{bench: "Store/update"}},
	{"a pod of that store deleted, and another one added", target{bench: "Store/delete-add"}},
	{"a list of all its pods", target{bench: "Store/list"}},
	{"a change in a watch over HTTP, to the decoded pod", target{bench: "Reflector/watch-http"}},
	{"an event to 16 handlers of an informer with three indexes", target{bench: "Informer/events-indexed/handlers=16"}},
}

// figuresSection is what a README shows of a page of results: a chart, a table and
// where they come from.
func figuresSection(rec *record, page, readme string) ([]byte, error) {
	beside, err := relative(readme, page)
	if err != nil {
		return nil, err
	}
	table, err := headlineTable(parseResults(rec.lines))
	if err != nil {
		return nil, err
	}
	var doc bytes.Buffer
	fmt.Fprintf(&doc, "![%s](%s%s)\n\n%s%s\n", ratiosAlt, folder(beside), ratiosName, table, caveats(rec.rounds(), rec))
	fmt.Fprintf(&doc, "Medians of %s rounds, made by `%s` on %s: %s, %s, %s, %s, commit %s. [All rows](%s), those that are behind first.\n",
		rec.value(roundsKey), rec.value(commandKey), rec.value(dateKey),
		rec.cpu(), rec.value(cpusKey), rec.value(goKey), rec.value(comparedKey), rec.value(commitKey), beside)
	return doc.Bytes(), nil
}

func headlineTable(r results) (string, error) {
	var doc strings.Builder
	var missing []string
	doc.WriteString("| | client-go | informant | |\n|---|---|---|---|\n")
	for _, h := range headlines {
		q, ok := r.better(h.theirs(), h.ours())
		if !ok {
			missing = append(missing, h.bench)
			continue
		}
		ratio := times(q.Center)
		if q.Center < 1 {
			ratio += ", slower"
		}
		fmt.Fprintf(&doc, "| %s | %s | %s | %s |\n", h.says, r.figure(h.theirs()), r.figure(h.ours()), ratio)
	}
	if len(missing) > 0 {
		return "", errors.New("a README shows rows that were not measured in this run, " + strings.Join(missing, ", ") + ": measure without -bench, or leave -into away")
	}
	return doc.String(), nil
}

// relative is the path from a document to another one, as a link has it.
func relative(from, to string) (string, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	if to, err = filepath.Abs(to); err != nil {
		return "", err
	}
	path, err := filepath.Rel(filepath.Dir(from), to)
	return filepath.ToSlash(path), err
}

// folder is that of a link, with the slash after it.
func folder(link string) string { return link[:strings.LastIndex(link, "/")+1] }
