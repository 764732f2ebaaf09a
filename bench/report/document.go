package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// document is a table as a document of its own.
func document(rec *record, command, table string) []byte {
	return append([]byte("# Benchmarks\n\n"), section(rec, command, table)...)
}

// section puts before a table where its figures come from.
func section(rec *record, command, table string) []byte {
	var doc bytes.Buffer
	fmt.Fprintf(&doc, "Made by `%s`; not edited by hand.\n\n", command)
	fmt.Fprintf(&doc, "| | |\n|---|---|\n")
	rows := [][2]string{
		{"date", rec.value(dateKey)},
		{"machine", rec.cpu() + ", " + rec.value(cpusKey)},
		{"Go", rec.value(goKey)},
		{"compared with", rec.value(comparedKey)},
		{"command", "`" + strings.ReplaceAll(rec.value(commandKey), "|", `\|`) + "`"},
	}
	for _, key := range shownKeys {
		if rec.has(key) {
			rows = append(rows, [2]string{key, rec.value(key)})
		}
	}
	for _, row := range rows {
		fmt.Fprintf(&doc, "| %s | %s |\n", row[0], row[1])
	}
	fmt.Fprintf(&doc, "\n%s\n", strings.TrimSpace(table))
	return doc.Bytes()
}

// caveats are the sentences that keep a reader from taking figures for results
// that are none.
func caveats(rounds int, rec *record) (text string) {
	if rounds < enough {
		text += fmt.Sprintf("\n**Fewer than %d rounds: a look, not a result.**\n", enough)
	}
	if rec.isLoaded() {
		text += "\n**The machine was loaded: these are no results.**\n"
	}
	return text
}

// insert replaces what stands between the marks of a table in a file.
func insert(file, table string, section []byte) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := "<!-- report "+table+" -->\n", "<!-- end of report -->"
	before, rest, hasBegin := bytes.Cut(old, []byte(begin))
	_, after, hasEnd := bytes.Cut(rest, []byte(end))
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s has no place for the table: it needs the lines %q and %q", file, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(file, slices.Concat(before, []byte(begin), []byte("\n"), section, []byte("\n"+end), after), 0o644)
}

// benchstat has the program of that name put the engines side by side.
func benchstat(root string, rec *record) (string, error) {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	tool, file := filepath.Join(dir, "benchstat"), filepath.Join(dir, "raw.txt")
	build := exec.Command("go", "-C", filepath.Join(root, "tools"), "build", "-o", tool, "golang.org/x/perf/cmd/benchstat")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building benchstat: %w\n%s", err, out)
	}
	if err := os.WriteFile(file, []byte(strings.Join(rec.lines, "\n")+"\n"), 0o644); err != nil {
		return "", err
	}
	out, err := output(dir, tool, "-col", "/impl@("+strings.Join(columns(rec.lines), " ")+")", file)
	return "```\n" + out + "\n```", err
}

// columns are the engines in the order of the comparison: what is compared with,
// then this library, then what the two are judged by.
func columns(lines []string) []string {
	there := map[string]bool{}
	for name := range parseResults(lines) {
		there[name.engine] = true
	}
	var all []string
	for _, engine := range []string{clientGo, controllerRuntime, informant, dropIn, floor, control} {
		if there[engine] {
			all = append(all, engine)
		}
		delete(there, engine)
	}
	return append(all, slices.Sorted(maps.Keys(there))...)
}
