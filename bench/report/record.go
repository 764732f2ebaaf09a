package main

import (
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

// The keys that the record of results has besides.
const (
	processorKey = "processor"
	commitKey    = "commit"
	roundsKey    = "rounds"
)

var (
	recordKeys = []string{dateKey, goKey, comparedKey, cpusKey, commandKey}
	// otherKeys are not in every record. A document has those that are shown.
	shownKeys = []string{commitKey, roundsKey, baseKey, newKey, othersKey}
	otherKeys = append([]string{processorKey}, shownKeys...)
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

// measure runs go with arguments, shows the lines as they come, and returns them.
func measure(root string, args []string) (*record, error) {
	rec, err := newRecord(root, quoted(args))
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Stdout = io.MultiWriter(&raw, os.Stderr)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", quoted(args), err)
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
func readRecord(text string) (*record, error) {
	rec, err := parseRecord(text)
	if err != nil {
		return nil, err
	}
	return rec, rec.check()
}

// parseRecord is readRecord for a record that may have no figures yet.
func parseRecord(text string) (*record, error) {
	rec := &record{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		key, value, ok := strings.Cut(line, ": ")
		if ok && (slices.Contains(recordKeys, key) || slices.Contains(otherKeys, key)) {
			rec.from = append(rec.from, [2]string{key, value})
		} else {
			rec.lines = append(rec.lines, line)
		}
	}
	for _, key := range recordKeys {
		if !rec.has(key) {
			return nil, fmt.Errorf("the file does not say where its figures come from, %q is missing: was it written by -raw?", key)
		}
	}
	return rec, nil
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

// isLoaded reports whether other programs used the machine too much while the
// figures were made, or some of them.
func (r *record) isLoaded() bool {
	return slices.ContainsFunc(r.from, func(pair [2]string) bool {
		return pair[0] == othersKey && strings.Contains(pair[1], loadedMark)
	})
}

// cpu is the processor's name: what the record says, or as go test prints it.
func (r *record) cpu() string {
	if name := r.value(processorKey); name != "unknown" {
		return name
	}
	for _, line := range r.lines {
		if name, found := strings.CutPrefix(line, "cpu: "); found {
			return strings.TrimSpace(name)
		}
	}
	return "unknown processor"
}

// processor is the name of the processor that this is, where Linux says it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if key, name, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return "unknown"
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
