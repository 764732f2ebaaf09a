// Package prose holds the language of comments and pages: what stands in the docs
// of a public package can be understood by those who see nothing but its docs, a
// page links the words of the glossary, and no link is dead.
package prose

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// A folder is one package, with the tests in its folder.
type folder struct {
	path  string // below the root, with slashes
	files []*ast.File
}

func TestCommentsOfTheCheckout(t *testing.T) {
	set, folders := read(t)
	t.Run("public docs name nothing unexported", func(t *testing.T) {
		for _, f := range folders {
			if f.public() {
				report(t, hiddenNames(set, f.files))
			}
		}
	})
	t.Run("comments say reports whether", func(t *testing.T) {
		for _, f := range folders {
			for _, file := range f.files {
				report(t, badPhrases(set, file))
			}
		}
	})
}

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, fault := range faults {
		t.Error(fault)
	}
}

// read parses all Go files of the checkout, of other modules too.
func read(t *testing.T) (*token.FileSet, []folder) {
	t.Helper()
	set, byPath := token.NewFileSet(), map[string]*folder{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, rel, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := rel[:max(strings.LastIndex(rel, "/"), 0)]
		if byPath[dir] == nil {
			byPath[dir] = &folder{path: dir}
		}
		byPath[dir].files = append(byPath[dir].files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var folders []folder
	for _, f := range byPath {
		folders = append(folders, *f)
	}
	slices.SortFunc(folders, func(a, b folder) int { return strings.Compare(a.path, b.path) })
	if len(folders) < 10 {
		t.Fatalf("only %d folders were read: the walk misses the checkout", len(folders))
	}
	return set, folders
}

// private are the folders at the root that promise nothing to importers.
var private = []string{"bench", "docs", "e2e", "examples", "tools"}

func (f folder) public() bool {
	elements := strings.Split(f.path, "/")
	return !slices.Contains(elements, "internal") && !slices.Contains(private, elements[0]) && f.files[0].Name.Name != "main"
}

var badPhrase = regexp.MustCompile(`(?i)\btells\s+whether\b`)

func badPhrases(set *token.FileSet, file *ast.File) (faults []string) {
	for _, group := range file.Comments {
		for _, at := range badPhrase.FindAllStringIndex(plain(group), -1) {
			faults = append(faults, fmt.Sprintf(`%s: write "reports whether"`, place(set, group, at[0])))
		}
	}
	return faults
}

// plain returns a comment with blanks for its slashes, each byte where it was
// in the source.
func plain(group *ast.CommentGroup) string {
	text := []byte(strings.Repeat(" ", int(group.End()-group.Pos())))
	for _, c := range group.List {
		at := int(c.Pos() - group.Pos())
		copy(text[at+2:], c.Text[2:])
		if at > 0 {
			text[at-1] = '\n'
		}
	}
	return string(text)
}

func place(set *token.FileSet, group *ast.CommentGroup, offset int) string {
	p := set.Position(group.Pos() + token.Pos(offset))
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// hiddenNames finds the unexported identifiers of a package in the docs of what
// it exports: words with a capital inside, and words with parentheses behind.
func hiddenNames(set *token.FileSet, files []*ast.File) (faults []string) {
	hidden := map[string]bool{}
	for _, file := range files {
		if !isTest(set, file) {
			ast.Inspect(file, func(n ast.Node) bool { return collect(n, hidden) })
		}
	}
	for _, file := range files {
		if isTest(set, file) {
			continue
		}
		for _, d := range docs(file) {
			text := plain(d.text)
			for _, at := range word.FindAllStringSubmatchIndex(text, -1) {
				name, called := text[at[2]:at[3]], at[4] < at[5]
				if hidden[name] && !wire[name] && (called || name != strings.ToLower(name)) && !slices.Contains(d.own, name) {
					faults = append(faults, fmt.Sprintf("%s: the doc of %s names %s, which is not exported", place(set, d.text, at[2]), d.of, name))
				}
			}
		}
	}
	return faults
}

// word matches a word that begins with a small letter, and the parenthesis
// behind it. What follows a dot, a quote or a sign of an address is the word of
// somebody else, such as a field on the wire.
var word = regexp.MustCompile("(?:^|[^\\w.\"'`?&=/-])([a-z]\\w*)(\\(?)")

// wire are words of the API server's language, whoever else uses them as names.
var wire = map[string]bool{"apiVersion": true, "resourceVersion": true, "labelSelector": true, "fieldSelector": true, "managedFields": true}

func isTest(set *token.FileSet, file *ast.File) bool {
	return strings.HasSuffix(set.Position(file.Pos()).Filename, "_test.go")
}

// collect notes the unexported names that a declaration gives, and reports
// whether names may stand below it.
func collect(n ast.Node, hidden map[string]bool) bool {
	note := func(names ...*ast.Ident) {
		for _, name := range names {
			if !name.IsExported() {
				hidden[name.Name] = true
			}
		}
	}
	switch n := n.(type) {
	case *ast.FuncDecl:
		note(n.Name)
		return false // names inside it are of nobody else
	case *ast.TypeSpec:
		note(n.Name)
	case *ast.ValueSpec:
		note(n.Names...)
	case *ast.StructType:
		for _, f := range n.Fields.List {
			note(f.Names...)
		}
	case *ast.InterfaceType:
		for _, f := range n.Methods.List {
			note(f.Names...)
		}
	}
	return true
}

// A doc is the comment of something exported.
type doc struct {
	of   string
	text *ast.CommentGroup
	own  []string // parameters and results, which the doc may name
}

// docs returns the docs in a file that an importer reads.
func docs(file *ast.File) (all []doc) {
	add := func(of string, own []string, texts ...*ast.CommentGroup) {
		for _, text := range texts {
			if text != nil {
				all = append(all, doc{of, text, own})
			}
		}
	}
	add("the package", nil, file.Doc)
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Name.IsExported() && (decl.Recv == nil || ast.IsExported(receiver(decl))) {
				add(decl.Name.Name, parameters(decl.Type, decl.Recv), decl.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				ofSpec(decl, spec, add)
			}
		}
	}
	return all
}

type adder func(of string, own []string, texts ...*ast.CommentGroup)

func ofSpec(decl *ast.GenDecl, spec ast.Spec, add adder) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		if slices.ContainsFunc(spec.Names, (*ast.Ident).IsExported) {
			add(spec.Names[0].Name, nil, spec.Doc, spec.Comment)
			if decl.Specs[0] == spec {
				add(spec.Names[0].Name, nil, decl.Doc)
			}
		}
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		add(spec.Name.Name, parameters(spec.Type), spec.Doc, decl.Doc, spec.Comment)
		switch t := spec.Type.(type) {
		case *ast.StructType:
			ofMembers(spec.Name.Name, t.Fields, add)
		case *ast.InterfaceType:
			ofMembers(spec.Name.Name, t.Methods, add)
		}
	}
}

func ofMembers(owner string, members *ast.FieldList, add adder) {
	for _, m := range members.List {
		if slices.ContainsFunc(m.Names, (*ast.Ident).IsExported) {
			add(owner+"."+m.Names[0].Name, parameters(m.Type), m.Doc, m.Comment)
		}
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(fn *ast.FuncDecl) string {
	name := ""
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

// parameters returns the names of parameters and results in a type.
func parameters(t ast.Expr, lists ...*ast.FieldList) (names []string) {
	if fn, ok := t.(*ast.FuncType); ok {
		lists = append(lists, fn.Params, fn.Results, fn.TypeParams)
	}
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			for _, name := range field.Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

const sample = `// Package sample has an innerThing, and calls flush().
package sample

// Open uses innerThing, not limit(s), with maxDelay and resourceVersion.
// It tells
// whether it is open.
func Open(maxDelay int) {}

// close may name innerThing.
func close() {}

// A Box has a maxDelay; see "innerThing" and metadata.innerThing.
type Box struct {
	// Size counts size(x) and sizes.
	Size int
	// limit tells whether innerThing is full.
	limit, maxDelay, resourceVersion int
}

// flush empties innerThing.
func (b *Box) flush() {}

// size is the Size of innerThing.
func (b *Box) size() {}

type innerThing struct{}

// Close closes innerThing.
func (innerThing) Close() {}
`

func TestFaultsAreFound(t *testing.T) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "sample.go", sample, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want []string }{
		{hiddenNames(set, []*ast.File{file}), []string{
			"sample.go:1: the doc of the package names innerThing, which is not exported",
			"sample.go:1: the doc of the package names flush, which is not exported",
			"sample.go:4: the doc of Open names innerThing, which is not exported",
			"sample.go:4: the doc of Open names limit, which is not exported",
			"sample.go:12: the doc of Box names maxDelay, which is not exported",
			"sample.go:14: the doc of Box.Size names size, which is not exported",
		}},
		{badPhrases(set, file), []string{
			`sample.go:5: write "reports whether"`,
			`sample.go:16: write "reports whether"`,
		}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(c.got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
