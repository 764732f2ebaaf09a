package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// source is a file of tests, changed step by step.
type source struct {
	name string
	text []byte
}

// copied is a package of tests that uses another than it was written for.
type copied struct {
	path    string // its import path
	files   []*source
	imports types.Importer

	wants map[string]string // why what was left out does not compile, by name: "f", or "T.m" of a method
	left  []omission        // the tests among it
}

// omission is a test that cannot apply.
type omission struct{ test, wants string }

// leaveOut takes away what does not compile, until the rest does. It returns the types of
// the rest.
func (c *copied) leaveOut() (*checked, error) {
	c.wants = map[string]string{}
	for range 50 {
		found, err := c.check()
		if err != nil {
			return nil, err
		}
		if len(found.faults) == 0 {
			slices.SortFunc(c.left, func(a, b omission) int { return strings.Compare(a.test, b.test) })
			return found, nil
		}
		if err := c.drop(found); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: does not compile, whatever is left out", c.path)
}

// checked is what a package says to the type checker.
type checked struct {
	fset   *token.FileSet
	files  []*ast.File
	uses   map[*ast.Ident]types.Object
	defs   map[*ast.Ident]types.Object
	faults []types.Error
}

// check parses and checks the files as they are.
func (c *copied) check() (*checked, error) {
	found := &checked{fset: token.NewFileSet(), uses: map[*ast.Ident]types.Object{}, defs: map[*ast.Ident]types.Object{}}
	for _, s := range c.files {
		file, err := parser.ParseFile(found.fset, s.name, s.text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		found.files = append(found.files, file)
	}
	config := types.Config{
		Importer: c.imports,
		Error: func(err error) {
			var fault types.Error
			if errors.As(err, &fault) {
				found.faults = append(found.faults, fault)
			}
		},
	}
	// The error is the first of those that Error was told.
	if _, err := config.Check(c.path, found.fset, found.files, &types.Info{Uses: found.uses, Defs: found.defs}); err != nil && len(found.faults) == 0 {
		return nil, err
	}
	return found, nil
}

// drop takes away the declarations with faults, and imports that nothing needs.
func (c *copied) drop(found *checked) error {
	edits := map[string][]edit{}
	seen := map[ast.Node]bool{}
	// What follows from another fault, such as a variable without a use, is said last.
	slices.SortStableFunc(found.faults, func(a, b types.Error) int { return order(a) - order(b) })
	before := c.wants
	c.wants = maps.Clone(before)
	for _, fault := range found.faults {
		node := found.declaration(fault.Pos)
		if node == nil {
			return fmt.Errorf("%s: %s", found.fset.Position(fault.Pos), fault.Msg)
		}
		if seen[node] {
			continue
		}
		seen[node] = true
		from, to := found.fset.Position(node.Pos()), found.fset.Position(node.End())
		edits[from.Filename] = append(edits[from.Filename], edit{from.Offset, to.Offset, ""})
		c.note(node, wanted(fault.Msg, before))
	}
	for _, s := range c.files {
		for i, e := range edits[s.name] {
			edits[s.name][i].text = blank(s.text[e.from:e.to])
		}
		s.text = apply(s.text, edits[s.name])
	}
	return nil
}

func order(fault types.Error) int {
	if fault.Soft {
		return 1
	}
	return 0
}

// declaration returns what is taken away for a fault at pos.
func (f *checked) declaration(pos token.Pos) ast.Node {
	for _, file := range f.files {
		if pos < file.FileStart || pos > file.FileEnd {
			continue
		}
		for _, decl := range file.Decls {
			if decl.Pos() <= pos && pos < decl.End() {
				return part(decl, pos)
			}
		}
	}
	return nil
}

// part is the line of a declaration in brackets that has the fault, if lines can be
// missed: constants count on one another.
func part(decl ast.Decl, pos token.Pos) ast.Node {
	group, ok := decl.(*ast.GenDecl)
	if !ok || !group.Lparen.IsValid() || group.Tok == token.CONST {
		return decl
	}
	for _, spec := range group.Specs {
		if spec.Pos() <= pos && pos < spec.End() {
			return spec
		}
	}
	return decl
}

// note keeps why a declaration is gone, by the names that it declared.
func (c *copied) note(node ast.Node, reason string) {
	switch n := node.(type) {
	case *ast.FuncDecl:
		if n.Recv != nil && len(n.Recv.List) == 1 {
			c.wants[receiver(n.Recv.List[0].Type)+"."+n.Name.Name] = reason
			return
		}
		c.wants[n.Name.Name] = reason
		if isTest(n) {
			c.left = append(c.left, omission{n.Name.Name, reason})
		}
	case *ast.GenDecl:
		for _, spec := range n.Specs {
			c.note(spec, reason)
		}
	case *ast.TypeSpec:
		c.wants[n.Name.Name] = reason
	case *ast.ValueSpec:
		for _, name := range n.Names {
			c.wants[name.Name] = reason
		}
	}
}

// receiver is the name of a method's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// isTest reports whether the go command runs a function as a test.
func isTest(f *ast.FuncDecl) bool {
	name, ok := strings.CutPrefix(f.Name.Name, "Test")
	return ok && f.Recv == nil && f.Name.Name != "TestMain" && (name == "" || name[0] < 'a' || name[0] > 'z')
}

// The ways in which the type checker says that a name is not there. The first group, or
// the type and the name, is what is wanted.
var (
	noName      = regexp.MustCompile(`^undefined: (\w+)$`)
	noField     = regexp.MustCompile(`^(\S+) undefined \(type (\S+) has no field or method (\w+)`)
	hiddenField = regexp.MustCompile(`^(\S+) undefined \(cannot refer to unexported (?:field|method) (\w+)\)`)
	noLiteral   = regexp.MustCompile(`^unknown field (\w+) in struct literal of type (\S+)`)
	hidden      = regexp.MustCompile(`^cannot refer to unexported field (\w+) in struct literal of type (\S+)`)
)

// wanted is what a message of the type checker says is missing, and why that is missing
// where it was left out before.
func wanted(message string, before map[string]string) string {
	name := ""
	if m := noName.FindStringSubmatch(message); m != nil {
		name = m[1]
	} else if m := noField.FindStringSubmatch(message); m != nil {
		name = bare(m[2]) + "." + m[3]
	} else if m := hiddenField.FindStringSubmatch(message); m != nil {
		name = m[1]
	} else if m := noLiteral.FindStringSubmatch(message); m != nil {
		name = bare(m[2]) + "." + m[1]
	} else if m := hidden.FindStringSubmatch(message); m != nil {
		name = bare(m[2]) + "." + m[1]
	}
	switch {
	case name == "":
		return message
	case before[name] != "":
		return "`" + name + "`, which wants " + before[name]
	}
	return "`" + name + "`"
}

// bare is a type without pointer and package.
func bare(t string) string {
	t = strings.TrimLeft(t, "*")
	return t[strings.LastIndexByte(t, '.')+1:]
}

// tests returns the names of the tests that are left.
func (f *checked) tests() (names []string) {
	for _, file := range f.files {
		for _, decl := range file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && isTest(function) {
				names = append(names, function.Name.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// reaching returns the tests that use an object for which engine reports true, themselves
// or by what they use.
func (f *checked) reaching(engine func(types.Object) bool) (names []string) {
	uses := map[types.Object][]types.Object{}
	tests := map[types.Object]bool{}
	for _, file := range f.files {
		for _, decl := range file.Decls {
			f.collect(decl, uses, tests)
		}
	}
	var reaches func(o types.Object, seen map[types.Object]bool) bool
	reaches = func(o types.Object, seen map[types.Object]bool) bool {
		if seen[o] {
			return false
		}
		seen[o] = true
		return engine(o) || slices.ContainsFunc(uses[o], func(used types.Object) bool { return reaches(used, seen) })
	}
	for test := range tests {
		if reaches(test, map[types.Object]bool{}) {
			names = append(names, test.Name())
		}
	}
	slices.Sort(names)
	return names
}

// collect notes what each object that decl declares uses. A method counts as part of its
// type.
func (f *checked) collect(decl ast.Decl, uses map[types.Object][]types.Object, tests map[types.Object]bool) {
	var used, declared []types.Object
	ast.Inspect(decl, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok && f.uses[name] != nil {
			used = append(used, origin(f.uses[name]))
		}
		return true
	})
	switch d := decl.(type) {
	case *ast.FuncDecl:
		o := f.defs[d.Name]
		if isTest(d) {
			tests[o] = true
		}
		declared = append(declared, o)
		if d.Recv != nil {
			declared = append(declared, used[0])
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				declared = append(declared, f.defs[s.Name])
			case *ast.ValueSpec:
				for _, name := range s.Names {
					declared = append(declared, f.defs[name])
				}
			}
		}
	}
	for _, o := range declared {
		uses[o] = append(uses[o], used...)
	}
}

// origin is the generic function or method of which o is an instance.
func origin(o types.Object) types.Object {
	if f, ok := o.(*types.Func); ok {
		return f.Origin()
	}
	return o
}
