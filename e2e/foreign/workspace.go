package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// workspace is where copies are made and tests are built: the module e2e, with a go.mod
// and files of its own that the go command is told of, so that nothing is written there.
type workspace struct {
	root string // the folder of the module
	dir  string // temporary
	mod  string // the go.mod in dir
	race bool
}

const e2eModule = oursModule + "e2e"

// openWorkspace makes one below the system's folder for temporary files.
func openWorkspace(ctx context.Context, race bool) (*workspace, error) {
	w := &workspace{race: race}
	out, err := w.output(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}")
	if err != nil {
		return nil, err
	}
	path, root, _ := strings.Cut(strings.TrimSpace(out), " ")
	if path != e2eModule {
		return nil, fmt.Errorf("this is module %s: run 'GOWORK=off go -C e2e run ./foreign' in a checkout of informant", path)
	}
	w.root = root
	if w.dir, err = os.MkdirTemp("", "informant-foreign-"); err != nil {
		return nil, err
	}
	w.mod = filepath.Join(w.dir, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(w.dir, name), text, 0o644)
		}
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

func (w *workspace) close() error { return os.RemoveAll(w.dir) }

// output runs a command in the module and returns what it prints.
func (w *workspace) output(ctx context.Context, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, tail(stderr.String()), tail(stdout.String()))
	}
	return stdout.String(), nil
}

// tail is the end of a long text.
func tail(text string) string {
	const enough = 8000
	if len(text) <= enough {
		return text
	}
	return "…" + text[len(text)-enough:]
}

// module is one that the go command has.
type module struct {
	Path, Version, Dir string
}

// module returns the version of a module that e2e's go.mod names, with its sources, which
// are downloaded if they have to be.
func (w *workspace) module(ctx context.Context, path string) (module, error) {
	var m module
	for range 2 {
		out, err := w.output(ctx, "go", "list", "-m", "-json", path)
		if err != nil {
			return m, err
		}
		if err := json.Unmarshal([]byte(out), &m); err != nil || m.Dir != "" {
			return m, err
		}
		if _, err := w.output(ctx, "go", "mod", "download", path); err != nil {
			return m, err
		}
	}
	return m, fmt.Errorf("the go command has no sources of %s", path)
}

// replace says where a module is from now on.
func (w *workspace) replace(ctx context.Context, path, dir string) error {
	_, err := w.output(ctx, "go", "mod", "edit", "-replace="+path+"="+dir, w.mod)
	return err
}

// overlay writes an overlay file, which shows the go command texts in the place of files
// that are there or not, by path. It returns "" for none.
func (w *workspace) overlay(name string, texts map[string][]byte) (string, error) {
	if len(texts) == 0 {
		return "", nil
	}
	dir, err := os.MkdirTemp(w.dir, name+"-")
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for path, text := range texts {
		file := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return "", err
		}
		replace[path] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o644)
}

// flags are those of a go command that builds.
func (w *workspace) flags(overlay string) []string {
	flags := []string{"-mod=mod", "-modfile=" + w.mod}
	if overlay != "" {
		flags = append(flags, "-overlay="+overlay)
	}
	if w.race {
		flags = append(flags, "-race")
	}
	return flags
}

// importer returns one that reads what the compiler has written of packages.
func (w *workspace) importer(ctx context.Context, packages []string) (types.Importer, error) {
	args := append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, w.flags("")...)
	out, err := w.output(ctx, "go", append(args, packages...)...)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for line := range strings.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		exports[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s is not among what was built", path)
		}
		return os.Open(exports[path])
	}), nil
}

// build builds the tests of a package, and returns the program.
func (w *workspace) build(ctx context.Context, path, overlay string) (program string, err error) {
	file, err := os.CreateTemp(w.dir, "tests-")
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	args := append([]string{"test", "-c", "-vet=off", "-ldflags=-w", "-o", file.Name()}, w.flags(overlay)...)
	_, err = w.output(ctx, "go", append(args, path)...)
	return file.Name(), err
}
