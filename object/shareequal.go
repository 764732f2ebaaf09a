package object

import (
	"bytes"
	"maps"
	"math"
)

// equal reports whether two values of a shape have the same content, as
// reflect.DeepEqual has it, but for floating-point numbers, which must be the same
// bits. Both have nothing in them that is left alone. What a and b have in one
// memory is equal without a look, and that is most of it: the parts of b were shared
// before b is compared.
func equal(sh *shape, a, b spot) bool {
	switch sh.kind {
	case kindScalar:
		return a.bits(sh.bytes) == b.bits(sh.bytes)
	case kindText:
		return *a.text() == *b.text()
	case kindStructure:
		for i := range sh.fields {
			p := &sh.fields[i]
			if !equal(p.shape, a.plus(p.offset), b.plus(p.offset)) {
				return false
			}
		}
		return true
	case kindArray:
		return equalElements(sh, a, b, sh.typ.Len())
	case kindPointer, kindList, kindRaw, kindDict, kindTextDict:
		return equalParts(sh, a, b)
	case kindObject:
		return equalObjects(*a.object(), *b.object())
	case kindSomething:
		return equalJSON(*a.any(), *b.any())
	case kindInstant:
		return *a.instant() == *b.instant()
	case kindQuantity:
		return *a.quantity() == *b.quantity()
	case kindEmpty:
		return a.isNil() && b.isNil()
	}
	return false
}

func equalParts(sh *shape, a, b spot) bool {
	beginA, _ := a.part(sh.kind)
	beginB, _ := b.part(sh.kind)
	switch {
	case beginA == nil || beginB == nil:
		return beginA == beginB
	case a.length(sh.kind) != b.length(sh.kind):
		return false
	case beginA == beginB:
		return true
	}
	switch sh.kind {
	case kindPointer:
		return equal(sh.elem.shape, a.target(), b.target())
	case kindList:
		return equalElements(sh, a.target(), b.target(), a.length(sh.kind))
	case kindRaw:
		return bytes.Equal(*a.raw(), *b.raw())
	case kindTextDict:
		return maps.Equal(*a.textDict(), *b.textDict())
	}
	return equalEntries(sh, a, b)
}

func equalElements(sh *shape, a, b spot, n int) bool {
	elem := sh.elem.shape
	for i := range n {
		at := uintptr(i) * elem.bytes
		if !equal(elem, a.plus(at), b.plus(at)) {
			return false
		}
	}
	return true
}

func equalEntries(sh *shape, a, b spot) bool {
	of, other := newEntry(sh), newEntry(sh)
	m := b.value(sh.typ)
	for i := a.value(sh.typ).MapRange(); i.Next(); {
		of.read(i)
		v := m.MapIndex(of.key)
		if !v.IsValid() {
			return false
		}
		other.elem.Set(v)
		if !equal(sh.elem.shape, of.elemSpot, other.elemSpot) {
			return false
		}
	}
	return true
}

// equalJSON is equal for what a decoder of JSON makes, and false for other things.
func equalJSON(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case int64:
		b, ok := b.(int64)
		return ok && a == b
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && equalArrays(a, b)
	}
	return false
}

func equalObjects(a, b map[string]any) bool {
	switch {
	case a == nil || b == nil:
		return a == nil && b == nil
	case objectAddress(a) == objectAddress(b):
		return true
	case len(a) != len(b):
		return false
	}
	for key, value := range a {
		if other, ok := b[key]; !ok || !equalJSON(value, other) {
			return false
		}
	}
	return true
}

func equalArrays(a, b []any) bool {
	switch {
	case a == nil || b == nil:
		return a == nil && b == nil
	case len(a) != len(b):
		return false
	case arrayAddress(a) == arrayAddress(b):
		return true
	}
	for i := range a {
		if !equalJSON(a[i], b[i]) {
			return false
		}
	}
	return true
}
