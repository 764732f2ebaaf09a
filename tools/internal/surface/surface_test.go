package surface

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/informant-go/informant/tools/internal/load"
)

const source = `package shape

type Kind uint8

const (
	Round Kind = iota
	Square
	hidden
)

const Word = "a, b"

var Err error

// Generic methods may name their parameters as they like.
type Box[T any] struct {
	Item  T
	count int
	inner[T]
}

func (b *Box[K]) Put(item K, more ...K) (old K, ok bool) { return item, true }
func (b Box[K]) unseen()                                 {}

type inner[T any] struct {
	Depth int
	Item  string // Box's own stands before it
}

func (inner[T]) Weigh(by func(T) int) int { return 0 }

type Sealed interface {
	Area() float64
	sealed()
}

type Number interface{ ~int | ~int64 }

type Pair[K comparable, V any] = map[K]V

func New[T any, N Number](n N, in <-chan T, out chan<- struct{}) *Box[T] { return nil }
func Open() *closer                                                     { return nil }

type closer struct{}

func (*closer) Close() error { return nil }
`

const described = `pkg shape, const Round Kind = 0
pkg shape, const Square Kind = 1
pkg shape, const Word untyped string = "a, b"
pkg shape, func New[T any, N Number](N, <-chan T, chan<- struct{}) *Box[T]
pkg shape, func Open() *closer
pkg shape, method (*Box[T]) Put(T, ...T) (T, bool)
pkg shape, method (*closer) Close() error
pkg shape, method (Box[T]) Weigh(func(T) int) int
pkg shape, type Box[T any] struct
pkg shape, type Box[T any] struct, Item T
pkg shape, type Box[T any] struct, promoted Depth int
pkg shape, type Kind uint8
pkg shape, type Number interface{ ~int | ~int64 }
pkg shape, type Pair[K comparable, V any] = map[K]V
pkg shape, type Sealed interface
pkg shape, type Sealed interface, Area() float64
pkg shape, type Sealed interface, unexported methods
pkg shape, type closer struct
pkg shape, var Err error`

func TestEachExportedThingHasALine(t *testing.T) {
	got, want := Lines(checked(t, source)), strings.Split(described, "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("too much: %s", line)
		}
	}
	if !slices.IsSorted(got) {
		t.Error("the lines are not sorted")
	}
}

func checked(t *testing.T, text string) *types.Package {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "shape.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: importer.Default()}
	pkg, err := config.Check(load.Base+"/shape", set, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// Names of parameters, and the order in which things are declared, are not API.
func TestWhatIsNoAPIChangesNoLine(t *testing.T) {
	before := Lines(checked(t, "package shape\nfunc A(a, b int) {}\nfunc B() {}\n"))
	after := Lines(checked(t, "package shape\nfunc B() {}\nfunc c() {}\nfunc A(x int, y int) {}\n"))
	if strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("%q became %q", before, after)
	}
}
