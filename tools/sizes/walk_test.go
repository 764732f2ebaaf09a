package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/informant-go/informant/tools/internal/load"
)

var files = map[string]string{
	"store.go": `package store
type Store[T any] struct{ base[T]; hook func() }
func (s *Store[T]) Get() { s.find(); s.hook() }
func (s *Store[T]) Update(r interface{ Do() }) { r.Do() }
func (s *Store[T]) Other() { far() }
`,
	"base.go": `package store
type base[T any] struct{}
func (b *base[T]) find() { b.Add() }
func (b *base[T]) Add() { each(b.find) }
func (b *base[T]) Do() { far() }
`,
	"each.go": `package store
func each(f func()) { f() }
`,
	"far.go": `package store
func far() {}
`,
}

func TestAWalkCountsTheFilesOfWhatIsReached(t *testing.T) {
	tree := &load.Tree{Set: token.NewFileSet()}
	p := &load.Package{Path: load.Base + "/store", Info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}}
	for name, text := range files {
		file, err := parser.ParseFile(tree.Set, name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.Files = append(p.Files, file)
	}
	var err error
	if p.Types, err = new(types.Config).Check(p.Path, tree.Set, p.Files, p.Info); err != nil {
		t.Fatal(err)
	}
	tree.Packages = []*load.Package{p}
	got := map[string]walk{}
	for _, w := range walksOf(tree) {
		got[w.name] = w
	}
	for name, want := range map[string]walk{
		"store.(*Store).Add":    {p, "", 2, 3}, // promoted
		"store.(*Store).Get":    {p, "", 3, 4},
		"store.(*Store).Update": {p, "", 1, 1}, // an interface ends it
	} {
		if w := got[name]; w.files != want.files || w.functions != want.functions {
			t.Errorf("%s reaches %d functions in %d files, want %d in %d", name, w.functions, w.files, want.functions, want.files)
		}
	}
	if len(got) != 3 {
		t.Errorf("walks: %v", got)
	}
	if longest(walksOf(tree), p) != "3" {
		t.Error("the longest walk of the package is 3 files")
	}
}
