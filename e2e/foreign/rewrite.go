package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	oursModule     = "github.com/informant-go/informant/"
	oursCache      = oursModule + "clientgo/cache"
	oursQueue      = oursModule + "clientgo/workqueue"
	wrappedPackage = oursModule + "e2e/foreign/wrapped"

	clientGo      = "k8s.io/client-go"
	clientGoCache = clientGo + "/tools/cache"
	clientGoQueue = clientGo + "/util/workqueue"
	wrappedImport = "informantwrapped"
)

// standIns are the packages that another is imported for.
var standIns = map[string]string{clientGoCache: oursCache, clientGoQueue: oursQueue}

// constructors are the functions for which those of package wrapped stand in: by
// package and name, the name there.
var constructors = map[string]map[string]string{
	clientGo + "/informers": {
		"NewSharedInformerFactory":            "NewSharedInformerFactory",
		"NewSharedInformerFactoryWithOptions": "NewSharedInformerFactoryWithOptions",
	},
	clientGo + "/dynamic/dynamicinformer": {
		"NewDynamicSharedInformerFactory":         "NewDynamicSharedInformerFactory",
		"NewFilteredDynamicSharedInformerFactory": "NewFilteredDynamicSharedInformerFactory",
	},
	clientGo + "/metadata/metadatainformer": {
		"NewSharedInformerFactory":         "NewMetadataSharedInformerFactory",
		"NewFilteredSharedInformerFactory": "NewFilteredMetadataSharedInformerFactory",
	},
}

// edit puts text in the place of what is between two offsets of a file.
type edit struct {
	from, to int
	text     string
}

// apply makes edits that do not overlap.
func apply(source []byte, edits []edit) []byte {
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, source[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, source[at:]...)
}

// changes counts what was done to a file, or to many.
type changes struct{ imports, factories int }

func (c *changes) add(o changes) {
	c.imports += o.imports
	c.factories += o.factories
}

// rewrite returns the source of a Go file with the constructors of informer factories
// replaced, and the import lines of the packages that instead has others for. Lines keep
// their numbers.
func rewrite(name string, source []byte, instead map[string]string) ([]byte, changes, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, 0)
	if err != nil {
		return nil, changes{}, err
	}
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	var edits []edit
	var done changes
	replaced := map[string]map[string]string{} // by the name that a file gives the package
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, changes{}, err
		}
		other := instead[imported]
		if other != "" {
			edits = append(edits, edit{offset(spec.Path.Pos()), offset(spec.Path.End()), strconv.Quote(other)})
			done.imports++
		}
		if functions := constructors[imported]; functions != nil && other == "" {
			replaced[localName(spec, imported)] = functions
		}
	}
	kept := map[string]string{} // a function of each package, which must not lose its last use
	ast.Inspect(file, func(n ast.Node) bool {
		call, isSelector := n.(*ast.SelectorExpr)
		if !isSelector {
			return true
		}
		of, isName := call.X.(*ast.Ident)
		if !isName || of.Obj != nil || replaced[of.Name][call.Sel.Name] == "" {
			return true
		}
		edits = append(edits, edit{offset(call.Pos()), offset(call.End()), wrappedImport + "." + replaced[of.Name][call.Sel.Name]})
		kept[of.Name] = call.Sel.Name
		done.factories++
		return true
	})
	if done.factories > 0 {
		at := offset(file.Name.End())
		edits = append(edits, edit{at, at, fmt.Sprintf("; import %s %q", wrappedImport, wrappedPackage)})
		for of, function := range kept {
			edits = append(edits, edit{len(source), len(source), fmt.Sprintf("\nvar _ = %s.%s\n", of, function)})
		}
	}
	return apply(source, edits), done, nil
}

// localName is the name that a file has for a package that it imports.
func localName(spec *ast.ImportSpec, imported string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(imported)
}

// blank returns text of as many lines that says nothing.
func blank(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, string(text))
}
