package controllerruntime

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/informant-go/informant/e2e/realserver"
)

// counts are those of this process.
var counts tally

// tally is which test has failed on which engine, and why.
type tally struct {
	mu      sync.Mutex
	results map[string]map[string]outcome // by engine, by test; guarded by mu
}

type outcome struct {
	failed bool
	reason string
}

// add notes how a test has ended on an engine.
func (c *tally) add(engine, test string, failed bool, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failed && reason == "" {
		reason = "its log says why"
	}
	if c.results == nil {
		c.results = map[string]map[string]outcome{}
	}
	if c.results[engine] == nil {
		c.results[engine] = map[string]outcome{}
	}
	// A test that is repeated has passed if it always has.
	if before := c.results[engine][test]; !before.failed {
		c.results[engine][test] = outcome{failed, reason}
	}
}

// differ notes that a test has seen something else on this engine.
func (c *tally) differ(engine, test, difference string) {
	c.add(engine, test, true, difference)
}

// passed are the tests that an engine has passed.
func passed(tests map[string]outcome) []string {
	var names []string
	for _, test := range slices.Sorted(maps.Keys(tests)) {
		if !tests[test].failed {
			names = append(names, test)
		}
	}
	return names
}

// print writes a line for each engine, and one for each failure. It reports
// whether all engines have run, and passed, the same tests.
func (c *tally) print(out io.Writer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	equal, first := true, ""
	for _, engine := range slices.Sorted(maps.Keys(c.results)) {
		tests := c.results[engine]
		good := passed(tests)
		fmt.Fprintf(out, "controller-runtime on %s: %d run, %d passed, %d failed\n", engine, len(tests), len(good), len(tests)-len(good))
		for _, test := range slices.Sorted(maps.Keys(tests)) {
			if tests[test].failed {
				reason, _, _ := strings.Cut(tests[test].reason, "\n")
				fmt.Fprintf(out, "\t%s: %s\n", test, reason)
			}
		}
		if first == "" {
			first = engine
			continue
		}
		equal = equal && len(tests) == len(c.results[first]) && slices.Equal(good, passed(c.results[first]))
	}
	if !equal {
		fmt.Fprintln(out, "the engines have not passed the same tests")
	}
	return equal
}

// counted is a Runner that prints the counts in the end.
type counted struct {
	m   realserver.Runner
	out io.Writer
}

// Run implements realserver.Runner.
func (r counted) Run() int {
	code := r.m.Run()
	if !counts.print(r.out) {
		code = max(code, 1)
	}
	return code
}
