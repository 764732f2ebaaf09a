package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// shim says, in public words, what the tests of a package of client-go say in unexported
// ones where that is not what they test.
type shim struct {
	// interfaces are named in the place of pointers to client-go's structs, by the names
	// of these.
	interfaces map[string]string
	// helpers is Go: its functions take the place of those of the same name.
	helpers string
}

var shims = map[string]shim{
	"tools/cache": {
		interfaces: map[string]string{"sharedIndexInformer": "SharedIndexInformer"},
		// An informer that was started refuses a watch error handler; this one is the
		// one that it has.
		helpers: `package cache

import . "` + oursCache + `"

func isStarted(i SharedInformer) bool {
	return i.SetWatchErrorHandlerWithContext(DefaultWatchErrorHandler) != nil
}
`,
	},
	"util/workqueue": {
		// A delay of ours is pending when AddAfter returns.
		helpers: `package workqueue

import . "` + oursQueue + `"

func waitForWaitingQueueToFill(DelayingInterface) error { return nil }
`,
	},
}

// apply puts the shim into files of a package of tests, and returns them with the helpers.
func (s shim) apply(files []*source) ([]*source, error) {
	replaced := map[string]bool{}
	var own []*source
	if s.helpers != "" {
		own = []*source{{"informant_shims_test.go", []byte(s.helpers)}}
		file, err := parser.ParseFile(token.NewFileSet(), own[0].name, own[0].text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				replaced[f.Name.Name] = true
			}
		}
	}
	found := 0
	for _, of := range files {
		n, err := s.edit(of, replaced)
		if err != nil {
			return nil, err
		}
		found += n
	}
	if found != len(replaced) {
		return nil, fmt.Errorf("%d of the %d helpers that shims.go has are in client-go's tests", found, len(replaced))
	}
	return append(files, own...), nil
}

// edit changes one file, and returns how many helpers were in it.
func (s shim) edit(of *source, replaced map[string]bool) (found int, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, of.name, of.text, parser.SkipObjectResolution)
	if err != nil {
		return 0, err
	}
	var edits []edit
	for _, decl := range file.Decls {
		from, to := fset.Position(decl.Pos()).Offset, fset.Position(decl.End()).Offset
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && replaced[f.Name.Name] {
			found++
			edits = append(edits, edit{from, to, blank(of.text[from:to])})
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			pointer, ok := n.(*ast.StarExpr)
			if !ok {
				return true
			}
			if to, ok := pointer.X.(*ast.Ident); ok && s.interfaces[to.Name] != "" {
				edits = append(edits, edit{fset.Position(pointer.Pos()).Offset, fset.Position(pointer.End()).Offset, s.interfaces[to.Name]})
			}
			return true
		})
	}
	of.text = apply(of.text, edits)
	return found, nil
}
