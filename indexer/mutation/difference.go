package mutation

import (
	"fmt"
	"reflect"
)

// difference returns the path of the first field in which is differs from was,
// and how it differs. change is "" if both are equal, as reflect.DeepEqual has
// it; functions are taken for equal. within are the pointers, maps and slices of is
// that the field is in, the innermost first.
func difference(was, is reflect.Value) (path, change string, within []place) {
	d := &differ{met: make(map[comparing]struct{})}
	path, change = d.value(was, is)
	for i := range d.within {
		d.within[i].path = path[:len(path)-len(d.within[i].path)]
	}
	return path, change, d.within
}

// place is a pointer, map or slice at a path of an object.
type place struct {
	value reflect.Value
	path  string
}

type differ struct {
	// met has the pairs that were compared or are being compared, so that
	// comparing an object which refers to itself comes to an end.
	met map[comparing]struct{}

	// within has what a difference was found in. While the walk returns, its
	// paths are those from the part to the difference.
	within []place
}

// in notes that the difference which path leads to from is is in it.
func (d *differ) in(is reflect.Value, path string) { d.within = append(d.within, place{is, path}) }

type comparing struct {
	was, is uintptr
	kind    reflect.Type
}

// begun reports whether two pointers, maps or slices were met before, and notes
// that they are.
func (d *differ) begun(was, is reflect.Value) bool {
	pair := comparing{was.Pointer(), is.Pointer(), was.Type()}
	_, before := d.met[pair]
	d.met[pair] = struct{}{}
	return before
}

func (d *differ) value(was, is reflect.Value) (path, change string) {
	switch {
	case !was.IsValid() || !is.IsValid():
		if was.IsValid() == is.IsValid() {
			return "", ""
		}
		return "", "is set or unset"
	case was.Type() != is.Type():
		return "", fmt.Sprintf("changed its type from %s to %s", was.Type(), is.Type())
	}
	switch was.Kind() {
	case reflect.Pointer, reflect.Interface:
		return d.target(was, is)
	case reflect.Struct:
		for i := range was.NumField() {
			if path, change := d.value(was.Field(i), is.Field(i)); change != "" {
				return "." + was.Type().Field(i).Name + path, change
			}
		}
		return "", ""
	case reflect.Map:
		return d.entries(was, is)
	case reflect.Slice, reflect.Array:
		return d.elements(was, is)
	case reflect.Func:
		return "", ""
	}
	if was.Equal(is) {
		return "", ""
	}
	return "", fmt.Sprintf("changed from %v to %v", was, is)
}

func (d *differ) target(was, is reflect.Value) (path, change string) {
	if was.IsNil() || is.IsNil() {
		if was.IsNil() == is.IsNil() {
			return "", ""
		}
		return "", nilChange(was)
	}
	if was.Kind() == reflect.Pointer && (was.Pointer() == is.Pointer() || d.begun(was, is)) {
		return "", ""
	}
	if path, change = d.value(was.Elem(), is.Elem()); change != "" && is.Kind() == reflect.Pointer {
		d.in(is, path)
	}
	return path, change
}

func nilChange(was reflect.Value) string {
	if was.IsNil() {
		return "was nil and is set"
	}
	return "was set and is nil"
}

func (d *differ) entries(was, is reflect.Value) (path, change string) {
	if was.IsNil() != is.IsNil() {
		return "", nilChange(was)
	}
	if d.begun(was, is) {
		return "", ""
	}
	if path, change = d.entry(was, is); change != "" {
		d.in(is, path)
	}
	return path, change
}

// entry returns the first entry of two maps that differs.
func (d *differ) entry(was, is reflect.Value) (path, change string) {
	for _, key := range was.MapKeys() {
		at := fmt.Sprintf("[%v]", key)
		now := is.MapIndex(key)
		if !now.IsValid() {
			return at, "was removed"
		}
		if path, change := d.value(was.MapIndex(key), now); change != "" {
			return at + path, change
		}
	}
	for _, key := range is.MapKeys() {
		if !was.MapIndex(key).IsValid() {
			return fmt.Sprintf("[%v]", key), "was added"
		}
	}
	return "", ""
}

func (d *differ) elements(was, is reflect.Value) (path, change string) {
	if was.Kind() == reflect.Slice && was.IsNil() != is.IsNil() {
		return "", nilChange(was)
	}
	if was.Len() != is.Len() {
		return "", fmt.Sprintf("changed its length from %d to %d", was.Len(), is.Len())
	}
	if was.Kind() == reflect.Slice && was.Len() > 0 && d.begun(was, is) {
		return "", ""
	}
	for i := range was.Len() {
		if path, change = d.value(was.Index(i), is.Index(i)); change != "" {
			path = fmt.Sprintf("[%d]%s", i, path)
			if is.Kind() == reflect.Slice {
				d.in(is, path)
			}
			return path, change
		}
	}
	return "", ""
}
