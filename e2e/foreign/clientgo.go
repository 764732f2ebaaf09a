package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ownTests is client-go's tests: those of the two packages that ours stand in for, and of
// packages that use these.
type ownTests struct {
	workspace *workspace
	module    module
}

func (o *ownTests) about() (title, version string) {
	return "Tests of " + clientGo, o.module.Version
}

func (o *ownTests) packages() []string {
	return []string{
		"tools/cache", "util/workqueue",
		"dynamic/dynamicinformer", "dynamic/dynamiclister", "examples/fake-client", "kubernetes_test",
		"metadata/metadatainformer", "metadata/metadatalister", "testing/internal", "tools/watch",
	}
}

func (o *ownTests) open(ctx context.Context, w *workspace) (err error) {
	o.workspace = w
	o.module, err = w.module(ctx, clientGo)
	return err
}

func (o *ownTests) dir(pkg string) string {
	return filepath.Join(o.module.Dir, filepath.FromSlash(pkg))
}

// stock is the package as it is.
func (o *ownTests) stock(ctx context.Context, pkg string) (*prepared, error) {
	names, err := testsIn(o.dir(pkg))
	if err != nil {
		return nil, err
	}
	program, err := o.workspace.build(ctx, clientGo+"/"+pkg, "")
	if err != nil {
		return nil, err
	}
	return &prepared{program: program, dir: o.dir(pkg), names: names}, nil
}

// ours is a package of this module that is not on the disk.
func (o *ownTests) ours(ctx context.Context, pkg string) (*prepared, error) {
	if stand := standIns[clientGo+"/"+pkg]; stand != "" {
		return o.onStandIn(ctx, pkg, stand)
	}
	return o.whole(ctx, pkg)
}

// whole is a package that uses ours, in the place of the two of client-go, and its tests.
func (o *ownTests) whole(ctx context.Context, pkg string) (*prepared, error) {
	names, err := testsIn(o.dir(pkg))
	if err != nil {
		return nil, err
	}
	instead := maps.Clone(standIns)
	instead[clientGo+"/"+pkg] = pathOf(pkg)
	ready := &prepared{dir: o.dir(pkg), names: names}
	texts := map[string][]byte{}
	for _, tests := range []bool{false, true} {
		paths, err := goFiles(o.dir(pkg), tests)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			other, done, err := rewrite(path, text, instead)
			if err != nil {
				return nil, err
			}
			ready.done.add(done)
			texts[o.place(pkg, path)] = other
		}
	}
	return ready, o.build(ctx, ready, pkg, texts)
}

// pathOf is the import path of the package of this module that a package of client-go
// becomes.
func pathOf(pkg string) string { return e2eModule + "/foreign/theirs/" + pkg }

// place is where a file of it seems to be.
func (o *ownTests) place(pkg, file string) string {
	return filepath.Join(o.workspace.root, "foreign", "theirs", filepath.FromSlash(pkg), filepath.Base(file))
}

func (o *ownTests) build(ctx context.Context, ready *prepared, pkg string, texts map[string][]byte) error {
	overlay, err := o.workspace.overlay("client-go", texts)
	if err != nil {
		return err
	}
	ready.program, err = o.workspace.build(ctx, pathOf(pkg), overlay)
	return err
}

// onStandIn is the tests of a package, with a dot import of the one that stands in for it.
func (o *ownTests) onStandIn(ctx context.Context, pkg, stand string) (*prepared, error) {
	files, done, err := o.copies(pkg, stand)
	if err != nil {
		return nil, err
	}
	if files, err = shims[pkg].apply(files); err != nil {
		return nil, err
	}
	imports, err := o.workspace.importer(ctx, imported(files))
	if err != nil {
		return nil, err
	}
	engine, err := o.engine(ctx, stand)
	if err != nil {
		return nil, err
	}
	ready := &prepared{dir: o.workspace.dir, done: done}
	texts := map[string][]byte{}
	for _, together := range byPackage(files) {
		c := &copied{path: pathOf(pkg), files: together, imports: imports}
		rest, err := c.leaveOut()
		if err != nil {
			return nil, err
		}
		ready.names = append(ready.names, rest.tests()...)
		ready.left = append(ready.left, c.left...)
		ready.reaching = append(ready.reaching, rest.reaching(engine)...)
		for _, s := range together {
			texts[o.place(pkg, s.name)] = s.text
		}
	}
	return ready, o.build(ctx, ready, pkg, texts)
}

// copies returns the tests of a package with a dot import of the one that stands in for it.
func (o *ownTests) copies(pkg, stand string) (files []*source, done changes, err error) {
	paths, err := goFiles(o.dir(pkg), true)
	if err != nil {
		return nil, done, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, done, err
		}
		text, one, err := rewrite(path, text, standIns)
		if err != nil {
			return nil, done, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.PackageClauseOnly)
		if err != nil {
			return nil, done, err
		}
		if !strings.HasSuffix(file.Name.Name, "_test") {
			at := int(file.Name.End() - file.FileStart)
			text = apply(text, []edit{{at, at, fmt.Sprintf("; import . %q", stand)}})
			one.imports++
		}
		done.add(one)
		files = append(files, &source{path, text})
	}
	return files, done, nil
}

// byPackage parts files by the package that they say they are in: tests in a package, and
// beside it.
func byPackage(files []*source) map[string][]*source {
	parts := map[string][]*source{}
	for _, s := range files {
		file, err := parser.ParseFile(token.NewFileSet(), s.name, s.text, parser.PackageClauseOnly)
		if err != nil {
			panic(err) // It was parsed before.
		}
		parts[file.Name.Name] = append(parts[file.Name.Name], s)
	}
	return parts
}

// imported returns what files import.
func imported(files []*source) []string {
	paths := map[string]bool{}
	for _, s := range files {
		file, err := parser.ParseFile(token.NewFileSet(), s.name, s.text, parser.ImportsOnly)
		if err != nil {
			panic(err) // It was parsed before.
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				panic(err)
			}
			paths[path] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// engine returns a function that reports whether an object of a package of ours has code
// of ours behind it: a type that is no alias, or a function that does more than call the
// one of its name in client-go.
func (o *ownTests) engine(ctx context.Context, stand string) (func(types.Object) bool, error) {
	dir, err := o.workspace.output(ctx, "go", "list", "-f", "{{.Dir}}", stand)
	if err != nil {
		return nil, err
	}
	paths, err := goFiles(strings.TrimSpace(dir), false)
	if err != nil {
		return nil, err
	}
	passing := map[string]bool{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && passesOn(f) {
				passing[f.Name.Name] = true
			}
		}
	}
	return func(object types.Object) bool {
		if object.Pkg() == nil || object.Pkg().Path() != stand {
			return false
		}
		switch object := object.(type) {
		case *types.TypeName:
			return !object.IsAlias()
		case *types.Func:
			return !passing[object.Name()]
		}
		return false
	}, nil
}

// passesOn reports whether all that a function does in the end is to call the function of
// its name in another package.
func passesOn(f *ast.FuncDecl) bool {
	if f.Body == nil || len(f.Body.List) == 0 {
		return false
	}
	returns, passes := 0, 0
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if back, ok := n.(*ast.ReturnStmt); ok {
			returns++
			if len(back.Results) == 1 && callsNamesake(back.Results[0], f.Name.Name) {
				passes++
			}
		}
		return true
	})
	if returns == 0 {
		last, ok := f.Body.List[len(f.Body.List)-1].(*ast.ExprStmt)
		return ok && len(f.Body.List) == 1 && callsNamesake(last.X, f.Name.Name)
	}
	return returns == passes
}

// callsNamesake reports whether an expression is a call of a function of that name in
// another package.
func callsNamesake(x ast.Expr, name string) bool {
	call, ok := x.(*ast.CallExpr)
	if !ok {
		return false
	}
	function := call.Fun
	if instance, ok := function.(*ast.IndexExpr); ok {
		function = instance.X
	}
	of, ok := function.(*ast.SelectorExpr)
	return ok && of.Sel.Name == name
}
