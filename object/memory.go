package object

import (
	"reflect"
	"time"
	"unsafe"

	"k8s.io/apimachinery/pkg/api/resource"
)

// This file has all that a Sharer does with unsafe: its walk reads and writes memory of
// which a shape says what lies there, and its table keeps addresses as weak pointers,
// which know no type. Reflection in the place of the former took most of the time, in a
// profile. It relies on how strings, slices, maps, pointers and interfaces begin, and on
// shape and spot never being those of two types.

// spot is where a value lies.
type spot struct{ at unsafe.Pointer }

// slice is a slice in memory.
type slice struct {
	data unsafe.Pointer
	n    int
	room int
}

func spotOf(v reflect.Value) spot { return spot{v.UnsafePointer()} }

// plus is the spot that lies so many bytes further on in the same value.
func (s spot) plus(bytes uintptr) spot { return spot{unsafe.Add(s.at, bytes)} }

// isNil reports whether a value is nil that begins with a pointer.
func (s spot) isNil() bool { return *(*unsafe.Pointer)(s.at) == nil }

func (s spot) text() *string                      { return (*string)(s.at) }
func (s spot) any() *any                          { return (*any)(s.at) }
func (s spot) instant() *time.Time                { return (*time.Time)(s.at) }
func (s spot) quantity() *resource.Quantity       { return (*resource.Quantity)(s.at) }
func (s spot) textDict() *map[string]string       { return (*map[string]string)(s.at) }
func (s spot) object() *map[string]any            { return (*map[string]any)(s.at) }
func (s spot) slice() *slice                      { return (*slice)(s.at) }
func (s spot) raw() *[]byte                       { return (*[]byte)(s.at) }
func (s spot) target() spot                       { return spot{*(*unsafe.Pointer)(s.at)} }
func (s spot) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, s.at).Elem() }

func spotOfSlice(s *slice) spot { return spot{unsafe.Pointer(s)} }

// length is the number of elements of a slice or entries of a map, and 1 of a pointer.
// All maps begin alike.
func (s spot) length(kind shapeKind) int {
	switch kind {
	case kindPointer:
		return 1
	case kindList, kindRaw:
		return s.slice().n
	}
	return len(*s.textDict())
}

// bits are those of a number or a bool.
func (s spot) bits(bytes uintptr) uint64 {
	switch bytes {
	case 1:
		return uint64(*(*uint8)(s.at))
	case 2:
		return uint64(*(*uint16)(s.at))
	case 4:
		return uint64(*(*uint32)(s.at))
	}
	return *(*uint64)(s.at)
}

// part is where the memory of the pointer, map or slice at s begins, and how many
// elements it has, 0 for a map.
func (s spot) part(kind shapeKind) (begin *byte, n int) {
	if kind == kindPointer || kind == kindList || kind == kindRaw {
		n = s.length(kind)
	}
	return *(**byte)(s.at), n
}

// setPart is the inverse of part. A slice has no room to grow then, so that who appends
// to it copies it.
func (s spot) setPart(kind shapeKind, begin *byte, n int) {
	if kind == kindList || kind == kindRaw {
		*s.slice() = slice{unsafe.Pointer(begin), n, n}
		return
	}
	*(**byte)(s.at) = begin
}

// stringAt is the string of n bytes at at, which nobody may change.
func stringAt(at *byte, n int) string { return unsafe.String(at, n) }

// moved reports whether two equal strings have different memory.
func moved(a, b string) bool { return unsafe.StringData(a) != unsafe.StringData(b) }

// address is where the memory of a pointer, map or slice begins.
func address(v reflect.Value) *byte { return (*byte)(v.UnsafePointer()) }

func objectAddress(m map[string]any) *byte     { return *(**byte)(unsafe.Pointer(&m)) }
func objectAt(at *byte) map[string]any         { return *(*map[string]any)(unsafe.Pointer(&at)) }
func arrayAddress(a []any) *byte               { return (*byte)(unsafe.Pointer(unsafe.SliceData(a))) }
func arrayAt(at *byte, n int) (elements []any) { return unsafe.Slice((*any)(unsafe.Pointer(at)), n) }
