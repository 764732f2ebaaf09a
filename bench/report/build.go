package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// build is the benchmarks of one state of the sources, compiled.
type build struct {
	// name is what its figures are called: base or new, or the folder that they
	// are of.
	name string
	// of says what was compiled: a commit, or the checkout as it is.
	of string
	// dir is the folder in which its benchmarks run.
	dir, binary string
}

// builder compiles the benchmarks of several states of a repository. The
// worktrees that it makes are gone when it is closed.
type builder struct {
	root, temp string
	trees      []string
}

// newBuilder returns a builder for the checkout in root. Whoever has it closes it.
func newBuilder(root string) (*builder, error) {
	temp, err := os.MkdirTemp("", "report")
	if err != nil {
		return nil, err
	}
	return &builder{root: root, temp: temp}, nil
}

// close removes all that the builder made.
func (b *builder) close() error {
	var errs []error
	for _, tree := range b.trees {
		_, err := output(b.root, "git", "worktree", "remove", "--force", tree)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(b.temp))...)
}

// commit compiles a commit, in a worktree of its own.
func (b *builder) commit(ctx context.Context, name, commit string) (*build, error) {
	id, err := output(b.root, "git", "rev-parse", "--verify", "--end-of-options", commit+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("%q is no commit: name one as for git, such as main or HEAD~3: %w", commit, err)
	}
	tree := filepath.Join(b.temp, name)
	if _, err := output(b.root, "git", "worktree", "add", "--detach", tree, id); err != nil {
		return nil, err
	}
	b.trees = append(b.trees, tree)
	of, err := output(b.root, "git", "log", "-1", "--format=%h (%s)", id)
	if err != nil {
		return nil, err
	}
	return b.compile(ctx, &build{name: name, of: of}, tree, "bench")
}

// checkout compiles what is in the checkout, committed or not.
func (b *builder) checkout(ctx context.Context, name string) (*build, error) {
	of, err := output(b.root, "git", "log", "-1", "--format=%h (%s)")
	if err != nil {
		return nil, err
	}
	changes, err := output(b.root, "git", "status", "--porcelain")
	if err != nil {
		return nil, err
	}
	if changes != "" {
		of += ", and changes that are not committed"
	}
	return b.compile(ctx, &build{name: name, of: of}, b.root, "bench")
}

// folder compiles the benchmarks of a folder of the checkout.
func (b *builder) folder(ctx context.Context, dir string) (*build, error) {
	return b.compile(ctx, &build{name: filepath.Base(dir), of: "the checkout"}, b.root, dir)
}

// compile makes the binary of the benchmarks in a folder of a tree.
func (b *builder) compile(ctx context.Context, made *build, tree, dir string) (*build, error) {
	made.dir, made.binary = filepath.Join(tree, dir), filepath.Join(b.temp, made.name+".test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", made.binary, "./"+filepath.ToSlash(dir))
	cmd.Dir = tree
	cmd.Env = append(os.Environ(), "GOWORK=") // that of the tree
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling the benchmarks of %s: %w\n%s", made.of, err, out)
	}
	return made, nil
}

// run runs the benchmarks that a pattern of go test matches, and returns the
// lines that it printed and the processor time that it took.
func (b *build) run(ctx context.Context, pattern string, args ...string) (lines []string, used time.Duration, err error) {
	cmd := exec.CommandContext(ctx, b.binary, append([]string{"-test.run", "^$", "-test.bench", pattern, "-test.benchmem"}, args...)...)
	cmd.Dir = b.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return nil, 0, b.failed(pattern, err, out.Bytes())
	}
	used = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return strings.Split(strings.TrimSpace(out.String()), "\n"), used, nil
}

// failed is the error of benchmarks that did not do what they should, and said so.
func (b *build) failed(pattern string, err error, said []byte) error {
	return fmt.Errorf("%s (%s) fails in the benchmarks %s, mend them or what they measure: %w\n%s", b.name, b.of, pattern, err, said)
}
