package keytable

import "reflect"

// DefaultIdle is how many keys that are not in use a table remembers if Remember
// was not called.
const DefaultIdle = 16384

// idle is the ring of the entries that are remembered. While none is dropped the
// oldest is at hand; the order does not matter for more than which goes first.
type idle struct {
	ring  []uint32
	hand  int // the next to be replaced, once the ring is full
	limit int // negative: none; 0: not set yet
}

// Remember sets how many keys that are not in use the table remembers, so that
// adding them again makes no entry. Zero means DefaultIdle, a negative number none.
// Keys that can hold pointers are never remembered. It must be called before the
// first Ensure, if at all.
func (t *Table[K, D, X]) Remember(limit int) {
	switch {
	case Pointing[K]():
		t.idle.limit = -1
	case limit == 0:
		t.idle.limit = DefaultIdle
	default:
		t.idle.limit = limit
	}
}

// Limit is how many keys that are not in use the table remembers at most.
func (t *Table[K, D, X]) Limit() int { return max(t.idle.limit, 0) }

// Release says that e is not in use any more. The key is remembered, in place of
// the one that has been for longest, or it is removed.
func (t *Table[K, D, X]) Release(e *Entry[K, D]) {
	c := &t.idle
	switch {
	case t.sparse():
		t.empty(e)
		return
	case e.kept:
		return
	case c.limit == 0: // Remember was not called
		t.Remember(0)
		t.Release(e)
		return
	case c.limit < 0:
		t.remove(e)
		return
	case len(c.ring) < c.limit:
		c.ring = append(c.ring, e.id)
	default:
		t.forget(c.ring[c.hand])
		c.ring[c.hand] = e.id
		if c.hand++; c.hand == c.limit {
			c.hand = 0
		}
	}
	e.kept = true
}

// forget takes an entry out of the ring, and removes it unless it is in use.
func (t *Table[K, D, X]) forget(id uint32) {
	e := t.At(id)
	e.kept = false
	if !e.InUse() {
		t.remove(e)
	}
}

// empty removes e instead of remembering it, and makes the ring shorter by one
// entry: those that are remembered would keep slabs that could be freed.
func (t *Table[K, D, X]) empty(e *Entry[K, D]) {
	if !e.kept {
		t.remove(e)
	}
	if last := len(t.idle.ring) - 1; last >= 0 {
		id := t.idle.ring[last]
		t.idle.ring, t.idle.hand = tight(t.idle.ring[:last]), 0
		t.forget(id)
	}
}

// Pointing reports whether a key of type K can hold a pointer other than that of a
// string. What such a key points to would stay in memory for as long as the key is
// remembered. The bytes of a string are the key itself.
func Pointing[K comparable]() bool { return points(reflect.TypeFor[K]()) }

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
