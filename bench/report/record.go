package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// record is the output of benchmarks, in the Go benchmark format: lines of
// "key: value" that say where it comes from, then the benchmarks' own.
type record struct {
	from  [][2]string
	lines []string
}

// The keys that a record begins with.
const (
	dateKey     = "date"
	goKey       = "go"
	comparedKey = "compared-with"
	cpusKey     = "cpus"
	commandKey  = "command"
)

// The keys that the record of a comparison has besides.
const (
	baseKey   = "base"
	newKey    = "new"
	othersKey = "other-programs"
)

var (
	recordKeys     = []string{dateKey, goKey, comparedKey, cpusKey, commandKey}
	comparisonKeys = []string{baseKey, newKey, othersKey}
)

// newRecord is a record without figures yet, of a run of command.
func newRecord(root, command string) (*record, error) {
	clientgo, err := output(filepath.Join(root, "bench"), "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "k8s.io/client-go")
	if err != nil {
		return nil, err
	}
	return &record{from: [][2]string{
		{dateKey, time.Now().UTC().Format(time.DateOnly)},
		{goKey, runtime.Version()},
		{comparedKey, clientgo},
		{cpusKey, fmt.Sprintf("%d CPUs, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)},
		{commandKey, command},
	}}, nil
}

// measure runs go with each list of arguments, shows the lines as they come,
// and returns them.
func measure(root string, runs [][]string) (*record, error) {
	var commands []string
	for _, args := range runs {
		commands = append(commands, quoted(args))
	}
	rec, err := newRecord(root, strings.Join(commands, " && "))
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	for _, args := range runs {
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		cmd.Stdout = io.MultiWriter(&raw, os.Stderr)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w", quoted(args), err)
		}
	}
	rec.lines = strings.Split(strings.TrimSpace(raw.String()), "\n")
	return rec, rec.check()
}

func (r *record) check() error {
	for _, line := range r.lines {
		if strings.HasPrefix(line, "Benchmark") && strings.Contains(line, "/impl=") {
			return nil
		}
	}
	return errors.New("no benchmark ran that compares: does -bench match a name?")
}

// readRecord reads what bytes wrote.
func readRecord(r io.Reader) (*record, error) {
	rec := &record{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ": ")
		if ok && (slices.Contains(recordKeys, key) || slices.Contains(comparisonKeys, key)) {
			rec.from = append(rec.from, [2]string{key, value})
		} else {
			rec.lines = append(rec.lines, lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for _, key := range recordKeys {
		if !rec.has(key) {
			return nil, fmt.Errorf("the file does not say where its figures come from, %q is missing: was it written by -raw?", key)
		}
	}
	return rec, rec.check()
}

func (r *record) bytes() []byte {
	var all bytes.Buffer
	for _, pair := range r.from {
		fmt.Fprintf(&all, "%s: %s\n", pair[0], pair[1])
	}
	for _, line := range r.lines {
		fmt.Fprintln(&all, line)
	}
	return all.Bytes()
}

// value is what the record says of itself under a key.
func (r *record) value(key string) string {
	for _, pair := range r.from {
		if pair[0] == key {
			return pair[1]
		}
	}
	return "unknown"
}

func (r *record) has(key string) bool {
	return slices.ContainsFunc(r.from, func(pair [2]string) bool { return pair[0] == key })
}

// cpu is the processor's name as go test prints it.
func (r *record) cpu() string {
	for _, line := range r.lines {
		if name, found := strings.CutPrefix(line, "cpu: "); found {
			return name
		}
	}
	return "unknown processor"
}

// quoted is a command of go that a shell can read.
func quoted(args []string) string {
	words := []string{"go"}
	for _, arg := range args {
		if strings.ContainsAny(arg, "^$|()*. ") && !strings.HasPrefix(arg, "./") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, exit.Stderr)
		}
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}
