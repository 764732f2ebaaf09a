// Package surface lists what a package exports: a line for each thing that an
// importer can name, in the format of the files api/*.txt.
package surface

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/informant-go/informant/tools/internal/load"
)

// Lines returns what pkg exports, sorted. A method is listed for each type that
// has it, promoted ones as well. Parameters have no names, since no caller
// depends on them. A package of this repository goes by its path below the root
// (object.Access[T]), all others by their whole path.
func Lines(pkg *types.Package) []string {
	d := &description{pkg: pkg, shown: map[*types.TypeName]bool{}}
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			d.object(obj)
		}
	}
	for len(d.hidden) > 0 {
		next := d.hidden[0]
		d.hidden = d.hidden[1:]
		d.typeName(next)
	}
	slices.Sort(d.lines)
	return slices.Compact(d.lines)
}

// A description is what one package exports.
type description struct {
	pkg   *types.Package
	lines []string
	// hidden are types that no importer can name and that still have methods
	// which one can call, since something exported shows a value of the type.
	hidden []*types.TypeName
	shown  map[*types.TypeName]bool
}

func (d *description) add(format string, args ...any) {
	d.lines = append(d.lines, "pkg "+load.Short(d.pkg.Path())+", "+fmt.Sprintf(format, args...))
}

func (d *description) object(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Const:
		d.add("const %s %s = %s", obj.Name(), d.typ(obj.Type()), obj.Val().ExactString())
	case *types.Var:
		d.add("var %s %s", obj.Name(), d.typ(obj.Type()))
	case *types.Func:
		sig := obj.Signature()
		d.add("func %s%s%s", obj.Name(), d.typeParams(sig.TypeParams()), d.signature(sig))
	case *types.TypeName:
		d.typeName(obj)
	}
}

func (d *description) typeName(obj *types.TypeName) {
	if alias, ok := obj.Type().(*types.Alias); ok {
		d.add("type %s%s = %s", obj.Name(), d.typeParams(alias.TypeParams()), d.typ(alias.Rhs()))
		return
	}
	named := obj.Type().(*types.Named)
	head := "type " + d.name(obj) + d.typeParams(named.TypeParams())
	t := own(named)
	switch under := t.Underlying().(type) {
	case *types.Struct:
		d.add("%s struct", head)
		d.fields(head, t, under)
		d.methods(t)
	case *types.Interface:
		d.interfaceType(head, under)
	default:
		d.add("%s %s", head, d.typ(under))
		d.methods(t)
	}
}

// own returns a generic type with its own parameters as arguments, so that the
// parameters of all methods go by the names that the type gave them.
func own(named *types.Named) types.Type {
	if named.TypeParams().Len() == 0 {
		return named
	}
	var args []types.Type
	for p := range named.TypeParams().TypeParams() {
		args = append(args, p)
	}
	t, err := types.Instantiate(nil, named, args, false)
	if err != nil {
		panic(err) // as many arguments as parameters
	}
	return t
}

func (d *description) fields(head string, t types.Type, s *types.Struct) {
	for f := range s.Fields() {
		switch {
		case f.Exported() && f.Embedded():
			d.add("%s struct, embedded %s", head, d.typ(f.Type()))
		case f.Exported():
			d.add("%s struct, %s %s", head, f.Name(), d.typ(f.Type()))
		}
		if f.Embedded() {
			d.promoted(head, t, f.Type(), map[types.Type]bool{})
		}
	}
}

// promoted lists the fields that t has from a type that is embedded in it.
func (d *description) promoted(head string, t, embedded types.Type, seen map[types.Type]bool) {
	s, ok := deref(embedded).Underlying().(*types.Struct)
	if !ok || seen[deref(embedded)] {
		return
	}
	seen[deref(embedded)] = true
	for f := range s.Fields() {
		found, _, _ := types.LookupFieldOrMethod(t, true, d.pkg, f.Name())
		if found == f && f.Exported() {
			d.add("%s struct, promoted %s %s", head, f.Name(), d.typ(f.Type()))
		}
		if f.Embedded() {
			d.promoted(head, t, f.Type(), seen)
		}
	}
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func (d *description) methods(t types.Type) {
	byValue := types.NewMethodSet(t)
	for m := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if !m.Obj().Exported() {
			continue
		}
		receiver := "*" + d.typ(t)
		if byValue.Lookup(m.Obj().Pkg(), m.Obj().Name()) != nil {
			receiver = d.typ(t)
		}
		d.add("method (%s) %s%s", receiver, m.Obj().Name(), d.signature(m.Type().(*types.Signature)))
	}
}

func (d *description) interfaceType(head string, i *types.Interface) {
	if !i.IsMethodSet() {
		d.add("%s %s", head, d.interfaceLiteral(i))
		return
	}
	d.add("%s interface", head)
	sealed := false
	for m := range i.Methods() {
		if !m.Exported() {
			sealed = true
			continue
		}
		d.add("%s interface, %s%s", head, m.Name(), d.signature(m.Signature()))
	}
	if sealed {
		d.add("%s interface, unexported methods", head)
	}
}

// name returns how a type is called here, and remembers one that no importer
// can name.
func (d *description) name(obj *types.TypeName) string {
	if obj.Pkg() == nil {
		return obj.Name()
	}
	if !d.shown[obj] {
		d.shown[obj] = true
		if isHidden(obj) {
			d.hidden = append(d.hidden, obj)
		}
	}
	if obj.Pkg() == d.pkg {
		return obj.Name()
	}
	return load.Short(obj.Pkg().Path()) + "." + obj.Name()
}

// isHidden reports whether a type of this repository has no name that an
// importer could write.
func isHidden(obj *types.TypeName) bool {
	path := load.Short(obj.Pkg().Path())
	ours := path != obj.Pkg().Path()
	return ours && (!obj.Exported() || slices.Contains(strings.Split(path, "/"), "internal"))
}
