package workqueue

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exceptions are the names that are not declared as in client-go, with the
// reason. Each must be needed.
var exceptions = map[string]string{
	"WithChunkSize": "its signature names an unexported type, so that it is a variable here",
	"Provider":      "is not in client-go: it lets other adapters give its providers to our queues",
}

// Changing the import line compiles: every exported name of client-go is here,
// functions with the same signature.
func TestEveryExportedNameOfClientGoIsHere(t *testing.T) {
	theirs := declarations(t, filepath.Join(moduleDir(t, "k8s.io/client-go"), "util", "workqueue"))
	ours := declarations(t, ".")
	if len(theirs) < 60 {
		t.Fatalf("found only %d names in client-go: the test looks in the wrong place", len(theirs))
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		got, found := ours[name]
		same := found && (got == theirs[name] || theirs[name] == "type" && got == "type")
		switch reason, excepted := exceptions[name]; {
		case excepted && same:
			t.Errorf("%s is an exception (%s) and need not be", name, reason)
		case !excepted && !found:
			t.Errorf("%s is missing", name)
		case !excepted && !same:
			t.Errorf("%s is %s, in client-go %s", name, got, theirs[name])
		}
	}
	for name := range ours {
		if _, found := theirs[name]; !found && exceptions[name] == "" {
			t.Errorf("%s is not in client-go", name)
		}
	}
}

func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// declarations returns the exported names of a package; for a function, its
// signature, else the kind of declaration.
func declarations(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			declared(t, d, names)
		}
	}
	return names
}

func declared(t *testing.T, d ast.Decl, names map[string]string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			names[d.Name.Name] = signature(t, d.Type)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					names[spec.Name.Name] = "type"
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() {
						names[name.Name] = d.Tok.String()
					}
				}
			}
		}
	}
}

func signature(t *testing.T, f *ast.FuncType) string {
	t.Helper()
	var b bytes.Buffer
	if err := format.Node(&b, token.NewFileSet(), f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
