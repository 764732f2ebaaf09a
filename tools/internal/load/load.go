// Package load reads the packages of this repository, with their types.
package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Base is the path that the import paths of all packages of this repository
// begin with.
const Base = "github.com/informant-go/informant"

// A Package is one package of this repository, without its tests.
type Package struct {
	Path  string
	Name  string
	Dir   string
	Files []*ast.File
	Types *types.Package
	Info  *types.Info
}

// A Tree holds the packages of one checkout, sorted by import path.
type Tree struct {
	Set      *token.FileSet
	Packages []*Package
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Name, Dir string
	GoFiles               []string
	ImportMap             map[string]string
	Error                 *struct{ Err string }
}

// A Platform is what a program is built for.
type Platform struct{ GOOS, GOARCH string }

// Work loads the packages of the modules that the go.work file in the folder
// root names. All of them are read from source, what they import too, so that
// it takes the same time with and without a build cache; and all as for
// linux/amd64 without C, so that the result is the same on every machine.
func Work(root string) (*Tree, error) {
	return load(root, Platform{"linux", "amd64"})
}

// Check reads the same packages with their tests, as for p, and returns what
// does not compile there.
func Check(root string, p Platform) error {
	_, err := load(root, p, "-test")
	return err
}

func load(root string, platform Platform, flags ...string) (*Tree, error) {
	packages, err := list(root, platform, flags)
	if err != nil {
		return nil, err
	}
	tree := &Tree{Set: token.NewFileSet()}
	known := map[string]*types.Package{"unsafe": types.Unsafe}
	var faults []error
	for _, p := range packages { // each stands behind what it imports
		if p.ImportPath == "unsafe" || strings.HasSuffix(p.ImportPath, ".test") { // the latter is made by go test
			continue
		}
		loaded, err := check(tree.Set, p, platform, known)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", p.ImportPath, err))
		}
		known[p.ImportPath] = loaded.Types
		if Ours(p.ImportPath) {
			tree.Packages = append(tree.Packages, loaded)
		}
	}
	slices.SortFunc(tree.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	return tree, errors.Join(faults...)
}

// Ours reports whether an import path is one of this repository.
func Ours(path string) bool { return path == Base || strings.HasPrefix(path, Base+"/") }

// Short returns the path of a package of this repository below the root, and
// every other path as it is.
func Short(path string) string { return strings.TrimPrefix(path, Base+"/") }

// private are the folders at the root that promise nothing to importers.
var private = []string{"bench", "docs", "e2e", "examples", "tools"}

// Public reports whether importers may rely on what the package exports.
func (p *Package) Public() bool {
	elements := strings.Split(Short(p.Path), "/")
	return p.Name != "main" && !slices.Contains(elements, "internal") && !slices.Contains(private, elements[0])
}

func list(root string, p Platform, flags []string) ([]listed, error) {
	args := append([]string{"list", "-deps", "-json=ImportPath,Name,Dir,GoFiles,ImportMap,Error"}, flags...)
	cmd := exec.Command("go", append(args, "work")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+p.GOOS, "GOARCH="+p.GOARCH, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, complaint.Bytes())
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("the output of go list: %w", err)
		}
		if p.Error != nil {
			return nil, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		packages = append(packages, p)
	}
}

// check reads the types of a package. Bodies of functions count only in
// packages of ours.
func check(set *token.FileSet, p listed, platform Platform, known map[string]*types.Package) (*Package, error) {
	loaded := &Package{Path: p.ImportPath, Name: p.Name, Dir: p.Dir}
	mode := parser.SkipObjectResolution
	if Ours(p.ImportPath) {
		mode |= parser.ParseComments
		loaded.Info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	}
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, mode)
		if err != nil {
			return loaded, err
		}
		loaded.Files = append(loaded.Files, file)
	}
	var faults []error
	config := types.Config{
		Importer:         importer{known, p.ImportMap},
		Sizes:            types.SizesFor("gc", platform.GOARCH),
		IgnoreFuncBodies: !Ours(p.ImportPath),
		Error:            func(err error) { faults = append(faults, err) },
	}
	path, _, _ := strings.Cut(p.ImportPath, " ") // a package with its tests has those behind
	loaded.Types, _ = config.Check(path, set, loaded.Files, loaded.Info)
	return loaded, errors.Join(faults...)
}

// importer finds what a package imports among those that are loaded.
type importer struct {
	known   map[string]*types.Package
	renamed map[string]string
}

func (i importer) Import(path string) (*types.Package, error) {
	if other, ok := i.renamed[path]; ok {
		path = other
	}
	if p := i.known[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not among the packages of go list", path)
}
