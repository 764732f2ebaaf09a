// Package word stores objects so that a reader without a lock sees the one before
// or the new one. It is the one place with unsafe: Go's atomic package has no
// operation for a T that is a pointer or an interface.
//
// What it buys: an update of a store replaces one object of a chunk in place,
// where it would have to make a state, and copy the chunk.
package word

import (
	"reflect"
	"sync/atomic"
	"unsafe"
)

// Kind says how a T can be stored at once.
type Kind uint8

// The kinds. With None a T is read and written as any variable, and Swaps is
// never true.
const (
	None Kind = iota
	// Pointer is a T that is one pointer: pointers, maps, channels, functions.
	Pointer
	// Interface is two words, the type and a pointer to the value.
	Interface
)

// KindOf returns the Kind of T.
func KindOf[T any]() Kind {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return Pointer
	case reflect.Interface:
		return Interface
	}
	return None
}

// pair is an interface in memory. Both words are pointers for the garbage
// collector; the first one is the type, or the table of methods.
type pair [2]unsafe.Pointer

// pointer and words are the one conversion each that the rest is made of. They
// hold since a T of Kind Pointer is laid out as an unsafe.Pointer, and one of
// Kind Interface as a pair, with the same alignment.
func pointer[T any](at *T) *unsafe.Pointer { return (*unsafe.Pointer)(unsafe.Pointer(at)) }
func words[T any](at *T) *pair             { return (*pair)(unsafe.Pointer(at)) }

// Load reads what Swap may store meanwhile. Of an interface the first word does
// not change by a Swap, so that an ordinary load of it races with nothing.
func Load[T any](k Kind, from *T) (obj T) {
	switch k {
	case Pointer:
		*pointer(&obj) = atomic.LoadPointer(pointer(from))
	case Interface:
		*words(&obj) = pair{words(from)[0], atomic.LoadPointer(&words(from)[1])}
	default:
		obj = *from
	}
	return obj
}

// LoadAll is Load for all objects of from, which to must have room for.
func LoadAll[T any](k Kind, to, from []T) {
	to = to[:len(from)]
	switch k {
	case Pointer:
		for i := range from {
			*pointer(&to[i]) = atomic.LoadPointer(pointer(&from[i]))
		}
	case Interface:
		for i := range from {
			*words(&to[i]) = pair{words(&from[i])[0], atomic.LoadPointer(&words(&from[i])[1])}
		}
	default:
		copy(to, from)
	}
}

// Swaps reports whether Swap can store obj where at points to: always for a
// pointer, for an interface if the object there has the same type.
func Swaps[T any](k Kind, at, obj *T) bool {
	switch k {
	case Pointer:
		return true
	case Interface:
		return words(at)[0] == words(obj)[0] && words(at)[0] != nil
	}
	return false
}

// Same reports whether two objects are the same one: equal pointers, or interfaces
// of one type that point to the same value. Of Kind None it knows none.
func Same[T any](k Kind, a, b *T) bool {
	switch k {
	case Pointer:
		return *pointer(a) == *pointer(b)
	case Interface:
		return *words(a) == *words(b)
	}
	return false
}

// Swap stores obj by one store; Swaps has said that it can. One goroutine at a
// time calls it for a place.
func Swap[T any](k Kind, at, obj *T) {
	if k == Pointer {
		atomic.StorePointer(pointer(at), *pointer(obj))
		return
	}
	atomic.StorePointer(&words(at)[1], words(obj)[1])
}
