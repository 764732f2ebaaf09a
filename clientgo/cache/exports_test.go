package cache_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	upstreamPath = "k8s.io/client-go/tools/cache"
	oursPath     = "github.com/informant-go/informant/clientgo/cache"
)

// ownTypes are the types that are no aliases, with the reason. They have the
// methods of client-go's types of the same name, and no exported fields.
var ownTypes = map[string]string{
	"FIFO":      "a struct with unexported fields cannot be given another engine; ours has the same methods",
	"DeltaFIFO": "as FIFO",
	"RealFIFO":  "as FIFO",
	"Heap":      "as FIFO",

	"ExpirationCache": "as FIFO",
}

// notOurs are the constructors that return client-go's engine, with the
// reason.
var notOurs = map[string]string{
	"NewInformerName":                                   "the registry of names is one for the process: both engines must see the same",
	"NewObjectName":                                     "a plain value",
	"NewRetryWithDeadline":                              "a counter without an engine",
	"NewCacheMutationDetector":                          "it is switched by client-go's own environment variable when client-go is loaded",
	"NewGenericLister":                                  "it only reads the Indexer that it is given",
	"NewListWatchFromClient":                            "ListWatch is a plain struct of functions",
	"NewFilteredListWatchFromClient":                    "as NewListWatchFromClient",
	"NewTypedSharedIndexInformer":                       "it only wraps the informer that it is given",
	"NewIntegerResourceVersionMutationCache":            "MutationCache has an unexported method: nobody else can implement it",
	"NewIntegerResourceVersionMutationCacheWithOptions": "as NewIntegerResourceVersionMutationCache",
	"NewReflector":                                      "error handlers name *cache.Reflector, a struct with unexported fields",
	"NewNamedReflector":                                 "as NewReflector",
	"NewReflectorWithOptions":                           "as NewReflector",
	"NewNamespaceKeyedIndexerAndReflector":              "the Indexer is ours, the reflector as NewReflector",
	"NewStore":                                          "ours, but for calls with a StoreOption, which is a function over an unexported type of client-go",
	"NewIndexer":                                        "as NewStore",
	"NewThreadSafeStore":                                "ours, but for calls with a ThreadSafeStoreOption or with Indices, whose values are unexported types of client-go",
}

// loadBoth type-checks client-go's package and ours from what the compiler
// wrote of them, so that one type is one type in both.
func loadBoth(t *testing.T) (theirs, ours *types.Package) {
	t.Helper()
	both, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return both[0], both[1]
}

var packages = sync.OnceValues(func() (both [2]*types.Package, err error) {
	out, err := goList("-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", upstreamPath, oursPath)
	if err != nil {
		return both, err
	}
	exports := map[string]string{}
	for line := range strings.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		exports[path] = file
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	for i, path := range []string{upstreamPath, oursPath} {
		if both[i], err = imp.Import(path); err != nil {
			return both, err
		}
	}
	return both, nil
})

func goList(args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list %v: %w: %s", args, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// declared returns the exported package-level names in the source files of a
// directory, whatever the build does with them, and the functions among them.
func declared(t *testing.T, dir string) (names []string, funcs map[string]*ast.FuncDecl) {
	t.Helper()
	sources := func(i fs.FileInfo) bool { return !strings.HasSuffix(i.Name(), "_test.go") }
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	funcs = map[string]*ast.FuncDecl{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || entry.IsDir() || !strings.HasSuffix(entry.Name(), ".go") || !sources(info) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.IsExported() {
					names = append(names, decl.Name.Name)
					funcs[decl.Name.Name] = decl
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					names = append(names, exportedOf(spec)...)
				}
			}
		}
	}
	slices.Sort(names)
	return names, funcs
}

func exportedOf(spec ast.Spec) (names []string) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			names = append(names, spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

func TestEveryNameOfClientGoIsHereWithItsSignature(t *testing.T) {
	dir, err := goList("-m", "-f", "{{.Dir}}", "k8s.io/client-go")
	if err != nil {
		t.Fatal(err)
	}
	names, _ := declared(t, filepath.Join(dir, "tools", "cache"))
	if len(names) != 192 {
		t.Errorf("client-go exports %d names, 192 are known: read what came or went", len(names))
	}
	theirs, ours := loadBoth(t)
	same := comparer{theirs: theirs, ours: ours}
	for _, name := range names {
		want, got := theirs.Scope().Lookup(name), ours.Scope().Lookup(name)
		if want == nil {
			t.Errorf("%s is in client-go's source and not in its package", name)
			continue
		}
		if got == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if reason := same.differ(want, got); reason != "" {
			t.Errorf("%s: %s", name, reason)
		}
	}
}

func TestNothingIsExportedThatClientGoDoesNotHave(t *testing.T) {
	theirs, ours := loadBoth(t)
	for _, name := range ours.Scope().Names() {
		if token.IsExported(name) && theirs.Scope().Lookup(name) == nil {
			t.Errorf("%s is no name of client-go: whoever uses it cannot change the import back", name)
		}
	}
}

func TestOwnTypesAreTheListedOnes(t *testing.T) {
	_, ours := loadBoth(t)
	for _, name := range ours.Scope().Names() {
		obj, isType := ours.Scope().Lookup(name).(*types.TypeName)
		if !isType || !obj.Exported() {
			continue
		}
		if _, listed := ownTypes[name]; listed == obj.IsAlias() {
			t.Errorf("%s: alias %v, listed as our own %v", name, obj.IsAlias(), listed)
		}
	}
}

// A constructor that hands out client-go's engine calls client-go's function
// of its own name. The list of those that may is exact.
func TestConstructorsAreOursUnlessListed(t *testing.T) {
	_, funcs := declared(t, ".")
	for name, decl := range funcs {
		if !strings.HasPrefix(name, "New") {
			continue
		}
		_, listed := notOurs[name]
		if calls := callsUpstream(decl); calls != listed {
			t.Errorf("%s: calls client-go's constructor: %v, listed: %v", name, calls, listed)
		}
	}
	for name := range notOurs {
		if funcs[name] == nil {
			t.Errorf("%s is listed and does not exist", name)
		}
	}
}

func callsUpstream(decl *ast.FuncDecl) (calls bool) {
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			pkg, _ := sel.X.(*ast.Ident)
			calls = calls || pkg != nil && pkg.Name == "upstream" && strings.HasPrefix(sel.Sel.Name, "New")
		}
		return !calls
	})
	return calls
}

// comparer reports whether an identifier of ours can stand in for client-go's.
type comparer struct{ theirs, ours *types.Package }

// differ returns why got cannot stand in for want, or "".
func (c comparer) differ(want, got types.Object) string {
	switch want := want.(type) {
	case *types.TypeName:
		return c.differType(want, got)
	case *types.Const:
		if got, ok := got.(*types.Const); ok && types.Identical(want.Type(), got.Type()) &&
			constant.Compare(want.Val(), token.EQL, got.Val()) {
			return ""
		}
	case *types.Var:
		if _, ok := got.(*types.Var); ok && types.Identical(want.Type(), got.Type()) {
			return ""
		}
	case *types.Func:
		if _, ok := got.(*types.Func); ok && c.identical(want.Type(), got.Type()) {
			return ""
		}
	}
	return fmt.Sprintf("%v is not %v", got, want)
}

func (c comparer) differType(want *types.TypeName, got types.Object) string {
	if _, ok := got.(*types.TypeName); !ok {
		return fmt.Sprintf("%v is no type", got)
	}
	if _, own := ownTypes[want.Name()]; own {
		return c.differMethods(want, got)
	}
	if alias, ok := got.Type().(*types.Alias); ok && alias.TypeParams() != nil {
		return differGeneric(want, alias)
	}
	if types.Identical(types.Unalias(want.Type()), types.Unalias(got.Type())) {
		return ""
	}
	return fmt.Sprintf("%v is not %v", got.Type(), want.Type())
}

// differGeneric compares an alias with parameters: it must be client-go's
// type with just these parameters in their order, under the same constraints.
func differGeneric(want *types.TypeName, alias *types.Alias) string {
	named, ok := alias.Rhs().(*types.Named)
	if !ok || named.Origin() != want.Type() {
		return fmt.Sprintf("%v is no alias of %v", alias, want.Type())
	}
	for i := range alias.TypeParams().Len() {
		param, wanted := alias.TypeParams().At(i), named.Origin().TypeParams().At(i)
		if named.TypeArgs().At(i) != types.Type(param) || !types.Identical(param.Constraint(), wanted.Constraint()) {
			return fmt.Sprintf("parameter %d of %v differs", i, alias)
		}
	}
	return ""
}

func (c comparer) differMethods(want *types.TypeName, got types.Object) string {
	wanted := types.NewMethodSet(types.NewPointer(want.Type()))
	have := types.NewMethodSet(types.NewPointer(got.Type()))
	for m := range wanted.Methods() {
		if !m.Obj().Exported() {
			continue
		}
		found := have.Lookup(nil, m.Obj().Name())
		if found == nil || !c.identical(m.Type(), found.Type()) {
			return fmt.Sprintf("no method %v", m.Obj())
		}
	}
	for m := range have.Methods() {
		if m.Obj().Exported() && wanted.Lookup(nil, m.Obj().Name()) == nil {
			return fmt.Sprintf("client-go has no method %s", m.Obj().Name())
		}
	}
	return ""
}

// identical is types.Identical for signatures, our own types standing for
// client-go's of the same name.
func (c comparer) identical(want, got types.Type) bool {
	if types.Identical(want, got) {
		return true
	}
	w, g := want.(*types.Signature), got.(*types.Signature)
	return w.TypeParams() == nil && g.TypeParams() == nil && w.Variadic() == g.Variadic() &&
		c.identicalTuple(w.Params(), g.Params()) && c.identicalTuple(w.Results(), g.Results())
}

func (c comparer) identicalTuple(want, got *types.Tuple) bool {
	if want.Len() != got.Len() {
		return false
	}
	for i := range want.Len() {
		w, g := want.At(i).Type(), got.At(i).Type()
		if !types.Identical(w, g) && !c.isOwn(w, g) {
			return false
		}
	}
	return true
}

func (c comparer) isOwn(want, got types.Type) bool {
	w, isPointer := want.(*types.Pointer)
	g, alsoPointer := got.(*types.Pointer)
	if !isPointer || !alsoPointer {
		return false
	}
	for name := range ownTypes {
		if types.Identical(w.Elem(), c.theirs.Scope().Lookup(name).Type()) {
			return types.Identical(g.Elem(), c.ours.Scope().Lookup(name).Type())
		}
	}
	return false
}
