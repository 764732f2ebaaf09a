// Command mutants makes one fault at a time in the code and runs the tests, to
// show that the tests can fail: each fault must be found.
//
// Usage: mutants [-root DIR] [-run REGEXP] FILE
//
// FILE lists the faults. A line "test ARG..." says how go test is called for
// those below it. A fault is a line "== what is wrong", a line with the path of a
// file below the root, and lines that begin with "-" and "+": what stands there
// now, which must be there once, and what is put in its place. Lines that begin
// with "#" are comments. The files themselves are not touched: the go command is
// given others in their place, by -overlay.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	root := flag.String("root", ".", "the folder of the checkout")
	only := flag.String("run", "", "makes only the faults whose text matches this regular expression")
	flag.Parse()
	if err := run(*root, *only, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(root, only string, args []string) error {
	if len(args) != 1 {
		return errors.New("give one file of faults")
	}
	want, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	mutants, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	missed, made := 0, 0
	for _, m := range mutants {
		if !want.MatchString(m.what) {
			continue
		}
		began := time.Now()
		by, err := m.find(root)
		if err != nil {
			return fmt.Errorf("%q: %w", m.what, err)
		}
		made++
		if by == "" {
			missed++
			by = "NOT FOUND"
		}
		fmt.Printf("%6.1f s  %s: %s\n", time.Since(began).Seconds(), m.what, by)
	}
	if missed > 0 || made == 0 {
		return fmt.Errorf("%d of %d faults were not found", missed, made)
	}
	fmt.Printf("all %d faults were found\n", made)
	return nil
}

// mutant is one fault.
type mutant struct {
	what, file string
	from, to   []string
	test       []string
}

func parse(text string) ([]*mutant, error) {
	var all []*mutant
	var test []string
	for n, line := range strings.Split(text, "\n") {
		last := len(all) - 1
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "test "):
			test = strings.Fields(line)[1:]
		case strings.HasPrefix(line, "== "):
			all = append(all, &mutant{what: line[3:], test: test})
		case last < 0:
			return nil, fmt.Errorf("line %d: no fault begins before %q", n+1, line)
		case line[0] == '-':
			all[last].from = append(all[last].from, line[1:])
		case line[0] == '+':
			all[last].to = append(all[last].to, line[1:])
		case all[last].file == "":
			all[last].file = line
		default:
			return nil, fmt.Errorf("line %d: %q is no line of a fault", n+1, line)
		}
	}
	for _, m := range all {
		if m.file == "" || len(m.from) == 0 || len(m.test) == 0 {
			return nil, fmt.Errorf("%q has no file, no lines to take out, or no tests", m.what)
		}
	}
	return all, nil
}

// apply makes the fault in the text of its file.
func (m *mutant) apply(text string) (string, error) {
	from := strings.Join(m.from, "\n") + "\n"
	if n := strings.Count(text, from); n != 1 {
		return "", fmt.Errorf("the lines to take out are %d times in %s, not once: bring the fault up to date", n, m.file)
	}
	to := ""
	if len(m.to) > 0 {
		to = strings.Join(m.to, "\n") + "\n"
	}
	return strings.Replace(text, from, to, 1), nil
}

// find runs the tests with the fault, and returns what found it, "" for nothing.
func (m *mutant) find(root string) (by string, err error) {
	root, err = filepath.Abs(root)
	if err != nil {
		return "", err
	}
	file := filepath.Join(root, m.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	changed, err := m.apply(string(text))
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	other, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: other}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(other, []byte(changed), 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return "", err
	}
	cmd := exec.Command("go", append([]string{"test", "-overlay", overlay, "-count=1", "-failfast"}, m.test...)...)
	cmd.Dir = root
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err
	}
	return verdict(output, err != nil)
}

// verdict says what in the output of go test found the fault.
func verdict(output []byte, failed bool) (by string, err error) {
	if !failed {
		return "", nil
	}
	for _, broken := range []string{"[build failed]", "[setup failed]"} {
		if bytes.Contains(output, []byte(broken)) {
			return "", fmt.Errorf("the code does not compile with the fault:\n%s", output)
		}
	}
	failures := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)|^(panic: .*)|^(WARNING: DATA RACE)`)
	if found := failures.FindSubmatch(output); found != nil {
		return string(bytes.TrimSpace(bytes.Join(found[1:], nil))), nil
	}
	return "", fmt.Errorf("go test failed otherwise than by a test:\n%s", output)
}
