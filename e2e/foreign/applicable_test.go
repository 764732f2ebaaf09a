package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"testing"
)

// lib is the package that copied tests get: it has less than the one that they were
// written for.
const lib = `package lib

type Queue struct{ items []int }

func (*Queue) Len() int { return 0 }
func NewQueue() *Queue  { return nil }
func Passed() int       { return 0 }
`

const libTests = `package tests

import (
	. "lib"
	"unsafe"
)

type helper struct{ pump *pump }

func (h helper) run() {}

var (
	first  = secret
	second = 2
)

func newHelper() helper { return helper{} }

func reach() int { return NewQueue().Len() }

func TestPublic(t int)   { _ = reach() }
func TestPassed(t int)   { _ = Passed() + second }
func TestField(t int)    { _ = NewQueue().items }
func TestHelper(t int)   { newHelper().run() }
func TestVariable(t int) { _ = first }
func TestUnused(t int)   { x := secret; y := 1 }
func TestPointer(t int)  { _ = unsafe.Pointer(secret) }
func Testify()           {}
`

// packages are an importer of what is in it, and of unsafe.
type packages map[string]*types.Package

func (p packages) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p[path] == nil {
		return nil, fmt.Errorf("no package %q", path)
	}
	return p[path], nil
}

func copiedTests(t *testing.T) *copied {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "lib.go", lib, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{}).Check("lib", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &copied{path: "tests", files: []*source{{"lib_test.go", []byte(libTests)}}, imports: packages{"lib": pkg}}
}

func TestWhatWantsUnexportedNamesIsLeftOutWithTheName(t *testing.T) {
	c := copiedTests(t)
	rest, err := c.leaveOut()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rest.tests(), []string{"TestPassed", "TestPublic"}; !slices.Equal(got, want) {
		t.Errorf("left are %v, want %v", got, want)
	}
	want := []omission{
		{"TestField", "`NewQueue().items`"},
		{"TestHelper", "`newHelper`, which wants `helper`, which wants `pump`"},
		{"TestPointer", "`secret`"},
		{"TestUnused", "`secret`"},
		{"TestVariable", "`first`, which wants `secret`"},
	}
	if !slices.Equal(c.left, want) {
		t.Errorf("left out are\n%v\nwant\n%v", c.left, want)
	}
	if c.wants["helper.run"] == "" {
		t.Errorf("a method stays without its type: %v", c.wants)
	}
}

func TestWhoReachesAnObjectIsFoundThroughHelpers(t *testing.T) {
	rest, err := copiedTests(t).leaveOut()
	if err != nil {
		t.Fatal(err)
	}
	got := rest.reaching(func(o types.Object) bool { return o.Pkg() != nil && o.Pkg().Path() == "lib" && o.Name() == "NewQueue" })
	if !slices.Equal(got, []string{"TestPublic"}) {
		t.Errorf("NewQueue is reached by %v", got)
	}
}

func TestAFunctionThatPassesOnIsNoEngine(t *testing.T) {
	const text = `package cache

func NewA() A { return upstream.NewA() }
func NewB(o ...O) B {
	if len(o) > 0 {
		return upstream.NewB(o...)
	}
	return b{}
}
func SetC(c C) { upstream.SetC(c) }
func SetD(d D) { d.on(); upstream.SetD(d) }
func NewE[T any]() E[T] { return upstream.NewE[T]() }
func NewF() F { return upstream.NewG() }
`
	file, err := parser.ParseFile(token.NewFileSet(), "cache.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, decl := range file.Decls {
		if f := decl.(*ast.FuncDecl); passesOn(f) {
			got = append(got, f.Name.Name)
		}
	}
	if want := []string{"NewA", "SetC", "NewE"}; !slices.Equal(got, want) {
		t.Errorf("%v pass on, want %v", got, want)
	}
}
