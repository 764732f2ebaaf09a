// Command report runs the benchmarks and writes a document with what they say:
// benchstat's comparison of the engines, and the machine, versions, date and
// command that it comes from. Run it from anywhere in the checkout:
//
//	go run ./bench/report -count 10 -out bench/RESULTS.md
//
// A quick look at one area: go run ./bench/report -bench Queue -count 3
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

type options struct {
	bench, benchtime, out, timeout string
	count                          int
}

func main() {
	var o options
	flag.StringVar(&o.bench, "bench", ".", "which benchmarks, as for go test -bench")
	flag.StringVar(&o.benchtime, "benchtime", "1s", "how long each runs, as for go test -benchtime")
	flag.StringVar(&o.timeout, "timeout", "6h", "how long the whole run may take")
	flag.IntVar(&o.count, "count", 10, "how often each runs; fewer than 10 is a look, not a result")
	flag.StringVar(&o.out, "out", "", "the document to write; standard output without it")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	root, err := output("", "go", "env", "GOWORK")
	if err != nil {
		return err
	}
	if root == "" || root == "off" {
		return errors.New("no go.work found: run it inside the checkout, without GOWORK=off")
	}
	root = filepath.Dir(root)
	args := []string{"test", "-run", "^$", "-bench", o.bench, "-benchmem", "-benchtime", o.benchtime,
		"-count", fmt.Sprint(o.count), "-timeout", o.timeout, "./bench"}
	raw, err := measure(root, args)
	if err != nil {
		return err
	}
	table, err := compare(root, raw)
	if err != nil {
		return err
	}
	doc, err := document(root, "go "+strings.Join(args, " "), raw, table)
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err = os.Stdout.Write(doc)
		return err
	}
	return os.WriteFile(o.out, doc, 0o644)
}

// measure runs the benchmarks, shows their lines as they come, and returns
// them.
func measure(root string, args []string) ([]byte, error) {
	var raw bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Stdout = io.MultiWriter(&raw, os.Stderr)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	if !bytes.Contains(raw.Bytes(), []byte("impl=")) {
		return nil, fmt.Errorf("no benchmark ran: does -bench match a name of ./bench?")
	}
	return raw.Bytes(), nil
}

// compare has benchstat put the engines side by side.
func compare(root string, raw []byte) (string, error) {
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
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		return "", err
	}
	return output(dir, tool, "-col", "/impl@(client-go informant controller-runtime)", file)
}

func document(root, command string, raw []byte, table string) ([]byte, error) {
	clientgo, err := output(filepath.Join(root, "bench"), "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "k8s.io/client-go")
	if err != nil {
		return nil, err
	}
	var doc bytes.Buffer
	fmt.Fprintf(&doc, "# Benchmarks\n\nMade by `go run ./bench/report`; not edited by hand.\n\n")
	fmt.Fprintf(&doc, "| | |\n|---|---|\n")
	for _, row := range [][2]string{
		{"date", time.Now().UTC().Format(time.DateOnly)},
		{"machine", fmt.Sprintf("%s, %d CPUs, %s/%s", cpu(raw), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)},
		{"Go", runtime.Version()},
		{"compared with", clientgo},
		{"command", "`" + command + "`"},
	} {
		fmt.Fprintf(&doc, "| %s | %s |\n", row[0], row[1])
	}
	fmt.Fprintf(&doc, "\n```\n%s\n```\n", table)
	return doc.Bytes(), nil
}

// cpu is the processor's name as go test prints it.
func cpu(raw []byte) string {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "cpu: "); found {
			return name
		}
	}
	return "unknown processor"
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
