package object

import (
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// shape is what the walk of a Sharer knows of a type: where its parts are, and of
// which values it can tell that they are equal and stay as they are. It is made
// once for a type.
type shape struct {
	id   uint32 // tells the parts of one type from those of another
	kind shapeKind
	typ  reflect.Type

	bytes  uintptr // that a value takes
	fields []place // those of a structure
	elem   *place  // what a pointer, list, array or map has
	copies bool    // whether a value may be copied: there is nothing opaque in it
}

// place is where a value stands: a field of a type of struct, or the elements of a
// type of slice. All values at one place are of one shape, and are alike in
// whether others are equal to them.
type place struct {
	shape  *shape
	offset uintptr // of a field in its struct
	name   string  // of the field, "" for elements
	site   site
}

type shapeKind uint8

const (
	// opaque is what is left alone, with all that it refers to: structs with
	// unexported fields, whose methods may change them, and what has no
	// content to compare.
	kindOpaque shapeKind = iota
	// empty is opaque, unless it is nil: interfaces, functions, channels.
	kindEmpty
	kindScalar // a number or a bool
	kindText
	kindInstant   // a time.Time
	kindQuantity  // a resource.Quantity in a map
	kindStructure // a struct of which every field is exported
	kindArray
	kindPointer
	kindList
	kindRaw       // a list of bytes
	kindDict      // a map whose keys are strings
	kindTextDict  // a map whose keys and values are strings
	kindObject    // a map[string]any
	kindSomething // an any, which may hold JSON
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	quantityType = reflect.TypeFor[resource.Quantity]()
	objectType   = reflect.TypeFor[map[string]any]()
)

// shapes makes each shape once.
type shapes map[reflect.Type]*shape

// of returns the shape of t.
func (s shapes) of(t reflect.Type) *shape {
	if known, ok := s[t]; ok {
		return known
	}
	sh := s.add(t, kindOf(t))
	switch sh.kind {
	case kindStructure:
		for i := range t.NumField() {
			f := t.Field(i)
			p := place{shape: s.of(f.Type), offset: f.Offset, name: f.Name}
			sh.fields = append(sh.fields, p)
			sh.copies = sh.copies && p.shape.copies
		}
	case kindPointer, kindList, kindRaw, kindDict:
		sh.elem = &place{shape: s.elementOf(t)}
	case kindTextDict:
		sh.elem = &place{shape: s.of(t.Elem())}
	case kindArray:
		sh.elem = &place{shape: s.of(t.Elem())}
		sh.copies = sh.elem.shape.copies
	}
	return sh
}

func (s shapes) add(t reflect.Type, kind shapeKind) *shape {
	// The id 0 is that of strings. A Quantity is opaque, but nothing is wrong
	// with a copy.
	sh := &shape{id: uint32(len(s)) + 1, kind: kind, typ: t, bytes: t.Size(), copies: kind != kindOpaque || t == quantityType}
	s[t] = sh
	return sh
}

// elementOf is the shape of the elements of t. A Quantity changes when it is read:
// its String writes down what it returned. Only one in a map does not, since nobody
// can have its address.
func (s shapes) elementOf(t reflect.Type) *shape {
	if t.Kind() == reflect.Map && t.Elem() == quantityType {
		return &shape{kind: kindQuantity, typ: quantityType, bytes: quantityType.Size(), copies: true}
	}
	return s.of(t.Elem())
}

func kindOf(t reflect.Type) shapeKind {
	switch t {
	case timeType:
		return kindInstant
	case objectType:
		return kindObject
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return kindScalar
	case reflect.String:
		return kindText
	case reflect.Struct:
		return structKind(t)
	case reflect.Array:
		return kindArray
	case reflect.Pointer:
		return kindPointer
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return kindRaw
		}
		return kindList
	case reflect.Map:
		switch {
		case t.Key().Kind() != reflect.String:
			return kindOpaque
		case t.Elem().Kind() == reflect.String:
			return kindTextDict
		}
		return kindDict
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return kindSomething
		}
		return kindEmpty
	case reflect.Func, reflect.Chan:
		return kindEmpty
	}
	return kindOpaque
}

func structKind(t reflect.Type) shapeKind {
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			return kindOpaque
		}
	}
	return kindStructure
}

// hasParts reports whether a value of the shape can have a part that another one
// has as well. seen are the shapes that were asked already.
func (sh *shape) hasParts(seen map[*shape]bool) bool {
	if seen[sh] {
		return false
	}
	seen[sh] = true
	switch sh.kind {
	case kindText, kindRaw, kindTextDict, kindDict, kindObject, kindSomething:
		return true
	case kindList:
		return sh.elem.shape.kind != kindOpaque
	case kindPointer, kindArray:
		return sh.elem.shape.hasParts(seen)
	case kindStructure:
		for i := range sh.fields {
			if sh.fields[i].shape.hasParts(seen) {
				return true
			}
		}
	}
	return false
}
