package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
)

// report is what a run found.
type report struct {
	suite, title, version, command string
	date                           time.Time
	all                            []string // the packages of the suite
	results                        []result
	verdicts                       []verdict // one for each of results
}

// err says whether anything is wrong.
func (r report) err() error {
	faults, stale := 0, 0
	for _, v := range r.verdicts {
		faults += len(v.faults)
		stale += len(v.stale)
	}
	switch {
	case faults > 0:
		return fmt.Errorf("%d tests pass on client-go's engine and not on this library's, and no reason is listed", faults)
	case stale > 0:
		return fmt.Errorf("%d tests are listed in exceptions.go and pass: take them out", stale)
	}
	return nil
}

// text is the report in Markdown.
func (r report) text() string {
	return r.table(nil) + r.blocks(nil)
}

const (
	tableHead = "| package | engine | tests | cannot apply | run | passed | failed | skipped | subtests run | failed | time | of |\n" +
		"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n"
	blockBegin = "<!-- package: "
	blockEnd   = "<!-- end of package -->\n"
)

// table has the rows of the packages that ran, and of others as they were before.
func (r report) table(before map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; `%s` wrote last:\n\n%s", r.title, r.command, tableHead)
	for _, pkg := range r.order(before) {
		of := r.result(pkg)
		if of == nil {
			b.WriteString(before[pkg])
			continue
		}
		for _, engine := range []bridge.Engine{bridge.EngineClientGo, bridge.EngineInformant} {
			if s := of.sides[engine]; s != nil {
				b.WriteString(r.row(pkg, engine, s))
			}
		}
	}
	return b.String()
}

// blocks has what is to say of each package besides.
func (r report) blocks(before map[string]string) string {
	var b strings.Builder
	for _, pkg := range r.order(before) {
		text := before[pkg]
		for i, of := range r.results {
			if of.pkg == pkg {
				text = details(of, r.verdicts[i])
			}
		}
		fmt.Fprintf(&b, "\n%s%s -->\n%s%s", blockBegin, pkg, text, blockEnd)
	}
	return b.String()
}

// order is that of the suite, for the packages that ran or are known from before.
func (r report) order(before map[string]string) (packages []string) {
	for _, pkg := range r.all {
		if _, known := before[pkg]; known || r.result(pkg) != nil {
			packages = append(packages, pkg)
		}
	}
	for _, of := range r.results {
		if !slices.Contains(packages, of.pkg) {
			packages = append(packages, of.pkg)
		}
	}
	return packages
}

func (r report) result(pkg string) *result {
	for i := range r.results {
		if r.results[i].pkg == pkg {
			return &r.results[i]
		}
	}
	return nil
}

func (r report) row(pkg string, engine bridge.Engine, s *side) string {
	c := s.count()
	return fmt.Sprintf("| `%s` | %s | %d | %d | %d | %d | %d | %d | %d | %d | %.0f s | %s, %s, %s |\n", pkg, engine,
		len(s.names)+len(s.left), len(s.left), c.run, c.passed, c.failed, c.skipped, c.subtests, c.subtestsFailed, s.took.Seconds(),
		r.version, runtime.Version(), r.date.Format(time.DateOnly))
}

// details is what is to say of a package besides the counts.
func details(of result, v verdict) string {
	var b strings.Builder
	list := func(what string, tests []string) {
		if len(tests) > 0 {
			fmt.Fprintf(&b, "\n`%s`: %s: `%s`.\n", of.pkg, what, strings.Join(tests, "`, `"))
		}
	}
	because := func(what, column string, rows [][2]string) {
		if len(rows) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n`%s`: %s:\n\n| test | %s |\n|---|---|\n", of.pkg, what, column)
		for _, r := range rows {
			fmt.Fprintf(&b, "| `%s` | %s |\n", r[0], strings.ReplaceAll(r[1], "|", "\\|"))
		}
	}
	ours := of.sides[bridge.EngineInformant]
	list("pass on client-go's engine and not on ours", v.faults)
	because("listed, and pass", "reason", rows(v.stale))
	because("do not pass on ours, on purpose", "reason", rows(v.expected))
	list("pass on neither engine", v.both)
	list("pass on ours and not on client-go's", v.oursAlone)
	list("passed on ours when tried again", v.again)
	if ours == nil {
		return b.String()
	}
	if ours.reaching != nil {
		fmt.Fprintf(&b, "\n`%s`: of the %d tests that apply, %d reach this library's engine; the others run code that is client-go's under our names too.\n", of.pkg, len(ours.names), len(ours.reaching))
	}
	if ours.done != (changes{}) {
		fmt.Fprintf(&b, "\n`%s`: %d import lines and %d constructors of factories were replaced.\n", of.pkg, ours.done.imports, ours.done.factories)
	}
	var left [][2]string
	for _, o := range ours.left {
		left = append(left, [2]string{o.test, o.wants})
	}
	because("cannot apply", "wants", left)
	return b.String()
}

func rows(exceptions []exception) (rows [][2]string) {
	for _, e := range exceptions {
		rows = append(rows, [2]string{e.test, e.reason})
	}
	return rows
}

// outputs is what the tests at fault have printed.
func (r report) outputs() string {
	var b strings.Builder
	for i, of := range r.results {
		for _, test := range append(r.verdicts[i].faults, r.verdicts[i].both...) {
			for engine, s := range of.sides {
				if out := s.records[test].output; s.records[test].outcome != passed {
					fmt.Fprintf(&b, "\n== %s %s on %s: %s\n%s\n", of.pkg, test, engine, s.records[test].outcome, out)
				}
			}
		}
	}
	return b.String()
}

// writeInto puts the report between the marks for its suite in a file. What stands there of
// packages that did not run stays.
func (r report) writeInto(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- results: "+r.suite+" -->\n", "<!-- end of results: "+r.suite+" -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return errors.New(path + " lacks the marks for results of " + r.suite)
	}
	now := begin + "\n" + r.table(oldRows(old)) + r.blocks(oldBlocks(old)) + "\n" + end
	return os.WriteFile(path, []byte(before+now+after), 0o644)
}

// oldRows returns the rows of a table that was written before, by package.
func oldRows(text string) map[string]string {
	rows := map[string]string{}
	_, table, _ := strings.Cut(text, tableHead)
	for line := range strings.Lines(table) {
		name, ok := strings.CutPrefix(line, "| `")
		if !ok {
			break
		}
		pkg, _, _ := strings.Cut(name, "`")
		rows[pkg] += line
	}
	return rows
}

// oldBlocks returns what was written of packages before.
func oldBlocks(text string) map[string]string {
	blocks := map[string]string{}
	for {
		_, rest, found := strings.Cut(text, blockBegin)
		if !found {
			return blocks
		}
		pkg, rest, _ := strings.Cut(rest, " -->\n")
		blocks[pkg], text, _ = strings.Cut(rest, blockEnd)
	}
}
