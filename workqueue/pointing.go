package workqueue

import "reflect"

// pointing reports whether an item of type T can hold a pointer other than
// that of a string. What such an item points to would stay in memory as long
// as the item is remembered, so that nothing remembers it for later use. The
// bytes of a string are the key itself.
func pointing[T comparable]() bool { return points(reflect.TypeFor[T]()) }

func points(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Chan, reflect.Interface:
		return true
	case reflect.Array:
		return t.Len() > 0 && points(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if points(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
