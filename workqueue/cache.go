package workqueue

import "reflect"

// cache is a ring of entries that are or were idle, with the flag cached. It
// holds at most limit, of which a negative one is none, and 0 is one that was
// not decided yet, see limitFor.
type cache struct {
	ring  []uint32
	hand  int // the next to be replaced
	limit int
}

// limitFor is the limit of a cache for which idle entries were asked for, as
// in Options.IdleEntries.
func limitFor[T comparable](idle int) int {
	switch {
	case pointing[T]():
		return -1
	case idle == 0:
		return DefaultIdleEntries
	default:
		return idle
	}
}

// retire takes note that e is not used any more. The entry is kept in place
// of the one that has been kept longest.
func (t *table[T]) retire(e entry[T]) {
	c := &t.cache
	if c.limit == 0 { // a zero Queue
		c.limit = limitFor[T](0)
	}
	switch {
	case t.sparse():
		t.empty(e)
		return
	case e.is(cached):
		return
	case c.limit < 0:
		t.forget(e)
		return
	case len(c.ring) < c.limit:
		c.ring = append(c.ring, e.id)
	default:
		t.uncache(c.ring[c.hand])
		c.ring[c.hand] = e.id
		if c.hand++; c.hand == c.limit {
			c.hand = 0
		}
	}
	e.mark(cached, true)
}

func (t *table[T]) uncache(id uint32) {
	e := t.at(id)
	e.mark(cached, false)
	if !e.used() {
		t.forget(e)
	}
}

// empty keeps e out of the cache, and takes another one out of it: entries
// that are cached would keep slabs that could be given back.
func (t *table[T]) empty(e entry[T]) {
	if !e.is(cached) {
		t.forget(e)
	}
	if last := len(t.cache.ring) - 1; last >= 0 {
		id := t.cache.ring[last]
		t.cache.ring, t.cache.hand = tight(t.cache.ring[:last]), 0
		t.uncache(id)
	}
}

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
