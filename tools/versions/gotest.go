package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

const base = "github.com/informant-go/informant"

// goCommand is a go command in the folder of a module.
func goCommand(dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), env...)
	return cmd
}

// goOutput returns what a go command prints.
func goOutput(dir string, args ...string) (string, error) {
	var complaints strings.Builder
	cmd := goCommand(dir, nil, args...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// goTally runs a go command that prints events, and counts them. That something fails is
// no error.
func goTally(dir string, env []string, args ...string) (*tally, error) {
	cmd := goCommand(dir, env, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return readTally(bytes.NewReader(out))
}

// tally is what became of tests.
type tally struct {
	passed          int
	failed, skipped []string
	broken          []string // packages that failed without a test that did
	faults          []string // what does not compile, each once
}

// event is a line of go test -json.
type event struct{ Action, Package, ImportPath, Test, Output string }

// fault matches a line of the compiler.
var fault = regexp.MustCompile(`^(\S+\.go:\d+:\d+: .*?)\n?$`)

func readTally(r io.Reader) (*tally, error) {
	t := &tally{}
	for lines := json.NewDecoder(r); ; {
		var e event
		switch err := lines.Decode(&e); {
		case err == io.EOF:
			return t, nil
		case err != nil:
			return nil, fmt.Errorf("what go test prints is no event: %w", err)
		}
		t.note(e)
	}
}

func (t *tally) note(e event) {
	switch {
	case e.Action == "build-output":
		if m := fault.FindStringSubmatch(e.Output); m != nil && !slices.Contains(t.faults, m[1]) {
			t.faults = append(t.faults, m[1])
		}
	case e.Action == "fail" && e.Test == "":
		t.broken = append(t.broken, e.Package)
	case e.Test == "":
	case e.Action == "pass":
		t.passed++
	case e.Action == "fail":
		t.failed = append(t.failed, e.Test)
	case e.Action == "skip":
		t.skipped = append(t.skipped, e.Test)
	}
}

// shown is how many names an outcome has.
const shown = 5

// outcome is the tally in words. The error is for one of which nothing can be said.
func (t *tally) outcome() (string, error) {
	if len(t.faults) > 0 {
		return fmt.Sprintf("does not compile: %d errors, the first `%s`", len(t.faults), t.faults[0]), nil
	}
	if t.passed == 0 && len(t.failed) == 0 {
		return "", fmt.Errorf("no test has run; packages that failed: %s", some(t.broken))
	}
	words := []string{fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, len(t.failed), len(t.skipped))}
	if len(t.failed) > 0 {
		words = append(words, "failed: "+some(t.failed))
	} else if len(t.broken) > 0 {
		words = append(words, "failed outside of a test: "+some(t.broken))
	}
	if len(t.skipped) > 0 {
		words = append(words, "skipped: "+some(t.skipped))
	}
	return strings.Join(words, "; "), nil
}

// some names the first few.
func some(names []string) string {
	if len(names) <= shown {
		return "`" + strings.Join(names, "`, `") + "`"
	}
	return fmt.Sprintf("`%s` and %d more", strings.Join(names[:shown], "`, `"), len(names)-shown)
}
