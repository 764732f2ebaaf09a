package workqueue

import "reflect"

// cache is a ring of the entries that have the flag cached: they are idle, or
// were when they were put there. It holds at most limit entries. A negative limit
// means none; 0 means that the limit is not set yet, see limitFor.
type cache struct {
	ring  []uint32
	hand  int // the next to be replaced
	limit int
}

// limitFor returns the limit of the cache of a queue with that
// Options.IdleEntries.
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

// retire caches e, which is not used any more, or removes it from the table. In a
// full cache it replaces the entry that was cached first.
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

// uncache takes an entry out of the cache, and removes it unless it is used.
func (t *table[T]) uncache(id uint32) {
	e := t.at(id)
	e.mark(cached, false)
	if !e.used() {
		t.forget(e)
	}
}

// empty removes e from the table instead of caching it, and takes one entry out
// of the cache: cached entries would keep slabs that could be freed.
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
// that of a string. Such an item is not remembered for later use: what it points
// to would stay in memory as long. The bytes of a string are the key itself.
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
