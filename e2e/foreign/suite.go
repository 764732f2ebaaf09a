package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
)

// suite is tests of others, in packages.
type suite interface {
	// about says whose tests these are, and of which version.
	about() (title, version string)
	// packages are those that run if nobody says which.
	packages() []string
	// open makes ready what all packages need.
	open(ctx context.Context, w *workspace) error
	// stock builds the tests of a package on client-go's engine.
	stock(ctx context.Context, pkg string) (*prepared, error)
	// ours builds them on this library's.
	ours(ctx context.Context, pkg string) (*prepared, error)
}

// prepared is tests that can run.
type prepared struct {
	program string
	dir     string
	names   []string
	left    []omission // what cannot apply
	done    changes    // to the sources

	reaching []string // of names, the tests that reach the engine, where that is known
}

// result is what became of a package.
type result struct {
	pkg   string
	sides map[bridge.Engine]*side
}

// side is what became of it on one engine.
type side struct {
	*prepared
	records records
	took    time.Duration
}

// runner runs suites.
type runner struct {
	suite   suite
	listed  func(pkg string) []exception
	engines []bridge.Engine
	only    *regexp.Regexp
	timeout time.Duration
	again   int
	log     func(format string, args ...any)
}

// run runs the tests of packages, one after the other.
func (r *runner) run(ctx context.Context, packages []string) ([]result, error) {
	var results []result
	for _, pkg := range packages {
		of := result{pkg, map[bridge.Engine]*side{}}
		for _, engine := range r.engines {
			ran, err := r.runOn(ctx, engine, pkg)
			if err != nil {
				return nil, fmt.Errorf("%s on %s: %w", pkg, engine, err)
			}
			of.sides[engine] = ran
		}
		results = append(results, of)
	}
	return results, nil
}

func (r *runner) runOn(ctx context.Context, engine bridge.Engine, pkg string) (*side, error) {
	build := r.suite.stock
	if engine == bridge.EngineInformant {
		build = r.suite.ours
	}
	began := time.Now()
	ready, err := build(ctx, pkg)
	if err != nil {
		return nil, err
	}
	r.log("%s on %s: built in %.0f s", pkg, engine, time.Since(began).Seconds())
	began = time.Now()
	program := tests{program: ready.program, dir: ready.dir, names: ready.names, timeout: r.timeout, again: r.again}
	if engine == bridge.EngineInformant {
		program.final = func(test string) bool {
			return slices.ContainsFunc(r.listed(pkg), func(e exception) bool { return e.covers(test) })
		}
	}
	all, err := program.run(ctx, r.only)
	if err != nil {
		return nil, err
	}
	ran := &side{ready, all, time.Since(began)}
	c := ran.count()
	r.log("%s on %s: %d run, %d passed, %d failed, %d skipped in %.0f s", pkg, engine, c.run, c.passed, c.failed, c.skipped, ran.took.Seconds())
	return ran, nil
}

// goFiles returns the paths of the Go files in dir that the go command would build here;
// tests tells of which of the two kinds.
func goFiles(dir string, tests bool) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		builds, err := build.Default.MatchFile(dir, name)
		if err != nil {
			return nil, err
		}
		if builds {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths, nil
}

// testsIn returns the names of the tests in dir.
func testsIn(dir string) (names []string, err error) {
	paths, err := goFiles(dir, true)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && isTest(function) {
				names = append(names, function.Name.Name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
