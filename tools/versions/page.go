package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// row is a row of a table: a version, what came of it, and with what it was tried.
type row struct {
	version string
	cells   []string
}

func (r row) String() string {
	return "| " + strings.Join(append([]string{r.version}, r.cells...), " | ") + " |"
}

// stamp is with what something is tried: our version, Go and the day.
func stamp(root string) ([]string, error) {
	name := filepath.Join(root, "clientgo", "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse(name, text, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range mod.Require {
		if r.Mod.Path == base {
			return []string{r.Mod.Version, runtime.Version(), time.Now().Format(time.DateOnly)}, nil
		}
	}
	return nil, errors.New(name + " requires no version of ours")
}

// writeRow puts a row into a table of a page.
func writeRow(page, table string, r row) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	fresh, err := withRow(string(text), table, r)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return os.WriteFile(page, []byte(fresh), 0o644)
}

// withRow returns text with a row in place of that of its version, or among the others,
// which are in the order of versions. The rows of a table stand between two comments.
func withRow(text, table string, r row) (string, error) {
	beginning, end := "<!-- rows: "+table+" -->\n", "<!-- end of rows: "+table+" -->\n"
	before, rest, begins := strings.Cut(text, beginning)
	had, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", fmt.Errorf("there are no lines %q and %q to put the rows between", beginning, end)
	}
	lines := strings.Split(strings.TrimSuffix(had, "\n"), "\n")
	if len(lines) < 2 {
		return "", fmt.Errorf("the table of %s has no heading", table)
	}
	rows := slices.DeleteFunc(lines[2:], func(line string) bool { return versionOf(line) == r.version })
	rows = append(rows, r.String())
	slices.SortStableFunc(rows, func(a, b string) int { return semver.Compare(versionOf(b), versionOf(a)) })
	all := append(lines[:2:2], rows...)
	return before + beginning + strings.Join(all, "\n") + "\n" + end + after, nil
}

// versionOf is the first cell of a row.
func versionOf(line string) string {
	cells := strings.Split(line, "|")
	if len(cells) < 2 {
		return ""
	}
	return strings.TrimSpace(cells[1])
}
