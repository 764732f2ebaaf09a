package object

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Keeper removes from objects what a program does not read. Its method Keep is a
// transform. What is kept is named by paths of field names as they are in JSON, with
// dots between them:
//
//	spec.nodeName
//	spec.containers.image             // of each container
//	metadata.annotations              // kept anyway
//	data.tls\.crt                     // a key with a dot in it
//
// apiVersion, kind and metadata are always kept, whole. A path leads through pointers,
// and through slices to each element. A map is filtered by its keys.
//
// A program that updates such an object with what it has from the cache would remove
// the rest on the server: it should patch, or get the object first.
//
// All methods may be called by any goroutine.
type Keeper[T metav1.Object] struct {
	tree keepTree
	step *keepStep // nil for Unstructured
}

// keepTree has what is kept below a name; an empty one is kept whole.
type keepTree map[string]keepTree

// NewKeeper returns a Keeper for objects of one type, which is a pointer to a struct,
// with *unstructured.Unstructured among them. A path that the type does not have is a
// *PathError; what an Unstructured has is not known, so any path will do there.
func NewKeeper[T metav1.Object](paths ...string) (*Keeper[T], error) {
	k := &Keeper[T]{tree: keepTree{"apiVersion": {}, "kind": {}, "metadata": {}}}
	t := reflect.TypeFor[T]()
	for _, path := range paths {
		names, err := splitPath(path)
		if err != nil {
			return nil, &PathError{Type: t.String(), Path: path, Err: err}
		}
		k.tree.add(names)
	}
	if t == reflect.TypeFor[*unstructured.Unstructured]() {
		return k, nil
	}
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, &PathError{Type: t.String(), Path: strings.Join(paths, ", "), Err: errNoStruct}
	}
	var err *PathError
	if k.step, err = newKeepStep(t.Elem(), k.tree, nil); err != nil {
		err.Type = t.String()
		return nil, err
	}
	return k, nil
}

// splitPath cuts a path at its dots, those behind a backslash excepted.
func splitPath(path string) (names []string, err error) {
	name := ""
	for rest := path; ; {
		i := strings.IndexAny(rest, `.\`)
		if i < 0 {
			names = append(names, name+rest)
			break
		}
		name += rest[:i]
		if rest[i] == '\\' {
			if i+1 == len(rest) {
				return nil, errBackslash
			}
			name += rest[i+1 : i+2]
			rest = rest[i+2:]
			continue
		}
		names, name, rest = append(names, name), "", rest[i+1:]
	}
	if slices.Contains(names, "") {
		return nil, errEmptyName
	}
	return names, nil
}

// add keeps what names lead to. What is kept whole already stays so.
func (t keepTree) add(names []string) {
	for i, name := range names {
		below, ok := t[name]
		switch {
		case ok && len(below) == 0:
			return
		case i == len(names)-1:
			t[name] = keepTree{}
			return
		case !ok:
			below = make(keepTree)
			t[name] = below
		}
		t = below
	}
}

// Keep removes from obj what no path names, and returns it. It changes obj, which
// nobody else may have yet. A slice that something was removed from the elements of
// is as long as before. The error is always nil.
func (k *Keeper[T]) Keep(obj T) (T, error) {
	if u, ok := any(obj).(*unstructured.Unstructured); ok {
		if u != nil {
			keepJSON(u.Object, k.tree)
		}
		return obj, nil
	}
	k.step.apply(reflect.ValueOf(&obj).Elem())
	return obj, nil
}

// keepJSON removes from v what is not in tree.
func keepJSON(v any, tree keepTree) {
	if len(tree) == 0 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if below, ok := tree[key]; ok {
				keepJSON(value, below)
			} else {
				delete(v, key)
			}
		}
	case []any:
		for _, value := range v {
			keepJSON(value, tree)
		}
	}
}

// keepStep is what a Keeper does with a value of one type. nil keeps it whole.
type keepStep struct {
	tree   keepTree
	fields []keepField          // of a struct
	keys   map[string]*keepStep // of a map
	elem   *keepStep            // of a slice or an array
}

// keepField is a field of a struct that is not kept whole.
type keepField struct {
	index int
	drop  bool
	step  *keepStep
}

// newKeepStep makes the step for values of type t, to which the names of path lead.
func newKeepStep(t reflect.Type, tree keepTree, path []string) (*keepStep, *PathError) {
	if len(tree) == 0 {
		return nil, nil
	}
	if len(path) > 0 && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil, noPath(path, tree)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return newKeepStep(t.Elem(), tree, path)
	case reflect.Slice, reflect.Array:
		elem, err := newKeepStep(t.Elem(), tree, path)
		return &keepStep{tree: tree, elem: elem}, err
	case reflect.Map:
		return newMapStep(t, tree, path)
	case reflect.Struct:
		return newStructStep(t, tree, path)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return &keepStep{tree: tree}, nil
		}
	}
	return nil, noPath(path, tree)
}

func newMapStep(t reflect.Type, tree keepTree, path []string) (*keepStep, *PathError) {
	if t.Key().Kind() != reflect.String {
		return nil, noPath(path, tree)
	}
	s := &keepStep{tree: tree, keys: make(map[string]*keepStep)}
	for name, below := range tree {
		step, err := newKeepStep(t.Elem(), below, append(slices.Clip(path), name))
		if err != nil {
			return nil, err
		}
		s.keys[name] = step
	}
	return s, nil
}

func newStructStep(t reflect.Type, tree keepTree, path []string) (*keepStep, *PathError) {
	s, missing := &keepStep{tree: tree}, make(keepTree)
	for name, below := range tree {
		missing[name] = below
	}
	if err := s.addFields(t, tree, missing, path); err != nil {
		return nil, err
	}
	if len(path) == 0 { // a type without one of these has nothing to keep there
		delete(missing, "apiVersion")
		delete(missing, "kind")
		delete(missing, "metadata")
	}
	if len(missing) > 0 {
		return nil, noPath(path, missing)
	}
	return s, nil
}

// addFields adds the fields of t that are not kept whole, and removes from missing
// those that are there.
func (s *keepStep) addFields(t reflect.Type, tree, missing keepTree, path []string) *PathError {
	for i := range t.NumField() {
		f := t.Field(i)
		name, inline := jsonName(f)
		switch {
		case !f.IsExported() || name == "-":
			continue // not of the server
		case inline:
			step := &keepStep{tree: tree}
			elem := f.Type
			if elem.Kind() == reflect.Pointer {
				elem = elem.Elem()
			}
			if err := step.addFields(elem, tree, missing, path); err != nil {
				return err
			}
			s.fields = append(s.fields, keepField{index: i, step: step})
			continue
		}
		below, kept := tree[name]
		if !kept {
			s.fields = append(s.fields, keepField{index: i, drop: true})
			continue
		}
		delete(missing, name)
		step, err := newKeepStep(f.Type, below, append(slices.Clip(path), name))
		if err != nil {
			return err
		}
		if step != nil {
			s.fields = append(s.fields, keepField{index: i, step: step})
		}
	}
	return nil
}

// jsonName returns the name of a field in JSON, "-" if it has none, and whether its
// own fields stand in the place of the field.
func jsonName(f reflect.StructField) (name string, inline bool) {
	tag := f.Tag.Get("json")
	name, _, _ = strings.Cut(tag, ",")
	if name != "" {
		return name, false
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f.Anonymous && t.Kind() == reflect.Struct {
		return "", true
	}
	return f.Name, false
}

// apply removes from v what s does not keep. v can be set.
func (s *keepStep) apply(v reflect.Value) {
	if s == nil {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			s.apply(v.Elem())
		}
	case reflect.Interface:
		keepJSON(v.Interface(), s.tree)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.elem.apply(v.Index(i))
		}
	case reflect.Map:
		s.applyKeys(v)
	case reflect.Struct:
		for _, f := range s.fields {
			if f.drop {
				v.Field(f.index).SetZero()
			} else {
				f.step.apply(v.Field(f.index))
			}
		}
	}
}

func (s *keepStep) applyKeys(v reflect.Value) {
	for i := v.MapRange(); i.Next(); {
		step, kept := s.keys[i.Key().String()]
		switch {
		case !kept:
			v.SetMapIndex(i.Key(), reflect.Value{})
		case step != nil:
			elem := reflect.New(v.Type().Elem()).Elem()
			elem.Set(i.Value())
			step.apply(elem)
			v.SetMapIndex(i.Key(), elem)
		}
	}
}

// noPath is the error for the first of the names in tree, which path leads to.
func noPath(path []string, tree keepTree) *PathError {
	var names []string
	for name := range tree {
		names = append(names, name)
	}
	return &PathError{Path: strings.Join(append(slices.Clip(path), slices.Min(names)), "."), Err: errNoField}
}

// PathError reports a path that NewKeeper cannot use.
type PathError struct {
	// Type is the Go type of the objects, and Path what does not lead to anything
	// in it: the path that was given, or the beginning of it.
	Type, Path string

	// Err is the reason.
	Err error
}

// Error names type and path.
func (e *PathError) Error() string {
	return fmt.Sprintf("object: no Keeper for %q of a %s: %v", e.Path, e.Type, e.Err)
}

// Unwrap returns the reason.
func (e *PathError) Unwrap() error { return e.Err }
