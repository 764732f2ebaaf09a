package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// outcome is how a test ended.
type outcome string

const (
	passed     outcome = "passed"
	failed     outcome = "failed"
	skipped    outcome = "skipped"
	unfinished outcome = "unfinished" // it was running when the program ended, or was not begun
)

// wholeProgram is in the place of a test when the program failed and no test did.
const wholeProgram = "(the program)"

// record is what is known of one test, or subtest.
type record struct {
	outcome outcome
	output  string
	tries   int // how many times it was run
}

// records are those of a program, by test.
type records map[string]record

// top is the test of which one is a subtest, or is itself.
func top(test string) string {
	name, _, _ := strings.Cut(test, "/")
	return name
}

// bad returns the tests of which, or of whose subtests, something neither passed nor was
// skipped.
func (r records) bad() (tests []string) {
	for name, of := range r {
		if of.outcome != passed && of.outcome != skipped && !slices.Contains(tests, top(name)) {
			tests = append(tests, top(name))
		}
	}
	slices.Sort(tests)
	return tests
}

// tests is a program of tests.
type tests struct {
	program string
	dir     string // where it runs
	names   []string
	timeout time.Duration
	again   int                    // how often a test that fails is tried again
	final   func(test string) bool // whether a test that fails is not tried again; nil for no such test
}

// run runs the program's tests, all or those that match, and those that did not pass again,
// each alone.
func (p tests) run(ctx context.Context, only *regexp.Regexp) (records, error) {
	var want []string
	for _, name := range p.names {
		if only.MatchString(name) {
			want = append(want, name)
		}
	}
	if len(want) == 0 {
		return records{}, nil
	}
	all, err := p.once(ctx, want)
	if err != nil {
		return nil, err
	}
	for try := range p.again {
		for _, name := range all.bad() {
			if name == wholeProgram || p.final != nil && p.final(name) {
				continue
			}
			alone, err := p.once(ctx, []string{name})
			if err != nil {
				return nil, err
			}
			all.replace(name, alone, try+2)
		}
	}
	return all, nil
}

// replace puts the records of a test that was run again in the place of those of before.
func (r records) replace(test string, by records, tries int) {
	for name := range r {
		if top(name) == test {
			delete(r, name)
		}
	}
	for name, of := range by {
		of.tries = tries
		r[name] = of
	}
}

// once runs tests by their names.
func (p tests) once(ctx context.Context, names []string) (records, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout+time.Minute)
	defer cancel()
	test := exec.CommandContext(ctx, p.program,
		"-test.v=test2json", "-test.timeout="+p.timeout.String(), "-test.run=^("+strings.Join(names, "|")+")$")
	test.Dir = p.dir
	events := exec.CommandContext(ctx, "go", "tool", "test2json")
	events.Env = append(os.Environ(), "GOWORK=off")
	return collect(test, events, names)
}

// collect runs both commands, the second of which reads what the first prints.
func collect(test, events *exec.Cmd, names []string) (records, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var out, stderr bytes.Buffer
	test.Stdout, test.Stderr = write, write
	events.Stdin, events.Stdout, events.Stderr = read, &out, &stderr
	if err := events.Start(); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	testErr := test.Start()
	closeErr := errors.Join(read.Close(), write.Close())
	if testErr == nil {
		testErr = test.Wait()
	}
	if err := events.Wait(); err != nil {
		return nil, fmt.Errorf("go tool test2json: %w\n%s", err, stderr.String())
	}
	if closeErr != nil {
		return nil, closeErr
	}
	var failedTests *exec.ExitError
	if testErr != nil && !errors.As(testErr, &failedTests) {
		return nil, testErr
	}
	return parseEvents(&out, names, testErr)
}

// parseEvents reads what test2json writes of tests of these names. ended is the error with
// which the program ended.
func parseEvents(events io.Reader, names []string, ended error) (records, error) {
	all := records{}
	for _, name := range names {
		all[name] = record{unfinished, "", 1}
	}
	var rest strings.Builder // what belongs to no test
	decoder := json.NewDecoder(events)
	for {
		var event struct{ Action, Test, Output string }
		err := decoder.Decode(&event)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("go tool test2json: %w", err)
		}
		if event.Test == "" {
			rest.WriteString(event.Output)
			continue
		}
		of, known := all[event.Test]
		if !known {
			of = record{unfinished, "", 1}
		}
		of.output = tail(of.output + event.Output)
		switch event.Action {
		case "pass":
			of.outcome = passed
		case "fail":
			of.outcome = failed
		case "skip":
			of.outcome = skipped
		}
		all[event.Test] = of
	}
	if ended != nil && len(all.bad()) == 0 {
		// No test failed and the program did: goroutines are left, or it panicked at the end.
		all[wholeProgram] = record{failed, tail(rest.String()) + ended.Error(), 1}
	}
	return all, nil
}
