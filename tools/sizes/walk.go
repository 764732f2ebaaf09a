package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/informant-go/informant/tools/internal/load"
)

// walked are the methods whose walks are measured.
var walked = []string{"Add", "Get", "Update"}

// A walk is how far one method reaches.
type walk struct {
	from             *load.Package
	name             string
	files, functions int
}

// A graph holds, for each function of the repository, those whose names stand
// in its body.
type graph struct {
	set    *token.FileSet
	bodies map[*types.Func][]*types.Func
}

func walksOf(tree *load.Tree) (walks []walk) {
	g := graph{tree.Set, map[*types.Func][]*types.Func{}}
	for _, p := range tree.Packages {
		g.read(p)
	}
	for _, p := range tree.Packages {
		if !p.Public() {
			continue
		}
		for _, name := range p.Types.Scope().Names() {
			t, ok := p.Types.Scope().Lookup(name).(*types.TypeName)
			if !ok || !t.Exported() || t.IsAlias() || types.IsInterface(t.Type()) {
				continue
			}
			walks = append(walks, g.methods(p, t)...)
		}
	}
	return walks
}

func (g graph) read(p *load.Package) {
	for _, file := range p.Files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			from := p.Info.Defs[fn.Name].(*types.Func)
			g.bodies[from] = nil
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					if to, ok := p.Info.Uses[id].(*types.Func); ok {
						g.bodies[from] = append(g.bodies[from], to.Origin())
					}
				}
				return true
			})
		}
	}
}

// methods returns the walks that begin at methods of t, promoted ones too.
func (g graph) methods(p *load.Package, t *types.TypeName) (walks []walk) {
	set := types.NewMethodSet(types.NewPointer(t.Type()))
	for m := range set.Methods() {
		fn := m.Obj().(*types.Func).Origin()
		if _, ours := g.bodies[fn]; !ours || !slices.Contains(walked, fn.Name()) {
			continue
		}
		files, functions := g.reach(fn)
		walks = append(walks, walk{p, load.Short(p.Path) + ".(*" + t.Name() + ")." + fn.Name(), files, functions})
	}
	return walks
}

func (g graph) reach(start *types.Func) (files, functions int) {
	seen, inFiles := map[*types.Func]bool{start: true}, map[string]bool{}
	for todo := []*types.Func{start}; len(todo) > 0; {
		fn := todo[0]
		todo = todo[1:]
		inFiles[g.set.Position(fn.Pos()).Filename] = true
		for _, next := range g.bodies[fn] {
			if _, ours := g.bodies[next]; ours && !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	return len(inFiles), len(seen)
}
