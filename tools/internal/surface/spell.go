package surface

import (
	"fmt"
	"go/types"
	"strings"
)

// typ returns a type as it is written in Go, without the names of parameters.
func (d *description) typ(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return d.name(t.Obj()) + d.arguments(t.TypeArgs())
	case *types.Named:
		return d.name(t.Obj()) + d.arguments(t.TypeArgs())
	case *types.Pointer:
		return "*" + d.typ(t.Elem())
	case *types.Slice:
		return "[]" + d.typ(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), d.typ(t.Elem()))
	case *types.Map:
		return "map[" + d.typ(t.Key()) + "]" + d.typ(t.Elem())
	case *types.Chan:
		return d.channel(t)
	case *types.Signature:
		return "func" + d.signature(t)
	case *types.Struct:
		return d.structLiteral(t)
	case *types.Interface:
		return d.interfaceLiteral(t)
	case *types.Union:
		return d.union(t)
	default: // a basic type or a type parameter
		return t.String()
	}
}

func (d *description) channel(c *types.Chan) string {
	switch c.Dir() {
	case types.SendOnly:
		return "chan<- " + d.typ(c.Elem())
	case types.RecvOnly:
		return "<-chan " + d.typ(c.Elem())
	default:
		return "chan " + d.typ(c.Elem())
	}
}

func (d *description) signature(s *types.Signature) string {
	params := d.tuple(s.Params())
	if s.Variadic() {
		last := len(params) - 1
		params[last] = "..." + strings.TrimPrefix(params[last], "[]")
	}
	results := d.tuple(s.Results())
	text := "(" + strings.Join(params, ", ") + ")"
	switch len(results) {
	case 0:
		return text
	case 1:
		return text + " " + results[0]
	default:
		return text + " (" + strings.Join(results, ", ") + ")"
	}
}

func (d *description) tuple(t *types.Tuple) (texts []string) {
	for v := range t.Variables() {
		texts = append(texts, d.typ(v.Type()))
	}
	return texts
}

func (d *description) structLiteral(s *types.Struct) string {
	var fields []string
	for i := range s.NumFields() {
		field := d.typ(s.Field(i).Type())
		if !s.Field(i).Embedded() {
			field = s.Field(i).Name() + " " + field
		}
		fields = append(fields, field)
	}
	return braces("struct", fields)
}

func (d *description) interfaceLiteral(i *types.Interface) string {
	if i.Empty() {
		return "any"
	}
	var parts []string
	for m := range i.ExplicitMethods() {
		parts = append(parts, m.Name()+d.signature(m.Signature()))
	}
	for t := range i.EmbeddedTypes() {
		parts = append(parts, d.typ(t))
	}
	if i.IsImplicit() {
		return strings.Join(parts, "; ")
	}
	return braces("interface", parts)
}

func braces(word string, parts []string) string {
	if len(parts) == 0 {
		return word + "{}"
	}
	return word + "{ " + strings.Join(parts, "; ") + " }"
}

func (d *description) union(u *types.Union) string {
	var terms []string
	for t := range u.Terms() {
		term := d.typ(t.Type())
		if t.Tilde() {
			term = "~" + term
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " | ")
}

func (d *description) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var params []string
	for p := range list.TypeParams() {
		params = append(params, p.Obj().Name()+" "+d.typ(p.Constraint()))
	}
	return "[" + strings.Join(params, ", ") + "]"
}

func (d *description) arguments(list *types.TypeList) string {
	if list.Len() == 0 {
		return ""
	}
	var args []string
	for t := range list.Types() {
		args = append(args, d.typ(t))
	}
	return "[" + strings.Join(args, ", ") + "]"
}
