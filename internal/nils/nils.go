// Package nils finds arguments that are nil behind an interface.
package nils

import "reflect"

// Is reports whether v is nil, or an interface that holds a nil pointer, function,
// map, channel or slice.
func Is(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan, reflect.Slice:
		return r.IsNil()
	default:
		return false
	}
}
